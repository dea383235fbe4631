"""Any WSGI application: one isolation scope per request, and the errors that leave the application."""

from __future__ import annotations

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Callable


class WatchpostWsgiMiddleware:
    """Wraps an application: `app = WatchpostWsgiMiddleware(app)`.

    Events say which request they belong to, as far as the options `send_default_pii` and `data_collection` let it be
    collected. What the application raises while its body is being read is not seen.
    """

    def __init__(self, app: Callable[[dict[str, Any], Any], Iterable[bytes]]) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        """Handles one request."""
        with _watchpost.isolation_scope() as scope:
            _watchpost.set_wsgi_request(scope, environ)
            try:
                return self.app(environ, start_response)
            except Exception as error:
                _watchpost.capture_exception_from(error, "auto.http.wsgi", False)
                raise
