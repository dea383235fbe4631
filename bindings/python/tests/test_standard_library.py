"""What is observed of Python's own modules."""

import asyncio
import json
import logging
import subprocess
import sys
import threading
import warnings

import pytest

from support import recorded, run
from test_sqlalchemy import in_request

import watchpost
from watchpost import testing
from watchpost.integrations.asyncio import AsyncioIntegration
from watchpost.integrations.logging import LoggingIntegration, ignore_logger
from watchpost.integrations.subprocess import SubprocessIntegration
from watchpost.integrations.unraisable import UnraisableIntegration
from watchpost.integrations.warnings import WarningsIntegration

LOG = logging.getLogger("shop.booking")


pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning",
                                         "ignore::pytest.PytestUnhandledThreadExceptionWarning")


def crumbs():
    watchpost.capture_message("look")
    (event,) = testing.events()
    return event.get("breadcrumbs", {}).get("values", [])


def test_levels_of_log_records():
    testing.init(integrations=[LoggingIntegration()])
    LOG.setLevel(logging.DEBUG)
    for level in (logging.DEBUG, logging.INFO, logging.WARNING):
        LOG.log(level, "row %d", level)
    LOG.error("no row %d", 7, extra={"order": 12})
    (event,) = testing.events()
    assert event["logentry"] == {"formatted": "no row 7", "message": "no row %d", "params": [7]}
    assert (event["level"], event["logger"], event["extra"]) == ("error", "shop.booking", {"order": 12})
    assert [(crumb["level"], crumb["message"]) for crumb in crumbs()] == [
        ("info", "row 20"), ("warning", "row 30"), ("error", "no row 7")
    ]


@pytest.mark.parametrize(
    ("settings", "events", "said"),
    [
        ({"level": None, "event_level": None, "sentry_logs_level": None}, 0, []),
        ({"level": None, "event_level": None}, 0, []),
        ({"level": logging.WARNING, "event_level": logging.WARNING}, 2, ["w", "e"]),
        ({"level": None}, 1, []),
        ({"event_level": None}, 0, ["i", "w", "e"]),
    ],
)
def test_levels_by_settings(settings, events, said):
    testing.init(integrations=[LoggingIntegration(**settings)])
    LOG.setLevel(logging.DEBUG)
    LOG.info("i"), LOG.warning("w"), LOG.error("e")
    assert len(testing.events()) == events
    assert [crumb["message"] for crumb in crumbs()] == said


def test_lines_of_the_structured_log():
    LOG.setLevel(logging.DEBUG)
    with testing.captured(integrations=[LoggingIntegration()]) as sent:
        LOG.debug("no")
        LOG.info("row %s of %d", "a", 7, extra={"order": 12})
        LOG.error("plain")
    row, plain = sent.logs
    assert (row["level"], row["body"], plain["level"], plain["body"]) == ("info", "row a of 7", "error", "plain")
    found = {name: attribute["value"] for name, attribute in row["attributes"].items()}
    assert found["sentry.message.template"] == "row %s of %d" and found["sentry.message.parameter.1"] == 7
    assert (found["logger.name"], found["order"], found["sentry.origin"]) == ("shop.booking", 12, "auto.log.stdlib")
    assert "sentry.message.template" not in plain["attributes"]
    with testing.captured(integrations=[LoggingIntegration()], enable_logs=False) as sent:
        LOG.error("plain")
    assert sent.logs == [] and len(sent.events) == 1
    with testing.captured(integrations=[LoggingIntegration(sentry_logs_level=None)]) as sent:
        LOG.error("plain")
    assert sent.logs == []


def test_what_the_application_filters_or_ignores_is_not_seen():
    testing.init(integrations=[LoggingIntegration()])
    quiet = logging.getLogger("shop.quiet")
    quiet.addFilter(lambda record: False)
    quiet.error("filtered")
    ignore_logger("shop.ignored")
    logging.getLogger("shop.ignored").error("ignored")
    assert testing.events() == [] and crumbs() == []


def test_logged_exceptions():
    testing.init(integrations=[LoggingIntegration()])
    try:
        raise ValueError("no")
    except ValueError:
        LOG.exception("failed")
    (event,) = testing.events()
    assert event["exception"]["values"][0]["mechanism"] == {"type": "auto.logging", "handled": True}
    assert event["logentry"]["formatted"] == "failed"


def test_warnings_are_breadcrumbs():
    testing.init(integrations=[WarningsIntegration()])
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        # As Python shows them; the test runner collects them otherwise.
        warnings.showwarning(UserWarning("old"), UserWarning, __file__, 7)
    (crumb,) = crumbs()
    assert (crumb["category"], crumb["level"], crumb["message"]) == ("py.warnings", "warning", "UserWarning: old")


def test_shown_warnings_of_a_program(sink, tmp_path):
    script = """
import os, warnings, watchpost
watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"])
warnings.warn("old", DeprecationWarning); warnings.warn("older")
watchpost.capture_message("m"); watchpost.flush(20)
"""
    without = run(script.replace("watchpost.init(", "#"), DSN=sink.dsn, SPOOL=tmp_path)
    done = run(script, DSN=sink.dsn, SPOOL=tmp_path)
    assert (done.returncode, done.stderr) == (0, without.stderr) and "older" in done.stderr
    (event,) = sink.wait_for(1)
    assert [crumb["message"] for crumb in event["breadcrumbs"]["values"]] == [
        "DeprecationWarning: old", "UserWarning: older"
    ]


def test_errors_of_finalizers():
    testing.init(integrations=[UnraisableIntegration()])

    class Bad:
        def __del__(self):
            raise ValueError("in del")

    Bad()
    (event,) = testing.events()
    (value,) = event["exception"]["values"]
    assert value["mechanism"] == {"type": "auto.unraisable", "handled": False}


def test_a_task_that_nobody_awaits():
    testing.init(integrations=[AsyncioIntegration()])

    async def fail():
        watchpost.set_tag("task", "1")
        await asyncio.sleep(0)
        raise ValueError("in a task")

    async def main():
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: seen.append(context))
        task = loop.create_task(fail())
        await asyncio.sleep(0.01)
        del task
        loop.call_soon(lambda: 1 / 0)
        await asyncio.sleep(0.01)

    seen = []
    asyncio.run(main())
    events = {event["exception"]["values"][-1]["type"]: event for event in testing.events()}
    assert set(events) == {"ValueError", "ZeroDivisionError"} and len(seen) == 2
    value = events["ValueError"]["exception"]["values"][-1]
    assert value["mechanism"] == {"type": "auto.asyncio", "handled": False}
    assert value["stacktrace"]["frames"][-1]["function"].endswith("fail")
    if sys.version_info >= (3, 12):
        assert events["ValueError"]["tags"] == {"task": "1"}


def test_an_awaited_task_is_its_callers_affair():
    testing.init(integrations=[AsyncioIntegration()])

    async def fail():
        raise ValueError("seen")

    async def main():
        with pytest.raises(ValueError, match="seen"):
            await asyncio.create_task(fail())

    asyncio.run(main())
    assert testing.events() == []


def test_programs_that_are_started():
    testing.init(traces_sample_rate=1.0, integrations=[SubprocessIntegration()])
    tell = "import os, json; print(json.dumps({k: v for k, v in os.environ.items() if k.startswith('SENTRY_')}))"
    told = []

    def work():
        told.append(json.loads(subprocess.check_output([sys.executable, "-c", tell, "--password=planted"])))
        with pytest.raises(FileNotFoundError):
            subprocess.run(["/nowhere/at/all"])
        watchpost.capture_message("m")

    in_request(work)
    found = recorded()
    (transaction,) = found["transaction"]
    spans = [(one["op"], one["description"], one["status"]) for one in transaction["spans"]]
    assert ("subprocess", sys.executable, "ok") in spans and ("subprocess.wait", sys.executable, "ok") in spans
    assert ("subprocess", "/nowhere/at/all", "internal_error") in spans
    assert told[0]["SENTRY_TRACE"].startswith(transaction["contexts"]["trace"]["trace_id"])
    crumbs = found["event"][0]["breadcrumbs"]["values"]
    assert [(one["category"], one["message"]) for one in crumbs] == [
        ("subprocess", sys.executable), ("subprocess", "/nowhere/at/all")
    ]
    assert "planted" not in str(found)


PROCESSES = """
import os, sys, multiprocessing, watchpost
if sys.argv[1:] != ["none"]:
    watchpost.init(os.environ["DSN"], storage_dir=os.environ["SPOOL"])
def work(n):
    watchpost.set_tag("n", n)
    watchpost.capture_message(f"worker {n}")
    if n == 2: raise ValueError("the end of a process")
if __name__ == "__main__":
    context = multiprocessing.get_context(os.environ["METHOD"])
    processes = [context.Process(target=work, args=(n,)) for n in range(3)]
    for process in processes: process.start()
    for process in processes: process.join(60)
    print([process.exitcode for process in processes])
    os._exit(0)  # The parent delivers nothing: each child has.
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_processes(sink, tmp_path, method):
    (tmp_path / "program.py").write_text(PROCESSES)
    command = [sys.executable, str(tmp_path / "program.py")]
    from support import environment

    env = environment(DSN=sink.dsn, SPOOL=tmp_path / "spool", METHOD=method)
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=120)
    assert done.stdout == "[0, 0, 1]\n" and "ValueError: the end of a process" in done.stderr
    events = sink.events()
    ids = [event["event_id"] for event in events]
    assert len(ids) == len(set(ids))
    said = sorted(event["logentry"]["formatted"] for event in events if "logentry" in event)
    assert said == ["worker 0", "worker 1", "worker 2"]
    (error,) = [event for event in events if "exception" in event]
    assert error["exception"]["values"][-1]["mechanism"] == {"type": "auto.multiprocessing", "handled": False}
    assert error["tags"] == {"n": "2"}


def test_threads_and_their_errors_are_still_seen():
    from watchpost.integrations.threading import ThreadingIntegration

    testing.init(integrations=[ThreadingIntegration()])
    thread = threading.Thread(target=lambda: 1 / 0)
    thread.start()
    thread.join()
    (event,) = testing.events()
    assert event["exception"]["values"][-1]["mechanism"] == {"type": "auto.threading", "handled": False}
