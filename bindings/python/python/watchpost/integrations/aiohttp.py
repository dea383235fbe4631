"""aiohttp: its servers, and the requests of its clients."""

from __future__ import annotations

from importlib import import_module

from .. import _watchpost
from . import Integration, active
from ._http import DEFAULT_HTTP_METHODS_TO_CAPTURE, SERVER_ERRORS, methods, statuses
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ._http import _StatusCodes


class AioHttpIntegration(Integration):
    """Scopes, a transaction and a session per request that is answered; a span and a breadcrumb per request made.

    Requests are named by the path of their route, or with `transaction_style="handler_name"` by their handler. An
    `HTTPException` is an error if its status is among `failed_request_status_codes`. Requests of the
    `http_methods_to_capture` are transactions.
    """

    identifier = "aiohttp"

    def __init__(
        self,
        transaction_style: str = "method_and_path_pattern",
        *,
        failed_request_status_codes: _StatusCodes = SERVER_ERRORS,
        http_methods_to_capture: Iterable[str] = DEFAULT_HTTP_METHODS_TO_CAPTURE,
    ) -> None:
        if transaction_style not in ("handler_name", "method_and_path_pattern"):
            known = '"handler_name" nor "method_and_path_pattern"'
            raise ValueError(f"transaction_style {transaction_style!r} is neither {known}")
        self.transaction_style = transaction_style
        self.failed_request_status_codes = statuses(failed_request_status_codes)
        self.http_methods_to_capture = methods(http_methods_to_capture)

    @staticmethod
    def set_up_once() -> None:
        """Stands around an application's handler, and adds a trace configuration to each client."""
        when_imported("aiohttp.web_app", lambda module: wrap(module.Application, "_handle", _handle))
        when_imported("aiohttp.client", _patch_client)

    def switched(self, on: bool) -> None:
        """Tells the native half."""
        _FRAMEWORK.switch(on, self.http_methods_to_capture)


def _handle(original: Any) -> Any:
    async def _handle(self: Any, request: Any) -> Any:
        scope = {
            "type": "http",
            "method": request.method,
            "scheme": request.scheme,
            "path": request.path,
            "query_string": request.query_string.encode(),
            "headers": request.raw_headers,
            "client": (request.remote, 0),
        }
        exchange = _watchpost.begin_asgi(_FRAMEWORK, scope)
        if exchange is None:
            return await original(self, request)
        _watchpost.note_request(request)
        try:
            response = await original(self, request)
            exchange.answers(response.status)
            return response
        except BaseException as error:
            # An HTTPException is an answer.
            status = getattr(error, "status", None)
            if isinstance(status, int) and hasattr(error, "reason"):
                exchange.answers(status)
                settings: Any = active.get("aiohttp")
                if settings is not None and status in settings.failed_request_status_codes:
                    _watchpost.request_failed(_FRAMEWORK, error, handled=True)
            else:
                exchange.failed(error)
            raise
        finally:
            exchange.finish()

    return _handle


def _route(request: Any) -> str | None:
    settings: Any = active.get("aiohttp")
    if settings is not None and settings.transaction_style == "handler_name":
        handler: Any = getattr(getattr(request, "match_info", None), "handler", None)
        return f"{handler.__module__}.{handler.__qualname__}" if hasattr(handler, "__qualname__") else None
    resource = getattr(getattr(request, "match_info", None), "route", None)
    resource = getattr(resource, "resource", None)
    path: str | None = getattr(resource, "canonical", None)
    return path


def _more(request: Any, body_limit: int, wants_user: bool) -> dict[str, Any] | None:
    # What the application has read is kept by its request.
    body = getattr(request, "_read_bytes", None)
    if not body or len(body) > body_limit or getattr(request, "content_type", "") == "multipart/form-data":
        return None
    return {"body": bytes(body)}


_FRAMEWORK = _watchpost.Framework("auto.http.aiohttp", _route, _more)


def _patch_client(module: Any) -> None:
    config: Any = import_module("aiohttp.tracing").TraceConfig()
    config.on_request_start.append(_start)
    config.on_request_end.append(_end)
    config.on_request_exception.append(_end)
    config.freeze()

    def make(original: Any) -> Any:
        def __init__(self: Any, *more: Any, **named: Any) -> None:
            named["trace_configs"] = [*(named.get("trace_configs") or ()), config]
            original(self, *more, **named)

        return __init__

    wrap(module.ClientSession, "__init__", make)


async def _start(session: Any, context: Any, params: Any) -> None:
    context.watchpost = None
    if "aiohttp" in active:
        call = _watchpost.begin_call(
            params.method, str(params.url), "auto.http.aiohttp", params.headers.get("baggage")
        )
        if call is not None:
            params.headers.update(call.headers)
            context.watchpost = call


async def _end(session: Any, context: Any, params: Any) -> None:
    if context.watchpost is not None:
        context.watchpost.finish(getattr(getattr(params, "response", None), "status", None))
