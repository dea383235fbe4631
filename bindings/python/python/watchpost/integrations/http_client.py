"""Requests by `http.client`, and so by urllib, urllib3, requests and all that stand on them."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_CALL = "_watchpost_call"


class HttpClientIntegration(Integration):
    """A span, a breadcrumb and the headers of the trace for each request."""

    identifier = "http_client"

    @staticmethod
    def set_up_once() -> None:
        """Wraps the steps of a request."""
        when_imported("http.client", _patch)


def _patch(module: Any) -> None:
    wrap(module.HTTPConnection, "putrequest", _putrequest)
    wrap(module.HTTPConnection, "endheaders", _endheaders)
    wrap(module.HTTPConnection, "getresponse", _getresponse)
    wrap(module.HTTPConnection, "close", _close)


def _putrequest(original: Any) -> Any:
    def putrequest(self: Any, method: str, url: str, *more: Any, **named: Any) -> Any:
        answer = original(self, method, url, *more, **named)
        if "http_client" in active:
            call = _watchpost.begin_call(method, _address(self, url), "auto.http.http_client")
            setattr(self, _CALL, call)
            if call is not None:
                for name, value in call.headers:
                    self.putheader(name, value)
        return answer

    return putrequest


def _endheaders(original: Any) -> Any:
    def endheaders(self: Any, *more: Any, **named: Any) -> Any:
        try:
            return original(self, *more, **named)
        except BaseException:
            # Nobody was there to connect to.
            call = self.__dict__.pop(_CALL, None)
            if call is not None:
                call.finish()
            raise

    return endheaders


def _getresponse(original: Any) -> Any:
    def getresponse(self: Any, *more: Any, **named: Any) -> Any:
        call = self.__dict__.pop(_CALL, None)
        if call is None:
            return original(self, *more, **named)
        status = None
        try:
            response = original(self, *more, **named)
            status = response.status
            return response
        finally:
            call.finish(status)

    return getresponse


def _close(original: Any) -> Any:
    def close(self: Any) -> Any:
        # Given up before an answer.
        call = self.__dict__.pop(_CALL, None)
        if call is not None:
            call.finish()
        return original(self)

    return close


def _address(connection: Any, url: str) -> str:
    if "://" in url:
        return url
    host, port = connection.host, connection.port
    tunnel = getattr(connection, "_tunnel_host", None)
    if tunnel:
        host, port = tunnel, getattr(connection, "_tunnel_port", None)
    default: int = connection.default_port
    scheme = "https" if default == 443 else "http"
    if ":" in host:
        host = f"[{host}]"
    return f"{scheme}://{host}{url}" if port in (None, default) else f"{scheme}://{host}:{port}{url}"
