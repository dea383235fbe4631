"""Any ASGI application: scopes, a transaction and a session per request, and the errors that leave the application."""

from __future__ import annotations

from .. import _watchpost
from ._http import methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_FRAMEWORK = _watchpost.Framework("auto.http.asgi")


class WatchpostAsgiMiddleware:
    """Wraps an application of ASGI 3: `app = WatchpostAsgiMiddleware(app)`.

    Events say which request they belong to, as far as the options `send_default_pii` and `data_collection` let it be
    collected. Requests of the `http_methods_to_capture` are transactions, by default all but HEAD and OPTIONS.
    """

    def __init__(
        self, app: Any, *, http_methods_to_capture: Iterable[str] | None = None
    ) -> None:
        self.app = app
        self._framework = _FRAMEWORK
        if http_methods_to_capture is not None:
            self._framework = _watchpost.Framework("auto.http.asgi")
            self._framework.switch(True, methods(http_methods_to_capture))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handles one request or connection."""
        await answer(self._framework, self.app, scope, receive, send)


#: The name in `sentry-sdk`.
SentryAsgiMiddleware = WatchpostAsgiMiddleware


async def answer(
    framework: _watchpost.Framework, app: Any, scope: Any, receive: Any, send: Any, copies: bool = True
) -> Any:
    """Lets `app` answer, in scopes of its own. `copies` says that the framework does not keep the body of a request."""
    exchange = _watchpost.begin_asgi(framework, scope)
    if exchange is None:
        return await app(scope, receive, send)
    try:
        body = exchange.reads() if copies else None
        if body is not None:
            receive = _copied(receive, body)
        return await app(scope, receive, exchange.sends(send))
    except BaseException as error:
        exchange.failed(error)
        raise
    finally:
        exchange.finish()


def _copied(receive: Any, body: _watchpost.AsgiBody) -> Any:
    async def copied() -> Any:
        message = await receive()
        body.note(message)
        return message

    return copied
