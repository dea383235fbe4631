"""Flask: one isolation scope per request, and the errors that no handler of the application took.

Set up by `watchpost.init` if Flask has been imported by then; else call `set_up` once. Events say which request they
belong to, as far as the options `send_default_pii` and `data_collection` let it be collected.
"""

from __future__ import annotations

import flask

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEY = "watchpost.scope"
_is_set_up = False


def set_up() -> None:
    """Listens to Flask's own signals."""
    global _is_set_up
    if _is_set_up:
        return
    _is_set_up = True
    flask.request_started.connect(_start)
    flask.got_request_exception.connect(_capture)
    flask.request_tearing_down.connect(_end)


def _start(sender: Any, **_: Any) -> None:
    block = _watchpost.isolation_scope()
    scope = block.__enter__()
    environ = flask.request.environ
    environ[_KEY] = block
    _watchpost.set_wsgi_request(scope, environ)
    if flask.request.url_rule is not None:
        scope.set_transaction_name(flask.request.url_rule.rule)


def _capture(sender: Any, exception: BaseException, **_: Any) -> None:
    _watchpost.capture_exception_from(exception, "auto.http.flask", False)


def _end(sender: Any, **_: Any) -> None:
    block = flask.request.environ.pop(_KEY, None)
    if block is not None:
        block.__exit__(None, None, None)
