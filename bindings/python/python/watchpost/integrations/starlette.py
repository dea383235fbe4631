"""Starlette: scopes, a transaction and a session per request, and the errors that no handler of the application took."""

from __future__ import annotations

from types import MethodType

from .. import _watchpost
from . import Integration, active
from ._http import DEFAULT_HTTP_METHODS_TO_CAPTURE, SERVER_ERRORS, methods, statuses
from ._patch import without_effect, wrap
from ._watch import when_imported
from .asgi import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ._http import _StatusCodes


class StarletteIntegration(Integration):
    """Names requests by the path of their route, or with `transaction_style="endpoint"` by their function.

    An `HTTPException` is an error if its status is among `failed_request_status_codes`. Requests of the
    `http_methods_to_capture` are transactions.
    """

    identifier = "starlette"

    def __init__(
        self,
        transaction_style: str = "url",
        failed_request_status_codes: _StatusCodes = SERVER_ERRORS,
        middleware_spans: bool = False,
        http_methods_to_capture: Iterable[str] = DEFAULT_HTTP_METHODS_TO_CAPTURE,
    ) -> None:
        if transaction_style not in ("url", "endpoint"):
            raise ValueError(f'transaction_style {transaction_style!r} is neither "url" nor "endpoint"')
        self.transaction_style = transaction_style
        self.failed_request_status_codes = statuses(failed_request_status_codes)
        self.http_methods_to_capture = methods(http_methods_to_capture)
        if middleware_spans:
            without_effect(f"{type(self).__name__}(middleware_spans=True)")

    @staticmethod
    def set_up_once() -> None:
        """Stands around the application, and beside the search for a handler of an exception."""
        when_imported("starlette.applications", lambda module: wrap(module.Starlette, "__call__", _make))
        when_imported("starlette._exception_handler", lambda module: wrap(module, "_lookup_exception_handler", _lookup))

    def switched(self, on: bool) -> None:
        """Tells the native half: it is on for as long as this or FastAPI's is."""
        settings = _settings()
        _FRAMEWORK.switch(settings is not None, (settings or self).http_methods_to_capture)


def _make(original: Any) -> Any:
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> None:
        await answer(_FRAMEWORK, MethodType(original, self), scope, receive, send)

    return __call__


def _lookup(original: Any) -> Any:
    def _lookup_exception_handler(exc_handlers: Any, exc: Exception) -> Any:
        handler = original(exc_handlers, exc)
        settings = _settings()
        # Without a handler it leaves the application, which is seen there.
        if handler is not None and settings is not None:
            if getattr(exc, "status_code", None) in settings.failed_request_status_codes:
                _watchpost.request_failed(_FRAMEWORK, exc, handled=True)
        return handler

    return _lookup_exception_handler


def _settings() -> Any:
    return active.get("fastapi") or active.get("starlette")


def _route(scope: Any) -> str | None:
    settings = _settings()
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
