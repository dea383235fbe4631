"""A forked child delivers its own captures, its parent its own, and nobody waits for ever."""

import os

import pytest

from support import run

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
# Since Python 3.12 a fork beside any second thread, ours among them, is warned of.
INIT = """
import os, sys, threading, time, warnings, watchpost
warnings.filterwarnings("ignore", r"This process .* is multi-threaded", DeprecationWarning)
watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"])
"""


def messages(sink):
    return sorted(event["logentry"]["formatted"] for event in sink.events())


@pytest.mark.parametrize("before", ["", "watchpost.capture_message('before'); watchpost.flush(20)"])
def test_parent_and_children_deliver_their_own(sink, tmp_path, before):
    script = INIT + before + """
watchpost.set_tag("from", "parent")
children = []
for n in range(3):
    pid = os.fork()
    if pid == 0:
        watchpost.set_tag("from", "child")
        watchpost.capture_message(f"child {n}")
        os._exit(0 if watchpost.flush(20) else 1)
    children.append(pid)
watchpost.capture_message("parent")
assert [os.waitpid(pid, 0)[1] for pid in children] == [0, 0, 0]
assert watchpost.flush(20)
"""
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    expected = ["child 0", "child 1", "child 2", "parent"]
    assert messages(sink) == (["before", *expected] if before else expected)
    tags = {event["logentry"]["formatted"]: event.get("tags", {}).get("from") for event in sink.events()}
    assert tags["parent"] == "parent" and tags["child 1"] == "child"


def test_forks_amid_busy_threads(sink, tmp_path):
    script = INIT + """
stop = False
def busy():
    while not stop:
        watchpost.add_breadcrumb(message="busy")
        with watchpost.new_scope() as scope: scope.set_tag("a", "b")
        try: 1 / 0
        except ZeroDivisionError: watchpost.capture_exception()
        time.sleep(0.001)
workers = [threading.Thread(target=busy, daemon=True) for _ in range(3)]
for worker in workers: worker.start()
for n in range(20):
    pid = os.fork()
    if pid == 0:
        watchpost.add_breadcrumb(message="child")
        os._exit(0 if watchpost.capture_message("child") else 1)
    assert os.waitpid(pid, 0)[1] == 0
stop = True
for worker in workers: worker.join()
"""
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    done = run(INIT + "assert watchpost.flush(50)", DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    # A child that ended with a request under way has it made again, under the same id.
    children = {e["event_id"] for e in sink.events() if e.get("logentry", {}).get("formatted") == "child"}
    assert len(children) == 20


def test_forks_amid_the_first_uses_of_other_threads(sink, tmp_path):
    script = INIT + """
sys.setswitchinterval(0.02)
def work():
    watchpost.add_breadcrumb(message="first")
    try: {}["missing"]
    except KeyError: watchpost.capture_exception()
ready = []
def first():
    while not ready: time.sleep(0)
    work()
threads = [threading.Thread(target=first, daemon=True) for _ in range(12)]
for thread in threads: thread.start()
ready.append(1)
children = []
while any(thread.is_alive() for thread in threads) and len(children) < 40:
    pid = os.fork()
    if pid == 0:
        work()
        os._exit(0)
    children.append(pid)
for pid in children: assert os.waitpid(pid, 0)[1] == 0
"""
    for _ in range(3):
        done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")


def test_multiprocessing(sink, tmp_path):
    script = INIT + """
import multiprocessing
def work(n): return watchpost.capture_message(f"worker {n}") is not None and watchpost.flush(20)
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(work, range(4)) == [True] * 4
"""
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert messages(sink) == [f"worker {n}" for n in range(4)]
