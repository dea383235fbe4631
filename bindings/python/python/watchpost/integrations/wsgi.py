"""Any WSGI application: scopes, a transaction and a session per request, and the errors that leave the application."""

from __future__ import annotations

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable

_FRAMEWORK = _watchpost.Framework("auto.http.wsgi")


class WatchpostWsgiMiddleware:
    """Wraps an application: `app = WatchpostWsgiMiddleware(app)`.

    Events say which request they belong to, as far as the options `send_default_pii` and `data_collection` let it be
    collected.
    """

    def __init__(self, app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handles one request."""
        body: Iterable[bytes] = _watchpost.serve_wsgi(_FRAMEWORK, self.app, environ, start_response)
        return body
