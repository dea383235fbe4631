"""From a capture to a server, over the loopback."""

import json
import signal
import time

import pytest

from support import Sink, read_events, run, start

INIT = """
import os, sys, time, watchpost
watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"], release="shop@1")
"""


def test_one_event_arrives_compressed(sink, tmp_path):
    script = INIT + "print(watchpost.capture_message('hello ' * 400)); print(watchpost.flush(20))"
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    id, flushed = done.stdout.split()
    assert flushed == "True" and done.stderr == "" and done.returncode == 0
    (event,) = sink.wait_for(1)
    assert event["event_id"] == id and event["platform"] == "python" and event["release"] == "shop@1"
    assert event["sdk"]["name"] == "watchpost.python" and event["sdk"]["packages"][0]["name"] == "pypi:watchpost"
    assert {"excepthook", "threading", "logging"} <= set(event["sdk"]["integrations"])
    assert event["contexts"]["runtime"]["name"] == "CPython" and event["contexts"]["os"]["name"]
    assert event["server_name"] and "user" not in event and event["level"] == "info"
    path, headers, _ = sink.requests[0]
    assert path == "/api/42/envelope/"
    headers = {name.lower(): value for name, value in headers.items()}
    assert headers["content-encoding"] == "gzip" and "key" in headers["x-sentry-auth"]


def test_normal_exit_delivers_all(sink, tmp_path):
    script = INIT + "for n in range(200): watchpost.capture_message(f'm{n}')"
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    run(INIT + "watchpost.flush(20)", DSN=sink.dsn, SPOOL=tmp_path)
    ids = [event["event_id"] for event in sink.events()]
    # The one request that was under way when the time for the exit was over may be made again.
    assert len(set(ids)) == 200 and len(ids) <= 201


@pytest.mark.parametrize("captures", [1, 20])
@pytest.mark.parametrize("second", ["watchpost.flush(20)", "watchpost.capture_message('x'); watchpost.flush(20)"])
def test_a_killed_process_loses_nothing(tmp_path, captures, second):
    down = Sink()
    port = down.port
    down.close()
    dsn = f"http://key@127.0.0.1:{port}/42"
    script = INIT + f"print(*[watchpost.capture_message(str(n)) for n in range({captures})]); time.sleep(60)"
    process = start(script, DSN=dsn, SPOOL=tmp_path)
    ids = process.stdout.readline().split()
    process.send_signal(signal.SIGKILL)
    process.wait(30)
    assert len(ids) == captures and "None" not in ids
    sink = Sink(port)
    try:
        run(INIT + second, DSN=dsn, SPOOL=tmp_path)
        # Another start finds nothing to send again.
        run(INIT + "watchpost.flush(20)", DSN=dsn, SPOOL=tmp_path)
        found = [event["event_id"] for event in sink.events()]
    finally:
        sink.close()
    assert len(found) == len(set(found)), "an event was delivered twice"
    assert set(ids) <= set(found)


def test_exit_without_a_server_is_quick_and_silent(tmp_path):
    down = Sink()
    down.close()
    before = time.monotonic()
    done = run(INIT + "watchpost.capture_message('m')", DSN=down.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - before < 10


def test_spool_holds_no_secrets(tmp_path, sink):
    down = Sink()
    down.close()
    script = INIT + """
def fail(password, api_key):
    raise ValueError("no")
watchpost.set_context("c", {"session_token": "planted" + "-1"})
try: fail("planted" + "-2", {"x": "planted" + "-3"})
except ValueError: print(watchpost.capture_exception())
os._exit(0)
"""
    done = run(script, DSN=down.dsn, SPOOL=tmp_path)
    assert done.stdout.strip()
    files = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert any(done.stdout.strip().encode() in data for data in files)
    assert not any(f"planted-{n}".encode() in data for data in files for n in (1, 2, 3))


def test_reading_of_envelopes():
    event = {"event_id": "a"}
    body = b"{}\n" + json.dumps({"type": "event"}).encode() + b"\n" + json.dumps(event).encode() + b"\n"
    assert read_events({}, body) == [event]
