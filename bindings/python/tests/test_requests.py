"""Requests whose process or client changes meanwhile, and those amid which the SDK itself fails: the application's answer
comes through, and counts once.
"""

import os

import pytest

from support import items, run

import watchpost
from watchpost import testing
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware


class Odd:
    """A key that cannot be compared with another of its hash."""

    def __init__(self, name, error):
        self.name, self.error = name, error

    def __hash__(self):
        return hash(self.name)

    def __eq__(self, other):
        raise self.error


#: A server, and what a program needs for it.
SERVER = """
import os, warnings, watchpost
from watchpost import testing
from watchpost.integrations.wsgi import WatchpostWsgiMiddleware
warnings.filterwarnings("ignore", r"This process .* is multi-threaded", DeprecationWarning)

def init(release):
    watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"], release=release, auto_session_tracking=True)

def serve(app, odd=None):
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "QUERY_STRING": "", "SERVER_NAME": "shop.example",
               "SERVER_PORT": "80", "wsgi.url_scheme": "http"}
    if odd:
        environ.pop(odd.name, None)
        environ[odd] = ""
    body = WatchpostWsgiMiddleware(app)(environ, lambda status, headers: None)
    try:
        return b"".join(body)
    finally:
        getattr(body, "close", lambda: None)()

def fail():
    try: 1 / 0
    except ZeroDivisionError: watchpost.capture_exception()
"""


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


def answer(environ, start_response):
    watchpost.capture_message("one")
    watchpost.capture_message("two")
    start_response("200 OK", [])
    return [b"answer"]


@pytest.mark.parametrize("rate", [None, 1.0])
def test_a_trace_that_cannot_be_read_is_said_once_and_the_request_goes_on(capfd, rate):
    testing.init(debug=True, traces_sample_rate=rate)
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", Odd("HTTP_SENTRY_TRACE", ValueError("odd key")): "x"}
    body = WatchpostWsgiMiddleware(answer)(environ, lambda *_: None)
    assert list(body) == [b"answer"]
    events = testing.events()
    assert [event["request"]["method"] for event in events] == ["GET", "GET"]
    assert len({event["contexts"]["trace"]["trace_id"] for event in events}) == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert "trace of a request failed" in line and "odd key" in line


#: The type of exceptions that a panic of ours becomes, which is there once there was an error; and keys on which we panic.
PANICS = SERVER + """
testing.init(release="shop@1", auto_session_tracking=True, traces_sample_rate=1.0)
try: serve(lambda environ, start_response: 1 / 0)
except ZeroDivisionError: pass
Panic = next(found for found in BaseException.__subclasses__() if found.__name__ == "PanicException")
testing.envelopes()

class Odd:
    def __init__(self, name): self.name = name
    def __hash__(self): return hash(self.name)
    def __eq__(self, other): raise Panic(self.name)

calls = []
def app(environ, start_response):
    calls.append(environ)
    start_response("200 OK", [])
    return iter([b"answer"])
"""


@pytest.mark.parametrize("key", ["REQUEST_METHOD", "SCRIPT_NAME", "HTTP_SENTRY_TRACE", "wsgi.file_wrapper"])
def test_a_panic_of_ours_costs_no_answer_and_the_application_is_called_once(key):
    done = run(PANICS + f"""
assert serve(app, Odd({key!r})) == b"answer"
assert len(calls) == 1
watchpost.capture_message("after")
assert "request" not in testing.events()[-1]
""")
    assert done.returncode == 0, done.stderr


def test_what_the_application_raises_is_raised_though_it_was_a_panic():
    done = run(PANICS + """
def panics(environ, start_response):
    calls.append(environ)
    raise Panic("inside")
try: serve(panics)
except Panic as error: assert str(error) == "inside"
else: raise AssertionError("it was lost")
assert len(calls) == 1
""")
    assert done.returncode == 0, done.stderr


def test_a_body_that_panics_leaves_no_scopes_behind():
    done = run(PANICS + """
def panics(environ, start_response):
    start_response("200 OK", [])
    yield b"answer"
    watchpost.set_tag("of", "the request")
    raise Panic("inside")
try: serve(panics)
except Panic: pass
else: raise AssertionError("it was lost")
watchpost.capture_message("after")
(event,) = testing.events()
assert not event.get("tags"), event["tags"]
""")
    assert done.returncode == 0, done.stderr
