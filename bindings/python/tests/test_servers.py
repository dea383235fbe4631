"""Servers that fork: every worker delivers its own events, none gets lost when the server is told to stop."""

import contextlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import environment, framework, free_port, items, run
from test_examples import ask

APP = """
import os, time, watchpost
from flask import Flask

watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"], release="shop@1", traces_sample_rate=1.0)
app = Flask(__name__)

@app.route("/pid")
def pid():
    return str(os.getpid())

@app.route("/fail/<number>")
def fail(number):
    watchpost.set_tag("number", number)
    watchpost.set_tag("worker", os.getpid())
    # Others get their turn amid the request: a thread, or a greenlet.
    time.sleep(0.02)
    watchpost.set_tag("number again", number)
    raise ValueError(f"cannot book {number}")
"""
REQUESTS, AT_ONCE = 40, 8
EVERYWHERE = pytest.mark.skipif(
    not os.environ.get("WATCHPOST_FRAMEWORKS"), reason="runs with `cargo xtask soak frameworks`"
)


def gunicorn(*more):
    framework("gunicorn")
    return lambda port: [sys.executable, "-m", "gunicorn", "-w", "2", "-b", f"127.0.0.1:{port}", *more, "program:app"]


def uwsgi(*more):
    from pathlib import Path

    program = Path(sys.executable).with_name("uwsgi")
    if not program.exists():
        pytest.fail("uWSGI is not installed")
    python = ["--home", sys.prefix, "--master", "--die-on-term", "--need-app"]
    return lambda port: [str(program), *python, "-p", "2", "--http-socket", f"127.0.0.1:{port}", *more, "-w", "program:app"]


@contextlib.contextmanager
def serving(command, sink, tmp_path):
    (tmp_path / "program.py").write_text(APP)
    port = free_port()
    env = environment(DSN=sink.dsn, SPOOL=tmp_path / "spool", PYTHONDONTWRITEBYTECODE="1")
    env["PYTHONPATH"] = f"{tmp_path}:{env['PYTHONPATH']}"
    log = (tmp_path / "server.log").open("w")
    process = subprocess.Popen(command(port), env=env, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True)
    try:
        yield f"http://127.0.0.1:{port}", process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(60)
        log.close()


SERVERS = [
    ("gunicorn", ()),
    ("gunicorn", ("--preload",)),
    pytest.param("gunicorn", ("-k", "gthread", "--threads", "4"), marks=EVERYWHERE),
    pytest.param("gunicorn", ("-k", "gthread", "--threads", "4", "--preload"), marks=EVERYWHERE),
    pytest.param("gunicorn", ("-k", "gevent"), marks=EVERYWHERE),
    pytest.param("uwsgi", (), marks=EVERYWHERE),
    pytest.param("uwsgi", ("--enable-threads",), marks=EVERYWHERE),
    pytest.param("uwsgi", ("--lazy-apps",), marks=EVERYWHERE),
    pytest.param("uwsgi", ("--lazy-apps", "--enable-threads", "--threads", "4"), marks=EVERYWHERE),
]


def not_mixed(sink):
    """The events, of which none may have what belongs to another request."""
    events = items(sink, "event")
    for event in events:
        number = event["exception"]["values"][-1]["value"].rpartition(" ")[2]
        assert event["tags"]["number"] == event["tags"]["number again"] == number, event["tags"]
        assert event["request"]["url"].endswith(f"/fail/{number}")
    return events


def numbers(sink, kind):
    return sorted(int(item["tags"]["number"]) for item in items(sink, kind) if "number" in item.get("tags", {}))


EACH = pytest.mark.parametrize(
    ("server", "more"), SERVERS, ids=lambda value: value if isinstance(value, str) else " ".join(value)
)


@EACH
def test_every_worker_delivers_and_nothing_is_lost_at_the_end(sink, tmp_path, server, more):
    command = {"gunicorn": gunicorn, "uwsgi": uwsgi}[server](*more)
    with serving(command, sink, tmp_path) as (url, process):
        assert ask(f"{url}/pid")[0] == 200
        with ThreadPoolExecutor(AT_ONCE) as pool:
            statuses = list(pool.map(lambda number: ask(f"{url}/fail/{number}")[0], range(REQUESTS)))
        assert statuses == [500] * REQUESTS
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) in (0, -signal.SIGTERM), (tmp_path / "server.log").read_text()
    # Whatever a worker had not delivered when it was told to stop is delivered by the next start.
    run("import os, watchpost; watchpost.init(os.environ['DSN'], storage_dir=os.environ['SPOOL']); watchpost.flush(30)",
        DSN=sink.dsn, SPOOL=tmp_path / "spool")
    log = (tmp_path / "server.log").read_text()
    assert numbers(sink, "event") == list(range(REQUESTS)), log
    not_mixed(sink)
    # A transaction ends after its answer has been sent: those of the last answers may have been under way still.
    transactions = numbers(sink, "transaction")
    assert len(transactions) == len(set(transactions)) >= REQUESTS - AT_ONCE, log
    ids = [event["event_id"] for event in sink.events()]
    # The one request that a worker had under way when it ended may be made again, under the same id.
    assert len(ids) - len(set(ids)) <= 2


@EACH
def test_events_arrive_while_the_server_is_up(sink, tmp_path, server, more):
    command = {"gunicorn": gunicorn, "uwsgi": uwsgi}[server](*more)
    with serving(command, sink, tmp_path) as (url, process):
        assert ask(f"{url}/pid")[0] == 200
        sent, workers = 0, set()
        with ThreadPoolExecutor(AT_ONCE) as pool:
            # Until both workers have answered, which is a matter of luck.
            while sent < 5 * REQUESTS and len(workers) < 2:
                asked = range(sent, sent + REQUESTS)
                assert set(pool.map(lambda number: ask(f"{url}/fail/{number}")[0], asked)) == {500}
                sent += REQUESTS
                assert sink.wait_until(lambda: numbers(sink, "event") == list(range(sent))), (
                    f"{len(numbers(sink, 'event'))} of {sent} events\n" + (tmp_path / "server.log").read_text()
                )
                workers = {event["tags"]["worker"] for event in not_mixed(sink)}
        assert process.poll() is None
