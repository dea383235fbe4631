"""Starlette: scopes, a transaction and a session per request, and the errors that no handler of the application took."""

from __future__ import annotations

from types import MethodType

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported
from .asgi import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class StarletteIntegration(Integration):
    """Names requests by the path of their route, or with `transaction_style="endpoint"` by their function."""

    identifier = "starlette"

    def __init__(self, transaction_style: str = "url") -> None:
        if transaction_style not in ("url", "endpoint"):
            raise ValueError(f'transaction_style {transaction_style!r} is neither "url" nor "endpoint"')
        self.transaction_style = transaction_style

    @staticmethod
    def set_up_once() -> None:
        """Stands around the application."""
        when_imported("starlette.applications", lambda module: wrap(module.Starlette, "__call__", _make))

    def switched(self, on: bool) -> None:
        """Tells the native half."""
        _FRAMEWORK.switch(on)


def _make(original: Any) -> Any:
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> None:
        await answer(_FRAMEWORK, MethodType(original, self), scope, receive, send)

    return __call__


def _route(scope: Any) -> str | None:
    settings: Any = active.get("fastapi") or active.get("starlette")
    if settings is not None and settings.transaction_style == "endpoint":
        endpoint = scope.get("endpoint")
        return f"{endpoint.__module__}.{endpoint.__qualname__}" if hasattr(endpoint, "__qualname__") else None
    path = getattr(scope.get("route"), "path", None)
    if path is None:
        return None
    # Where an application is mounted in another, the root has grown by the path of the mount.
    root, outer = scope.get("root_path", ""), scope.get("app_root_path", "")
    if not outer:
        outer = "" if "app_root_path" in scope else root
    mount = root[len(outer) :] if root.startswith(outer) else ""
    return f"{mount}{path}"


def _more(scope: Any, body_limit: int, wants_user: bool) -> dict[str, Any] | None:
    user = scope.get("user") if wants_user else None
    if user is None or not getattr(user, "is_authenticated", False):
        return None
    found = {name: getattr(user, name, None) for name in ("id", "email", "username")}
    if not found["username"]:
        found["username"] = getattr(user, "display_name", None)
    return {"user": {key: str(value) for key, value in found.items() if value}}


_FRAMEWORK = _watchpost.Framework("auto.http.starlette", _route, _more)
