"""Tasks of Celery, through a broker in memory."""

import time

import pytest

from support import framework, recorded

import watchpost
from watchpost import testing
from watchpost.integrations.celery import CeleryIntegration


@pytest.fixture(scope="module")
def tasks():
    celery = framework("celery")
    app = celery.Celery("shop", broker="memory://", backend="cache+memory://")
    app.conf.worker_hijack_root_logger = False

    @app.task(name="shop.book")
    def book(number, secret=None):
        watchpost.set_tag("number", number)
        if number == 5:
            raise ValueError("cannot book")
        return number

    @app.task(name="shop.expected", throws=(KeyError,))
    def expected():
        raise KeyError("expected")

    @app.task(name="shop.again", bind=True, max_retries=1)
    def again(self):
        if not self.request.retries:
            raise self.retry(countdown=0)
        raise ValueError("again")

    from celery.contrib.testing.worker import start_worker

    with start_worker(app, pool="solo", perform_ping_check=False):
        yield {"book": book, "expected": expected, "again": again}


def outcome(task, *args, **kwargs):
    """Orders the task in a transaction; waits for its end."""
    from celery.exceptions import TimeoutError as Late

    result = task.apply_async(args, kwargs)
    try:
        return result.get(timeout=60)
    except Late:
        raise
    except Exception as error:
        return type(error).__name__


def wait_for(kind, count):
    found = {}
    for _ in range(600):
        for name, items in recorded().items():
            found.setdefault(name, []).extend(items)
        if len(found.get(kind, ())) >= count:
            break
        time.sleep(0.05)
    return found


def test_tasks(tasks):
    testing.init(traces_sample_rate=1.0, integrations=[CeleryIntegration()])
    with watchpost.isolation_scope():
        ordered = watchpost.get_traceparent()
        assert outcome(tasks["book"], 1) == 1
        assert outcome(tasks["book"], 5, secret="planted") == "ValueError"
        assert outcome(tasks["expected"]) == "KeyError"
    found = wait_for("transaction", 3)
    names = [(one["transaction"], one["transaction_info"]["source"]) for one in found["transaction"]]
    assert names == [("shop.book", "task"), ("shop.book", "task"), ("shop.expected", "task")]
    traces = [one["contexts"]["trace"] for one in found["transaction"]]
    assert {one["trace_id"] for one in traces} == {ordered.split("-")[0]}
    assert [one["status"] for one in traces] == ["ok", "internal_error", "internal_error"]
    assert {one["op"] for one in traces} == {"queue.task.celery"}
    (event,) = found["event"]
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.queue.celery", "handled": False}
    assert event["tags"]["number"] == "5" and event["transaction"] == "shop.book"
    assert event["contexts"]["celery-job"]["task"] == "shop.book"
    assert event["contexts"]["trace"]["trace_id"] == ordered.split("-")[0]
    # The names of the variables are masked, the arguments are not told of.
    assert "planted" not in str(event["contexts"])


def test_a_retry_is_no_error_until_the_last(tasks):
    testing.init(integrations=[CeleryIntegration(send_arguments=True)])
    assert outcome(tasks["again"]) == "ValueError"
    (event,) = wait_for("event", 1)["event"]
    assert event["exception"]["values"][-1]["value"] == "again"
    assert event["contexts"]["celery-job"]["args"] == []


def test_a_task_that_runs_at_once(tasks):
    testing.init(traces_sample_rate=1.0, integrations=[CeleryIntegration()])
    watchpost.set_tag("outer", "1")
    assert isinstance(tasks["book"].apply((5,)).result, ValueError)
    found = recorded()
    assert found["event"][0]["tags"]["number"] == "5"
    watchpost.capture_message("after")
    assert testing.events()[0]["tags"] == {"outer": "1"}


def test_entries_of_a_schedule_are_monitors(tasks):
    from celery.beat import Scheduler
    from celery.schedules import crontab, schedule

    testing.init(integrations=[CeleryIntegration(monitor_beat_tasks=True)])
    app = tasks["book"].app
    beat = Scheduler(app=app, lazy=True)
    for name, when, number in [("nightly", crontab("0", "3"), 1), ("often", schedule(120), 5), ("odd", schedule(7), 1)]:
        beat.apply_async(beat.Entry(name=name, task="shop.book", schedule=when, args=(number,), app=app))
    found = wait_for("check_in", 6)["check_in"]
    assert [(one["monitor_slug"], one["status"]) for one in found] == [
        ("nightly", "in_progress"), ("nightly", "ok"), ("often", "in_progress"), ("often", "error"),
        ("odd", "in_progress"), ("odd", "ok"),
    ]
    configs = [one.get("monitor_config", {}).get("schedule") for one in found[::2]]
    assert configs == [
        {"type": "crontab", "value": "0 3 * * *"}, {"type": "interval", "value": 2, "unit": "minute"}, None
    ]


def test_switched_off(tasks):
    testing.init(integrations=[])
    assert outcome(tasks["book"], 5) == "ValueError"
    assert recorded() == {}
