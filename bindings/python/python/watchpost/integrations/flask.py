"""Flask: scopes, a transaction and a session per request, and the errors that no handler of the application took.

Events say which request they belong to, as far as the options `send_default_pii` and `data_collection` let it be
collected. Nothing is read from a request before an event needs it.
"""

from __future__ import annotations

import sys
from urllib.parse import urlencode

from .. import _watchpost
from . import Integration, active
from ._http import DEFAULT_HTTP_METHODS_TO_CAPTURE, methods
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


class FlaskIntegration(Integration):
    """Names requests by the rule of their route, or with `transaction_style="endpoint"` by their endpoint. Requests of the
    `http_methods_to_capture` are transactions."""

    identifier = "flask"

    def __init__(
        self,
        transaction_style: str = "url",
        http_methods_to_capture: Iterable[str] = DEFAULT_HTTP_METHODS_TO_CAPTURE,
    ) -> None:
        if transaction_style not in ("url", "endpoint"):
            raise ValueError(f'transaction_style {transaction_style!r} is neither "url" nor "endpoint"')
        self.transaction_style = transaction_style
        self.http_methods_to_capture = methods(http_methods_to_capture)

    @staticmethod
    def set_up_once() -> None:
        """Stands around the application, and listens to Flask's signal of errors."""
        when_imported("flask.app", lambda module: wrap(module.Flask, "__call__", _call))
        when_imported("flask.signals", lambda module: module.got_request_exception.connect(_failed))

    def switched(self, on: bool) -> None:
        """Tells the native half."""
        _FRAMEWORK.switch(on, self.http_methods_to_capture)


def _call(original: Any) -> Any:
    serve = _watchpost.serve_wsgi

    def __call__(self: Any, environ: Any, start_response: Any) -> Any:
        return serve(_FRAMEWORK, original, environ, start_response, self)

    return __call__


def _failed(sender: Any, exception: BaseException, **_: Any) -> None:
    _watchpost.request_failed(_FRAMEWORK, exception)


def _route(request: Any) -> str | None:
    rule = getattr(request, "url_rule", None)
    if rule is None:
        return None
    settings: Any = active.get("flask")
    by_endpoint = settings is not None and settings.transaction_style == "endpoint"
    name: str = rule.endpoint if by_endpoint else rule.rule
    return name


def _more(request: Any, body_limit: int, wants_user: bool) -> dict[str, Any] | None:
    if isinstance(request, dict):
        return None
    more: dict[str, Any] = {"content_type": request.content_type or ""}
    if 0 < (request.content_length or 0) <= body_limit:
        if "form" in vars(request):
            more["body"] = urlencode(list(request.form.items(multi=True))).encode()
            more["content_type"] = "application/x-www-form-urlencoded"
        elif request.mimetype != "multipart/form-data":
            more["body"] = request.get_data(cache=True)
    if wants_user:
        user = _user()
        if user:
            more["user"] = user
    return more


def _user() -> dict[str, Any] | None:
    """The user of flask-login, if the application has that."""
    login = sys.modules.get("flask_login")
    if login is None:
        return None
    user = login.current_user
    if not user or not user.is_authenticated:
        return None
    found = {"id": user.get_id(), "email": getattr(user, "email", None), "username": getattr(user, "username", None)}
    return {key: str(value) for key, value in found.items() if value is not None}


_FRAMEWORK = _watchpost.Framework("auto.http.flask", _route, _more, "werkzeug.request")
