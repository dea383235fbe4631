"""aiohttp: its servers, and the requests of its clients."""

from __future__ import annotations

from importlib import import_module

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AioHttpIntegration(Integration):
    """Scopes, a transaction and a session per request that is answered; a span and a breadcrumb per request made."""

    identifier = "aiohttp"

    @staticmethod
    def set_up_once() -> None:
        """Stands around an application's handler, and adds a trace configuration to each client."""
        when_imported("aiohttp.web_app", lambda module: wrap(module.Application, "_handle", _handle))
        when_imported("aiohttp.client", _patch_client)

    def switched(self, on: bool) -> None:
        """Tells the native half."""
        _FRAMEWORK.switch(on)


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
            else:
                exchange.failed(error)
            raise
        finally:
            exchange.finish()

    return _handle


def _route(request: Any) -> str | None:
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
