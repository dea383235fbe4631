"""Any ASGI application: scopes, a transaction and a session per request, and the errors that leave the application."""

from __future__ import annotations

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_FRAMEWORK = _watchpost.Framework("auto.http.asgi")


class WatchpostAsgiMiddleware:
    """Wraps an application of ASGI 3: `app = WatchpostAsgiMiddleware(app)`.

    Events say which request they belong to, as far as the options `send_default_pii` and `data_collection` let it be
    collected.
    """

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Handles one request or connection."""
        await answer(_FRAMEWORK, self.app, scope, receive, send)


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
