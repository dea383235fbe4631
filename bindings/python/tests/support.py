"""A server that keeps what it gets, and programs that report to it."""

import asyncio
import gzip
import importlib
import io
import json
import os
import socket
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import watchpost
from watchpost import testing

PACKAGE = str(Path(watchpost.__file__).resolve().parents[1])


class Sink:
    """Takes envelopes on a port of its own, or on a given one."""

    def __init__(self, port=0):
        self.requests = []
        self.arrived = threading.Condition(threading.RLock())
        sink = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # Head and body in one segment, or each answer waits for a delayed acknowledgement.

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                with sink.arrived:
                    sink.requests.append((self.path, dict(self.headers.items()), body))
                    sink.arrived.notify_all()
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        self.dsn = f"http://key@127.0.0.1:{self.port}/42"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def events(self):
        """Everything that arrived so far."""
        with self.arrived:
            bodies = [(headers, body) for _, headers, body in self.requests]
        return [payload for headers, body in bodies for payload in read_events(headers, body)]

    def wait_for(self, count, timeout=30):
        """At least so many events, or whatever there is when the time is over."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.requests) >= count, timeout)
        return self.events()

    def wait_until(self, reached, timeout=60):
        """Waits until something is true of what has arrived; whether it is."""
        with self.arrived:
            return bool(self.arrived.wait_for(lambda: reached(), timeout))


def items(sink, kind):
    """The items of one type that have arrived so far, each id once."""
    with sink.arrived:
        bodies = [(headers, body) for _, headers, body in sink.requests]
    found = [item for headers, body in bodies for item in read_items(headers, body, kind)]
    known = lambda item: item.get("event_id") if isinstance(item, dict) else None  # noqa: E731
    return list({known(item) or number: item for number, item in enumerate(found)}.values())


def free_port():
    """A port that nobody listens on."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


def read_events(headers, body):
    return read_items(headers, body, "event")


def read_items(headers, body, kind):
    """The payloads of the items of this type in an envelope; those that are no JSON stay bytes."""
    if headers.get("Content-Encoding", headers.get("content-encoding")) == "gzip":
        body = gzip.decompress(body)
    at, found = body.index(b"\n") + 1, []
    while at < len(body):
        end = body.index(b"\n", at)
        header = json.loads(body[at:end])
        length = header["length"] if "length" in header else body.index(b"\n", end + 1) - end - 1
        payload = body[end + 1 : end + 1 + length]
        if header["type"] == kind:
            found.append(json.loads(payload) if payload[:1] in (b"{", b"[") else payload)
        at = end + 1 + length + 1
    return found


def environment(**more):
    """The machine's, without its own settings for any SDK."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")}
    return {**env, "PYTHONPATH": PACKAGE, **{name: str(value) for name, value in more.items()}}


def run(script, timeout=60, **more):
    """Runs a program to its end."""
    return finish([sys.executable, "-c", script], timeout, **more)


def finish(command, timeout=60, **more):
    """Runs a command to its end."""
    return subprocess.run(command, capture_output=True, text=True, env=environment(**more), timeout=timeout)


def start(script, **more):
    """Starts a program whose output is read line by line."""
    command = [sys.executable, "-u", "-c", script]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment(**more))


def framework(name):
    """The module of a framework; its tests are skipped where it is not installed, unless all are to be."""
    if os.environ.get("WATCHPOST_FRAMEWORKS"):
        return importlib.import_module(name)
    return pytest.importorskip(name)


def recorded():
    """Takes what a testing client has recorded, as lists by type of item."""
    found = {}
    for envelope in testing.envelopes():
        for item in envelope["items"]:
            found.setdefault(item["header"]["type"], []).append(item["payload"])
    return found


def serve_wsgi(app, path, method="GET", body=b"", **headers):
    """Lets a WSGI application answer one request, as a server does; its status."""
    path, _, query = path.partition("?")
    environ = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
    environ.update({
        "REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, "SCRIPT_NAME": "",
        "SERVER_NAME": "shop.example", "SERVER_PORT": "80", "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "10.0.0.7",
        "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body), "wsgi.errors": sys.stderr,
        "CONTENT_LENGTH": str(len(body)), "CONTENT_TYPE": "application/x-www-form-urlencoded" if body else "",
    })
    statuses = []
    answer = app(environ, lambda status, headers, *_: statuses.append(int(status[:3])))
    try:
        for _ in answer:
            pass
    finally:
        if hasattr(answer, "close"):
            answer.close()
    return statuses[-1]


def serve_asgi(app, path, headers=(), method="GET", query=b"", scheme="http", body=(b"",)):
    """Lets an ASGI application answer one request, whose body comes in these parts; the status, or the error that left it."""
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": scheme,
        "path": path, "raw_path": path.encode(), "query_string": query, "root_path": "",
        "headers": [(b"host", b"shop.example"), *headers], "client": ("10.0.0.7", 5), "server": ("127.0.0.1", 80),
    }
    sent, parts = [], list(body)

    async def receive():
        if not parts:
            await asyncio.Event().wait()  # Whoever asks stays.
        part = parts.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(parts)}

    async def send(message):
        sent.append(message)

    async def main():
        try:
            await app(scope, receive, send)
        except Exception as error:
            return error
        return None

    error = asyncio.run(main())
    return error if error is not None else sent[0]["status"]
