"""Requests that an application makes, by any of the libraries."""

import asyncio
import http.client
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from support import framework, recorded
from test_sqlalchemy import in_request

import watchpost
from watchpost import testing
from watchpost.integrations.http_client import HttpClientIntegration
from watchpost.integrations.httpx import HttpxIntegration


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            seen.append({name.lower(): value for name, value in self.headers.items()})
            self.send_response(404 if self.path.startswith("/missing") else 200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    seen = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    server.seen, server.url = seen, f"http://127.0.0.1:{server.server_port}"
    yield server
    server.shutdown()
    server.server_close()


def by_urllib(url):
    try:
        urllib.request.urlopen(url, timeout=30).close()
    except urllib.error.HTTPError as error:
        error.close()


def by_http_client(url):
    host, _, path = url.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", f"/{path}")
    connection.getresponse().read()
    connection.close()


def by_requests(url):
    framework("requests").get(url, timeout=30)


def by_httpx(url):
    framework("httpx").get(url, timeout=30)


def by_httpx_async(url):
    httpx = framework("httpx")

    async def main():
        async with httpx.AsyncClient() as client:
            await client.get(url, timeout=30)

    asyncio.run(main())


WAYS = [by_urllib, by_http_client, by_requests, by_httpx, by_httpx_async]


@pytest.mark.parametrize("ask", WAYS)
def test_a_request_takes_the_trace_along(server, ask):
    testing.init(traces_sample_rate=1.0, integrations=[HttpClientIntegration(), HttpxIntegration()])

    def work():
        ask(f"{server.url}/found?q=1&token=planted")
        ask(f"{server.url}/missing")
        watchpost.capture_message("m")

    in_request(work)
    found = recorded()
    (transaction,) = found["transaction"]
    spans = transaction["spans"]
    assert [(one["op"], one["description"], one["status"]) for one in spans] == [
        ("http.client", f"GET {server.url}/found", "ok"),
        ("http.client", f"GET {server.url}/missing", "not_found"),
    ]
    trace = transaction["contexts"]["trace"]["trace_id"]
    assert [one["sentry-trace"] for one in server.seen] == [f"{trace}-{span['span_id']}-1" for span in spans]
    assert all(f"sentry-trace_id={trace}" in one["baggage"] for one in server.seen)
    assert "planted" not in str(found)
    if ask is by_httpx_async:
        return  # Its breadcrumbs are those of its task.
    crumbs = found["event"][0]["breadcrumbs"]["values"]
    assert [(one["type"], one["data"]["http.response.status_code"], one.get("level")) for one in crumbs] == [
        ("http", 200, "info"), ("http", 404, "warning")
    ]


@pytest.mark.parametrize("ask", WAYS)
def test_targets_and_failures(server, ask):
    options = {"traces_sample_rate": 1.0, "trace_propagation_targets": ["shop.example"]}
    testing.init(**options, integrations=[HttpClientIntegration(), HttpxIntegration()])
    port = server.server_port
    ask(f"{server.url}/found")
    assert "sentry-trace" not in server.seen[0]
    server.shutdown()
    server.server_close()

    def work():
        with pytest.raises(Exception):  # noqa: B017  (each library has its own)
            ask(f"http://127.0.0.1:{port}/gone")

    in_request(work)
    (span,) = recorded()["transaction"][0]["spans"]
    assert span["status"] == "unknown_error"


def test_nothing_of_our_own_server_and_nothing_when_switched_off(server):
    testing.init(f"http://key@127.0.0.1:{server.server_port}/1", integrations=[HttpClientIntegration()])
    by_urllib(f"{server.url}/api/1/envelope/")
    watchpost.capture_message("m")
    assert "breadcrumbs" not in testing.events()[0] and "sentry-trace" not in server.seen[0]
    testing.init(integrations=[])
    by_urllib(f"{server.url}/found")
    watchpost.capture_message("m")
    assert "breadcrumbs" not in testing.events()[0] and "sentry-trace" not in server.seen[1]
