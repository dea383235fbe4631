"""Any WSGI application: scopes, a transaction and a session per request, and the errors that leave the application."""

from __future__ import annotations

from .. import _watchpost
from ._http import methods

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable

_FRAMEWORK = _watchpost.Framework("auto.http.wsgi")


class WatchpostWsgiMiddleware:
    """Wraps an application: `app = WatchpostWsgiMiddleware(app)`.

    Events say which request they belong to, as far as the options `send_default_pii` and `data_collection` let it be
    collected. Requests of the `http_methods_to_capture` are transactions, by default all but HEAD and OPTIONS.
    """

    def __init__(
        self, app: Callable[[dict[str, Any], Any], Iterable[bytes]], *, http_methods_to_capture: Iterable[str] | None = None
    ) -> None:
        self.app = app
        self._framework = _FRAMEWORK
        if http_methods_to_capture is not None:
            self._framework = _watchpost.Framework("auto.http.wsgi")
            self._framework.switch(True, methods(http_methods_to_capture))

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handles one request."""
        body: Iterable[bytes] = _watchpost.serve_wsgi(self._framework, self.app, environ, start_response)
        return body


#: The name in `sentry-sdk`.
SentryWsgiMiddleware = WatchpostWsgiMiddleware
