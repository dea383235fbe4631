"""Requests by httpx."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class HttpxIntegration(Integration):
    """A span, a breadcrumb and the headers of the trace for each request of either client."""

    identifier = "httpx"

    @staticmethod
    def set_up_once() -> None:
        """Wraps `send`, through which every request goes."""
        when_imported("httpx", _patch)


def _patch(module: Any) -> None:
    wrap(module.Client, "send", _send)
    wrap(module.AsyncClient, "send", _send_async)


def _begin(request: Any) -> _watchpost.Call | None:
    if "httpx" not in active:
        return None
    baggage = request.headers.get("baggage")
    call = _watchpost.begin_call(request.method, str(request.url), "auto.http.httpx", baggage)
    if call is not None:
        request.headers.update(dict(call.headers))
    return call


def _send(original: Any) -> Any:
    def send(self: Any, request: Any, **named: Any) -> Any:
        call = _begin(request)
        if call is None:
            return original(self, request, **named)
        status = None
        try:
            response = original(self, request, **named)
            status = response.status_code
            return response
        finally:
            call.finish(status)

    return send


def _send_async(original: Any) -> Any:
    async def send(self: Any, request: Any, **named: Any) -> Any:
        call = _begin(request)
        if call is None:
            return await original(self, request, **named)
        status = None
        try:
            response = await original(self, request, **named)
            status = response.status_code
            return response
        finally:
            call.finish(status)

    return send
