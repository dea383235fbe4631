"""Requests whose process or client changes meanwhile."""

import os

import pytest

from support import Sink, items, run

#: A server, and what a program needs for it.
SERVER = """
import os, warnings, watchpost
from watchpost import testing
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware
warnings.filterwarnings("ignore", r"This process .* is multi-threaded", DeprecationWarning)

def init(release):
    watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"], release=release, auto_session_tracking=True)

def serve(app):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "shop.example",
               "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    body = WatchpostWsgiMiddleware(app)(environ, lambda status, headers: None)
    try:
        return b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()

def fail():
    try: 1 / 0
    except ZeroDivisionError: watchpost.capture_exception()
"""


@pytest.fixture
def sink():
    sink = Sink()
    yield sink
    sink.close()


def counts(sink):
    """Of every bucket that arrived: its release, and how many went how."""
    return [
        (sent["attrs"]["release"], {way: bucket[way] for way in ("exited", "errored", "crashed") if bucket.get(way)})
        for sent in items(sink, "sessions")
        for bucket in sent["aggregates"]
    ]


@pytest.mark.parametrize("before", ["pass", "watchpost.capture_message('before')"])
@pytest.mark.parametrize(("after", "way"), [("pass", "exited"), ("fail()", "errored"), ("1 / 0", "crashed")])
def test_a_request_counts_for_the_client_that_is_there_at_its_end(sink, tmp_path, before, after, way):
    script = SERVER + f"""
def app(environ, start_response):
    {before}
    init("shop@2")
    {after}
    start_response("200 OK", [])
    return [b"answer"]
init("shop@1")
try: assert serve(app) == b"answer"
except ZeroDivisionError: pass
assert watchpost.flush(20)
"""
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert counts(sink) == [("shop@2", {way: 1})]
    assert items(sink, "session") == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("before", ["pass", "watchpost.capture_message('before')"])
@pytest.mark.parametrize("child", ["pass", "fail()", "1 / 0"])
def test_a_request_amid_which_the_process_forks_is_the_parents(sink, tmp_path, before, child):
    script = SERVER + f"""
def app(environ, start_response):
    global pid
    {before}
    pid = os.fork()
    if pid == 0:
        {child}
    start_response("200 OK", [])
    return [b"answer"]
init("shop@1")
try: serve(app)
except ZeroDivisionError: assert pid == 0
if pid == 0:
    serve(lambda environ, start_response: [b"own"])
    os._exit(0 if watchpost.flush(20) else 1)
assert os.waitpid(pid, 0)[1] == 0
assert watchpost.flush(20)
"""
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    # One each: what the child answers from its beginning is its own.
    assert counts(sink) == [("shop@1", {"exited": 1})] * 2
    assert items(sink, "session") == []
