"""Django: scopes, a transaction and a session per request, unhandled errors, database queries, spans and templates.

Events say which request they belong to and, with `send_default_pii`, who is logged in. Nothing is read from a request
before an event needs it.
"""

from __future__ import annotations

import re
import sys
from types import MethodType
from urllib.parse import urlencode

from .. import _watchpost
from . import Integration, _django_cache, _django_spans, active
from ._http import DEFAULT_HTTP_METHODS_TO_CAPTURE, SERVER_ERRORS, methods, statuses
from ._patch import without_effect, wrap
from ._watch import when_imported
from .asgi import answer
from .logging import ignore_logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ._http import _StatusCodes


class DjangoIntegration(Integration):
    """Names requests by their URL pattern, or with `transaction_style="function_name"` by their view.

    `middleware_spans`, `signals_spans` and `cache_spans` say whether traces have spans of each middleware, of each receiver
    of a signal, the `signals_denylist` excepted, and of what is asked of a cache. An exception that Django answers with one
    of the `failed_request_status_codes` is an error. Requests of the `http_methods_to_capture` are transactions.
    """

    identifier = "django"

    def __init__(
        self,
        transaction_style: str = "url",
        middleware_spans: bool = True,
        signals_spans: bool = True,
        cache_spans: bool = True,
        db_transaction_spans: bool = False,
        signals_denylist: Iterable[Any] | None = None,
        http_methods_to_capture: Iterable[str] = DEFAULT_HTTP_METHODS_TO_CAPTURE,
        *,
        failed_request_status_codes: _StatusCodes = SERVER_ERRORS,
    ) -> None:
        if transaction_style not in ("url", "function_name"):
            raise ValueError(f'transaction_style {transaction_style!r} is neither "url" nor "function_name"')
        self.transaction_style = transaction_style
        self.middleware_spans = middleware_spans
        self.signals_spans = signals_spans
        self.cache_spans = cache_spans
        # By identity: a signal need not have a hash.
        self.signals_denylist = list(signals_denylist or ())
        self.http_methods_to_capture = methods(http_methods_to_capture)
        self.failed_request_status_codes = statuses(failed_request_status_codes)
        if db_transaction_spans:
            without_effect("DjangoIntegration(db_transaction_spans=True)")

    @staticmethod
    def set_up_once() -> None:
        """Stands around both handlers, and uses Django's own hooks for errors and for queries."""
        for logger in ("django.request", "django.server"):
            # They tell of failed requests a second time.
            ignore_logger(logger)
        when_imported("django.core.handlers.base", _patch_base)
        when_imported("django.core.handlers.wsgi", lambda module: wrap(module.WSGIHandler, "__call__", _wsgi))
        when_imported("django.core.handlers.asgi", lambda module: wrap(module.ASGIHandler, "__call__", _asgi))
        when_imported("django.core.handlers.exception", lambda module: wrap(module, "response_for_exception", _answer))
        when_imported("django.core.signals", lambda module: module.got_request_exception.connect(_failed))
        when_imported("django.db.backends.signals", lambda module: module.connection_created.connect(_connected))
        when_imported("django.db", _connected_before)
        _django_spans.set_up()
        _django_cache.set_up()
        _watchpost.read_templates("django.template.base", ["render_annotated", "compile_nodelist"], _template)

    def switched(self, on: bool) -> None:
        """Tells the native half."""
        _FRAMEWORK.switch(on, self.http_methods_to_capture)


def _patch_base(module: Any) -> None:
    wrap(module.BaseHandler, "get_response", _get_response)
    wrap(module.BaseHandler, "get_response_async", _get_response_async)


def _wsgi(original: Any) -> Any:
    serve = _watchpost.serve_wsgi

    def __call__(self: Any, environ: Any, start_response: Any) -> Any:
        return serve(_FRAMEWORK, original, environ, start_response, self)

    return __call__


def _asgi(original: Any) -> Any:
    async def __call__(self: Any, scope: Any, receive: Any, send: Any) -> Any:
        return await answer(_FRAMEWORK, MethodType(original, self), scope, receive, send, copies=False)

    return __call__


def _get_response(original: Any) -> Any:
    def get_response(self: Any, request: Any) -> Any:
        _watchpost.note_request(request)
        return original(self, request)

    return get_response


def _get_response_async(original: Any) -> Any:
    async def get_response_async(self: Any, request: Any) -> Any:
        _watchpost.note_request(request)
        return await original(self, request)

    return get_response_async


def _failed(sender: Any = None, request: Any = None, **_: Any) -> None:
    error = sys.exc_info()[1]
    if error is not None:
        _watchpost.request_failed(_FRAMEWORK, error)


def _answer(original: Any) -> Any:
    def response_for_exception(request: Any, exc: Exception) -> Any:
        response = original(request, exc)
        settings: Any = active.get("django")
        # What Django has given up on is known already.
        if settings is not None and response.status_code in settings.failed_request_status_codes:
            _watchpost.request_failed(_FRAMEWORK, exc, handled=True)
        return response

    return response_for_exception


def _route(request: Any) -> str | None:
    match = getattr(request, "resolver_match", None)
    if match is None:
        return None
    settings: Any = active.get("django")
    if settings is not None and settings.transaction_style == "function_name":
        view: str = match._func_path
        return view
    return readable(match.route or "")


def readable(route: str) -> str:
    """`^orders/(?P<number>[0-9]+)/$` is `/orders/<number>/`."""
    if "(" in route or "\\" in route or route.startswith("^"):
        route = re.sub(r"\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)", r"<\1>", route)
        route = re.sub(r"\((?!\?)[^()]*\)", "<>", route)
        route = re.sub(r"[\^$]|\\[AZ]|\(\?:|\)\??", "", route).replace("\\", "")
    return route if route.startswith("/") else f"/{route}"


def _more(request: Any, body_limit: int, wants_user: bool) -> dict[str, Any] | None:
    if isinstance(request, dict):
        return None
    more: dict[str, Any] = {}
    if body_limit:
        _add_body(more, request, body_limit)
    if wants_user and hasattr(request, "user"):
        more["user"] = _user(request)
    return more


def _add_body(more: dict[str, Any], request: Any, limit: int) -> None:
    length = request.META.get("CONTENT_LENGTH") or 0
    if not 0 < int(length) <= limit:
        return
    more["content_type"] = request.content_type
    if "_post" in vars(request) and request.POST:
        more["body"] = urlencode(list(request.POST.lists()), doseq=True).encode()
        more["content_type"] = "application/x-www-form-urlencoded"
    elif "_body" in vars(request) or not getattr(request, "_read_started", True):
        more["body"] = request.body


def _user(request: Any) -> dict[str, Any]:
    try:
        user = request.user
        if not user.is_authenticated:
            return {}
        found = {"id": user.pk, "email": getattr(user, "email", None), "username": user.get_username()}
    except Exception:
        # Asking may need a database: one that is down, or may not be asked from a coroutine.
        return {}
    return {key: str(value) for key, value in found.items() if value}


def _connected_before(module: Any) -> None:
    # Of this thread, and only once Django has read its settings: we may be a part of them.
    if "settings" in vars(module.connections):
        for connection in module.connections.all(initialized_only=True):
            _connected(connection)


def _connected(connection: Any, **_: Any) -> None:
    if _execute not in connection.execute_wrappers:
        connection.execute_wrappers.append(_execute)


def _execute(execute: Any, sql: Any, params: Any, many: bool, context: dict[str, Any]) -> Any:
    if "django" not in active:
        return execute(sql, params, many, context)
    connection = context["connection"]
    child = _watchpost.begin_child("db", sql, "auto.db.django", {"db.system": connection.vendor})
    failed = True
    try:
        answer = execute(sql, params, many, context)
        failed = False
        return answer
    finally:
        _watchpost.add_breadcrumb(message=str(sql), category="query")
        if child is not None:
            child.finish(failed)


def _template(frame: Any, error: BaseException) -> tuple[str, str, int, str] | None:
    """Which template a frame of Django's engine was working on: its name, where it is, the line, and its text."""
    owner = frame.f_locals.get("self")
    origin = getattr(owner, "origin", None)
    # One that cannot be read has an error that knows where; one that is rendered consists of nodes that do.
    at = error if frame.f_code.co_name == "compile_nodelist" else owner
    line = getattr(getattr(at, "token", None), "lineno", None)
    if origin is None or line is None:
        return None
    return str(origin.template_name or origin.name), str(origin.name), line, _text(frame, origin)


def _text(frame: Any, origin: Any) -> str:
    if origin.loader is not None:
        return str(origin.loader.get_contents(origin))
    # Made of a string: it is at work somewhere above.
    module = frame.f_globals
    while frame is not None:
        owner = frame.f_locals.get("self") if frame.f_globals is module else None
        if getattr(owner, "origin", None) is origin and hasattr(owner, "source"):
            return str(getattr(owner, "source"))
        frame = frame.f_back
    return ""


_FRAMEWORK = _watchpost.Framework("auto.http.django", _route, _more)
