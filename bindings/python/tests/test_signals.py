"""Logs, metrics, check-ins, feedback, attachments, flags, sessions, and the rest of what scopes can do."""

import asyncio
import threading
from decimal import Decimal

import pytest

import watchpost
from watchpost import logger, metrics, sessions, testing
from watchpost.crons import MonitorStatus, monitor
from watchpost.feature_flags import add_feature_flag


def items(kind):
    """Payloads of the items of this type."""
    watchpost.flush()
    found = [item for envelope in testing.envelopes() for item in envelope["items"] if item["header"]["type"] == kind]
    return [item["payload"] for item in found]


def lines():
    return [line for payload in items("log") for line in payload["items"]]


def values(line):
    return {name: attribute["value"] for name, attribute in line["attributes"].items()}


def test_logs():
    testing.init(enable_logs=True, release="shop@1")
    watchpost.set_attribute("region", "eu")
    logger.info("{user} has {n} of {what!r}", user="ada", n=3, what=Decimal("1.5"), attributes={"shard": 7, "none": None})
    logger.warning("{} and {}", 1, "two")
    logger.error("plain {braces}")
    logger.fatal("{missing}", other=1)
    logger.debug("d")
    logger.trace("t")
    first, second, third, fourth, *rest = lines()
    assert first["body"] == "ada has 3 of Decimal('1.5')" and first["level"] == "info"
    seen = values(first)
    assert seen["sentry.message.template"] == "{user} has {n} of {what!r}" and seen["sentry.message.parameter.n"] == 3
    assert seen["sentry.message.parameter.what"] == "1.5" and seen["shard"] == 7 and seen["region"] == "eu"
    assert "none" not in seen and seen["sentry.release"] == "shop@1"
    assert second["body"] == "1 and two" and values(second)["sentry.message.parameter.1"] == "two"
    assert third["body"] == "plain {braces}" and "sentry.message.template" not in values(third)
    assert fourth["body"] == "{missing}" and fourth["level"] == "fatal"
    assert [line["level"] for line in rest] == ["debug", "trace"]


def test_logs_that_are_off_read_nothing():
    class Costly:
        def __format__(self, spec):
            raise AssertionError("was asked")

        __str__ = __repr__ = __format__

    testing.init()
    logger.info("{}", Costly(), attributes={"a": Costly()})
    assert lines() == []


def test_logs_know_the_span():
    testing.init(enable_logs=True, traces_sample_rate=1.0)
    with watchpost.start_transaction(name="n", op="o") as transaction:
        logger.info("inside")
    (line,) = lines()
    assert line["trace_id"] == transaction.trace_id and line["span_id"] == transaction.span_id


def test_hooks_of_logs_and_metrics_see_plain_values():
    def before_send_log(log, hint):
        assert log["attributes"]["a"] == 1 and hint == {}
        if log["body"] == "noise":
            return None
        log["attributes"]["b"] = 2.5
        log["body"] += "!"
        return log

    def before_send_metric(metric, hint):
        assert metric["attributes"]["t"] == {"value": 3, "unit": "second"}
        metric["name"] += ".x"
        return metric

    testing.init(enable_logs=True, before_send_log=before_send_log, before_send_metric=before_send_metric)
    logger.info("noise", attributes={"a": 1})
    logger.info("kept", attributes={"a": 1})
    metrics.count("m", attributes={"t": {"value": 3, "unit": "second"}})
    watchpost.flush()
    recorded = [item["payload"]["items"][0] for envelope in testing.envelopes() for item in envelope["items"]]
    log, metric = recorded
    assert log["body"] == "kept!" and log["attributes"]["b"] == {"value": 2.5, "type": "double"}
    assert metric["name"] == "m.x" and metric["attributes"]["t"]["unit"] == "second"


def test_metrics():
    testing.init()
    metrics.count("orders")
    metrics.count("orders", 2, attributes={"kind": "book"})
    metrics.gauge("depth", 17.5, unit="item")
    metrics.distribution("time", 12, unit="millisecond")
    metrics.gauge("wrong", "x")
    found = [metric for payload in items("trace_metric") for metric in payload["items"]]
    assert [(m["name"], m["type"], m["value"]) for m in found] == [
        ("orders", "counter", 1),
        ("orders", "counter", 2),
        ("depth", "gauge", 17.5),
        ("time", "distribution", 12),
    ]
    assert found[2]["unit"] == "item" and found[1]["attributes"]["kind"]["value"] == "book"


CONFIG = {"schedule": {"type": "interval", "value": 10, "unit": "minute"}, "checkin_margin": 5}


def test_monitor():
    testing.init()

    @monitor("sync", monitor_config=CONFIG)
    def job(number):
        """Its words."""
        testing.advance_clock(2)
        return number

    @monitor(monitor_slug="async")
    async def waits():
        await asyncio.sleep(0)
        raise KeyError

    assert job(5) == 5 and job.__doc__ == "Its words."
    with pytest.raises(KeyError):
        asyncio.run(waits())
    with pytest.raises(SystemExit), monitor("exits"):
        raise SystemExit(0)

    async def block():
        async with monitor("block"):
            pass

    asyncio.run(block())
    found = items("check_in")
    assert [(c["monitor_slug"], c["status"]) for c in found] == [
        ("sync", "in_progress"),
        ("sync", "ok"),
        ("async", "in_progress"),
        ("async", "error"),
        ("exits", "in_progress"),
        ("exits", "ok"),
        ("block", "in_progress"),
        ("block", "ok"),
    ]
    assert found[0]["monitor_config"]["schedule"] == CONFIG["schedule"] and found[1]["duration"] == 2
    assert found[0]["check_in_id"] == found[1]["check_in_id"] != found[2]["check_in_id"]


def test_a_job_that_runs_many_times_at_once():
    testing.init()
    meet = threading.Barrier(4)

    @monitor("parallel")
    def job():
        meet.wait(30)

    workers = [threading.Thread(target=job) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    found = items("check_in")
    ids = [c["check_in_id"] for c in found]
    assert len(found) == 8 and all(ids.count(id) == 2 for id in ids)


def test_check_ins(capfd):
    testing.init(debug=True)
    id = watchpost.capture_checkin(monitor_slug="job", status=MonitorStatus.IN_PROGRESS)
    assert watchpost.capture_checkin("job", id, MonitorStatus.OK, duration=1.5) == id
    assert watchpost.capture_checkin("not a slug", status="ok") is None
    assert "monitor_slug" in capfd.readouterr().err
    assert [c["status"] for c in items("check_in")] == ["in_progress", "ok"]


def test_feedback():
    testing.init()
    event_id = watchpost.capture_message("m")
    id = watchpost.capture_feedback(
        "It is slow",
        name="Ada",
        contact_email="ada@example.com",
        associated_event_id=event_id,
        attachments=[watchpost.Attachment(b"x", "screen.png")],
    )
    assert watchpost.capture_feedback({"message": "From a form", "url": "https://example.com"}) is not None
    assert watchpost.capture_feedback("  ") is None
    first, second = items("feedback")
    assert first["event_id"] == id and first["contexts"]["feedback"]["associated_event_id"] == event_id
    assert second["contexts"]["feedback"]["url"] == "https://example.com"


def test_attachments(tmp_path):
    testing.init()
    file = tmp_path / "state.json"
    file.write_text("{}")
    watchpost.add_attachment(b"all", "all.txt", content_type="text/plain")
    with watchpost.new_scope() as scope:
        scope.add_attachment(path=file)
        scope.add_attachment(bytes=lambda: b"lazy", filename="lazy.bin")
        scope.add_attachment(filename="neither")
        watchpost.capture_message("a", hint={"attachments": [{"bytes": b"hint", "filename": "hint.txt"}, 5]})
    watchpost.capture_event({"message": "b"}, attachments=[watchpost.Attachment(bytearray(b"b"), "b.txt")])
    first, second = testing.envelopes()
    name = lambda envelope: [item["header"].get("filename") for item in envelope["items"]]  # noqa: E731
    assert name(first) == [None, "all.txt", "state.json", "lazy.bin", "hint.txt"]
    assert name(second) == [None, "all.txt", "b.txt"]
    with pytest.raises(ValueError):
        watchpost.Attachment(filename="neither")


def test_flags():
    testing.init()
    add_feature_flag("new-cart", True)
    with watchpost.isolation_scope():
        add_feature_flag("other", False)
        watchpost.capture_message("a")
    watchpost.capture_message("b")
    first, second = testing.events()
    flags = lambda event: [(f["flag"], f["result"]) for f in event["contexts"]["flags"]["values"]]  # noqa: E731
    assert flags(first) == [("new-cart", True), ("other", False)] and flags(second) == [("new-cart", True)]


def test_sessions():
    testing.init(release="shop@1", auto_session_tracking=True)
    watchpost.start_session()
    watchpost.end_session()
    assert [s["status"] for s in items("session")][-1] == "exited"
    testing.init(release="shop@1", auto_session_tracking=True)
    for number in range(3):
        with watchpost.isolation_scope(), sessions.track_session() as session:
            if number == 1:
                watchpost.capture_message("no error", "info")
                watchpost.capture_exception(ValueError())
            if number == 2:
                session.mark_crashed()
    (aggregate,) = items("sessions")[-1]["aggregates"]
    assert (aggregate["exited"], aggregate["errored"], aggregate["crashed"]) == (1, 1, 1)


def test_error_processors():
    testing.init()
    seen = []

    def named(event, exc_info):
        seen.append(exc_info)
        event["tags"] = {"processed": "yes"}
        return event

    watchpost.get_isolation_scope().add_error_processor(named, LookupError)
    watchpost.get_isolation_scope().add_error_processor("no function")
    error = KeyError("k")
    watchpost.capture_exception(error)
    watchpost.capture_exception(ValueError())
    watchpost.capture_message("m")
    assert len(seen) == 1 and seen[0][:2] == (KeyError, error)
    assert ["tags" in event for event in testing.events()] == [True, False, False]


def test_global_processor_and_error_sampler():
    rates = {"ValueError": 0.0}

    def error_sampler(event, hint):
        return rates.get(type(hint["original_exception"]).__name__, 1.0)

    testing.init(error_sampler=error_sampler, event_processor=lambda event, hint: {**event, "extra": {"first": 1}})
    watchpost.add_global_event_processor(lambda event, hint: {**event, "tags": {"all": "yes"}})
    assert watchpost.capture_exception(ValueError()) is None
    assert watchpost.capture_exception(KeyError()) is not None
    (event,) = testing.events()
    assert event["tags"] == {"all": "yes"} and event["extra"] == {"first": 1}


def test_scopes_as_the_official_sdk_names_them():
    testing.init()
    mine = watchpost.get_current_scope().fork()
    mine.set_tag("mine", 1)
    with watchpost.scope.use_scope(mine):
        watchpost.capture_message("a")
    isolated = watchpost.get_isolation_scope().fork()
    isolated.user = {"id": 5}
    isolated.level = "warning"
    isolated.fingerprint = ["x"]
    isolated.transaction = "named"
    with watchpost.use_isolation_scope(isolated):
        watchpost.capture_event({"message": "b"})
        watchpost.set_tag("only", "here")
    isolated.update_from_kwargs(tags={"late": 1})
    watchpost.capture_message("c")
    with watchpost.push_scope() as scope:
        scope.set_tag("pushed", 1)
    with watchpost.configure_scope() as scope:
        scope.set_tag("configured", 1)
    watchpost.capture_message("d", attributes={"a": 1})
    a, b, c, d = testing.events()
    assert a["tags"] == {"mine": "1"} and "tags" not in c and d["tags"] == {"configured": "1"}
    assert b["user"] == {"id": "5"} and b["level"] == "warning" and b["fingerprint"] == ["x"]
    assert b["transaction"] == "named"


def test_the_client():
    testing.init(release="shop@1", environment="test", send_default_pii=True)
    client = watchpost.get_client()
    assert client.is_active() and "localhost" in client.dsn
    assert client.options["release"] == "shop@1" and client.options["environment"] == "test"
    assert watchpost.scope.should_send_default_pii()
    assert asyncio.run(watchpost.flush_async(2))
    watchpost.close(0)
    assert not watchpost.get_client().is_active()


def test_consent():
    testing.init(require_consent=True)
    assert watchpost.capture_message("before") is None
    watchpost.set_consent(True)
    assert watchpost.capture_message("after") is not None
    assert [event["logentry"]["formatted"] for event in testing.events()] == ["after"]


def test_tasks_and_threads_are_isolated():
    testing.init(enable_logs=True)

    async def task(name):
        watchpost.set_tag("task", name)
        add_feature_flag(name, True)
        watchpost.set_attribute("task", name)
        await asyncio.sleep(0)
        logger.info("in {}", name)
        with watchpost.isolation_scope() as scope:
            scope.set_user({"id": name})
            await asyncio.sleep(0)
            watchpost.capture_message(name)

    async def main():
        await asyncio.gather(*(task(name) for name in "abc"))
        assert watchpost.get_isolation_scope() is not None
        watchpost.capture_message("outside")

    asyncio.run(main())
    for line in lines_of(testing.envelopes()):
        assert line["body"] == f"in {values(line)['task']}"


def lines_of(envelopes):
    events = [item["payload"] for e in envelopes for item in e["items"] if item["header"]["type"] == "event"]
    for event in events:
        name = event["logentry"]["formatted"]
        if name == "outside":
            assert "tags" not in event and "user" not in event
        else:
            assert event["tags"] == {"task": name} and event["user"] == {"id": name}
            assert [flag["flag"] for flag in event["contexts"]["flags"]["values"]] == [name]
    watchpost.flush()
    found = [item for e in testing.envelopes() for item in e["items"] if item["header"]["type"] == "log"]
    return [line for item in found for line in item["payload"]["items"]]
