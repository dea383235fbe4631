"""Celery as it runs: workers that fork their processes, and a beat, with a broker of plain files."""

import json
import os
import signal
import subprocess
import sys

import pytest

from support import Sink, environment, framework, items

APP = """
import celery, json, os, watchpost
from watchpost.integrations.celery import CeleryIntegration

watchpost.init(
    os.environ["DSN"], traces_sample_rate=1.0, storage_dir=os.environ["SPOOL"],
    integrations=[CeleryIntegration(monitor_beat_tasks=True)],
)
folders = json.loads(os.environ["FOLDERS"])
app = celery.Celery("shop", broker="filesystem://")
app.conf.broker_transport_options = folders
app.conf.task_ignore_result = True
app.conf.broker_connection_retry_on_startup = True
app.conf.beat_schedule = {
    "nightly": {"task": "shop.book", "schedule": 1.0, "args": (1,)},
    "broken": {"task": "shop.book", "schedule": 1.0, "args": (5,)},
}

@app.task(name="shop.book")
def book(number):
    watchpost.set_tag("number", number)
    watchpost.set_tag("pid", os.getpid())
    if number == 5:
        raise ValueError("cannot book")
"""
ORDER = """
import shop, watchpost
with watchpost.start_transaction(op="test", name="orders"):
    for number in (1, 5, 1, 5):
        shop.book.delay(number)
watchpost.flush(30)
"""


class Shop:
    """The application, and the programs that it consists of."""

    def __init__(self, folder):
        self.folder, self.sink, self.programs = folder, Sink(), []
        (folder / "shop.py").write_text(APP)
        folders = {"data_folder_in": folder / "queue", "data_folder_out": folder / "queue",
                   "control_folder": folder / "control", "processed_folder": folder / "done"}
        for one in set(folders.values()):
            one.mkdir()
        self.env = environment(DSN=self.sink.dsn, SPOOL=folder / "spool",
                               FOLDERS=json.dumps({name: str(path) for name, path in folders.items()}))
        self.env["PYTHONPATH"] = f"{self.env['PYTHONPATH']}{os.pathsep}{folder}"

    def start(self, *words):
        command = [sys.executable, "-m", "celery", "--app", "shop", *words, "--loglevel", "WARNING"]
        program = subprocess.Popen(command, cwd=self.folder, env=self.env, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        self.programs.append(program)
        return program

    def work(self):
        return self.start("worker", "--pool", "prefork", "--concurrency", "2", "--without-mingle", "--without-gossip")

    def stop(self):
        for program in self.programs:
            program.terminate()  # A warm shutdown: what is under way is finished.
        for program in self.programs:
            try:
                program.wait(60)
            except subprocess.TimeoutExpired:
                os.killpg(program.pid, signal.SIGKILL)
                program.wait(60)
        self.sink.close()


@pytest.fixture
def shop(tmp_path):
    framework("celery")
    made = Shop(tmp_path)
    yield made
    made.stop()


def test_tasks_in_forked_processes(shop):
    worker = shop.work()
    subprocess.run([sys.executable, "-c", ORDER], cwd=shop.folder, env=shop.env, check=True, timeout=120)
    errors = lambda: items(shop.sink, "event")  # noqa: E731
    traces = lambda: items(shop.sink, "transaction")  # noqa: E731
    assert shop.sink.wait_until(lambda: len(errors()) >= 2 and len(traces()) >= 5, 120)
    (orders,) = [one for one in traces() if one["transaction"] == "orders"]
    trace = orders["contexts"]["trace"]["trace_id"]
    jobs = [one for one in traces() if one is not orders and one["transaction"] == "shop.book"]
    assert sorted(one["contexts"]["trace"]["status"] for one in jobs) == ["internal_error"] * 2 + ["ok"] * 2
    assert {one["contexts"]["trace"]["trace_id"] for one in jobs} == {trace}
    assert len(errors()) == 2
    for event in errors():
        assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.queue.celery", "handled": False}
        assert event["transaction"] == "shop.book" and event["tags"]["number"] == "5"
        assert event["contexts"]["trace"]["trace_id"] == trace
        # In a child of the worker, which has delivered it by itself.
        assert int(event["tags"]["pid"]) != worker.pid


def test_a_beat_and_its_worker(shop):
    shop.work()
    shop.start("beat", "--schedule", str(shop.folder / "schedule"))
    seen = lambda: items(shop.sink, "check_in")  # noqa: E731
    wanted = {("nightly", "in_progress"), ("nightly", "ok"), ("broken", "in_progress"), ("broken", "error")}
    assert shop.sink.wait_until(
        lambda: wanted <= {(one["monitor_slug"], one["status"]) for one in seen()}, 120
    )


def test_what_a_worker_has_not_delivered_is_delivered_by_the_next(shop):
    port = shop.sink.port
    shop.sink.close()
    worker = shop.work()
    subprocess.run([sys.executable, "-c", ORDER], cwd=shop.folder, env=shop.env, check=True, timeout=120)
    spool = shop.folder / "spool"
    stored = lambda: sum(b"cannot book" in path.read_bytes() for path in spool.rglob("*") if path.is_file())  # noqa: E731
    wait_for(lambda: stored() > 0)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait(60)
    shop.sink = Sink(port)
    shop.work()
    assert shop.sink.wait_until(lambda: len(items(shop.sink, "event")) >= 1, 120)


def wait_for(reached):
    import time

    for _ in range(1200):
        if reached():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen")
