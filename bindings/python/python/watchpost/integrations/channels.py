"""Django Channels: scopes, a transaction and a session per connection, and the errors that end consumers.

What a consumer reports says which request or WebSocket it belongs to and, with `send_default_pii`, who is logged in.
"""

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


class ChannelsIntegration(Integration):
    """Names connections by their path, with the names of the route's arguments in the place of their values."""

    identifier = "channels"

    @staticmethod
    def set_up_once() -> None:
        """Stands around every consumer."""
        when_imported("channels.consumer", lambda module: wrap(module.AsyncConsumer, "__call__", _call))

    def switched(self, on: bool) -> None:
        """Tells the native half."""
        _FRAMEWORK.switch(on)


def _call(original: Any) -> Any:
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        app = MethodType(original, self)
        if scope.get("type") in ("http", "websocket"):
            return await answer(_FRAMEWORK, app, scope, receive, send)
        return await _work(app, scope, receive, send)

    return __call__


async def _work(app: Any, scope: Any, receive: Any, send: Any) -> Any:
    """A consumer of a channel: it has no connection, and takes messages for as long as its worker lives."""
    if "channels" not in active:
        return await app(scope, receive, send)
    with _watchpost.isolation_scope() as isolation:
        if scope.get("channel"):
            isolation.set_tag("channel", scope["channel"])
        try:
            return await app(scope, receive, send)
        except Exception as error:
            _watchpost.capture_exception_from(error, "auto.channels", False)
            raise


def _route(scope: Any) -> str | None:
    """What the router has found: `/rooms/<room>/`."""
    route = scope.get("url_route")
    if route is None:
        return None
    named = {str(value): name for name, value in route.get("kwargs", {}).items()}
    unnamed = {str(value) for value in route.get("args", ())}
    parts = [
        f"<{named[part]}>" if part in named else "<>" if part in unnamed else part
        for part in str(scope.get("path", "")).split("/")
    ]
    return "/".join(parts)


def _more(scope: Any, body_limit: int, wants_user: bool) -> dict[str, Any] | None:
    user = scope.get("user") if wants_user else None
    try:
        if user is None or not user.is_authenticated:
            return None
        found = {"id": user.pk, "email": getattr(user, "email", None), "username": user.get_username()}
    except Exception:
        # One that has not been asked for yet is in the database, which may not be asked from a coroutine.
        return None
    return {"user": {key: str(value) for key, value in found.items() if value}}


_FRAMEWORK = _watchpost.Framework("auto.http.channels", _route, _more)
