"""Programs that were written for the official SDK, but for the import line: each runs as it is and reports to a server."""

import inspect
import sys

import pytest

from support import Sink, finish, items

PROGRAMS = {}


def program(check):
    """A program, as the docstring of what looks at what it sent."""
    PROGRAMS[check.__name__] = check
    return check


@program
def first_error(sink, done):
    """
    import os
    import watchpost as sentry_sdk

    sentry_sdk.init(dsn=os.environ["DSN"], send_default_pii=True, traces_sample_rate=1.0)
    division_by_zero = 1 / 0
    """
    assert done.returncode == 1 and "ZeroDivisionError" in done.stderr
    (event,) = sink.events()
    assert event["exception"]["values"][-1]["type"] == "ZeroDivisionError"
    assert event["exception"]["values"][-1]["mechanism"]["handled"] is False


@program
def scopes_and_enriching(sink, done):
    """
    import os
    import watchpost as sentry_sdk
    from watchpost import capture_exception, capture_message, new_scope

    sentry_sdk.init(dsn=os.environ["DSN"], environment="staging", release="shop@1.2.3")
    sentry_sdk.set_user({"id": "42", "email": "jane@example.com"})
    sentry_sdk.set_tag("page.locale", "de-at")
    sentry_sdk.set_context("character", {"name": "Mighty Fighter", "age": 19})
    sentry_sdk.add_breadcrumb(category="auth", message="Authenticated user", level="info")
    with new_scope() as scope:
        scope.set_tag("my-tag", "my value")
        scope.level = "warning"
        try:
            int("x")
        except Exception as e:
            capture_exception(e)
    capture_message("Something went wrong")
    with sentry_sdk.isolation_scope() as scope:
        scope.user = {"id": "7"}
        sentry_sdk.capture_exception(RuntimeError("isolated"), tags={"inline": "1"})
    """
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    error, message, isolated = sink.events()
    assert error["level"] == "warning" and error["tags"] == {"page.locale": "de-at", "my-tag": "my value"}
    assert error["environment"] == "staging" and error["release"] == "shop@1.2.3" and error["user"]["id"] == "42"
    assert error["contexts"]["character"]["age"] == 19
    assert error["breadcrumbs"]["values"][0]["category"] == "auth"
    assert message["level"] == "info" and "my-tag" not in message["tags"]
    assert isolated["user"] == {"id": "7"} and isolated["tags"]["inline"] == "1"


@program
def filtering(sink, done):
    """
    import os
    import watchpost as sentry_sdk

    def before_send(event, hint):
        if "exc_info" in hint:
            exc_type, exc_value, tb = hint["exc_info"]
            if isinstance(exc_value, KeyError):
                return None
        if event.get("request", {}).get("url", "").startswith("/api/v1"):
            event["fingerprint"] = ["api-v1", "{{ default }}"]
        return event

    def before_breadcrumb(crumb, hint):
        return None if crumb["category"] == "noise" else crumb

    sentry_sdk.init(
        dsn=os.environ["DSN"],
        before_send=before_send,
        before_breadcrumb=before_breadcrumb,
        sanitize_fields=["password", "credit_card", "ssn"],
    )
    sentry_sdk.add_breadcrumb(category="noise", message="n")
    sentry_sdk.add_breadcrumb(category="kept", message="k")
    sentry_sdk.capture_exception(KeyError("dropped"))
    sentry_sdk.capture_event({"message": "m", "request": {"url": "/api/v1/orders"}, "extra": {"ssn": "123"}})
    """
    assert (done.returncode, done.stderr) == (0, "")
    (event,) = sink.events()
    assert event["fingerprint"] == ["api-v1", "{{ default }}"] and event["extra"] == {"ssn": "[Filtered]"}
    assert [crumb["category"] for crumb in event["breadcrumbs"]["values"]] == ["kept"]


@program
def tracing(sink, done):
    """
    import asyncio
    import os
    import watchpost as sentry_sdk

    def traces_sampler(context):
        return 1.0 if context["user"]["id"] == "42" else 0

    sentry_sdk.init(dsn=os.environ["DSN"], traces_sampler=traces_sampler)

    @sentry_sdk.trace
    def chew():
        return "chewed"

    @sentry_sdk.trace(op="bite", name="bite one slice")
    async def bite():
        sentry_sdk.get_current_span().set_data("size", 3)

    def eat_pizza(user):
        with sentry_sdk.start_transaction(
            op="task", name="Eat Pizza", custom_sampling_context={"user": {"id": user}}
        ) as transaction:
            transaction.set_tag("cook", "luigi")
            with sentry_sdk.start_span(op="eat", name="Eat Slice") as span:
                span.set_status("ok")
                child = span.start_child(op="swallow", description="Swallow")
                chew()
                asyncio.run(bite())
                child.finish()
            sentry_sdk.set_measurement("slices", 8)

    eat_pizza("7")
    eat_pizza("42")
    """
    assert (done.returncode, done.stderr) == (0, "")
    (transaction,) = items(sink, "transaction")
    assert transaction["transaction"] == "Eat Pizza" and transaction["tags"] == {"cook": "luigi"}
    assert transaction["measurements"]["slices"]["value"] == 8
    spans = {span["op"]: span for span in transaction["spans"]}
    assert set(spans) == {"eat", "swallow", "function", "bite"} and spans["eat"]["status"] == "ok"
    for op in ("swallow", "function", "bite"):
        assert spans[op]["parent_span_id"] == spans["eat"]["span_id"]
    assert spans["bite"]["data"] == {"size": 3}


@program
def continued_in_another_process(sink, done):
    """
    import json
    import os
    import subprocess
    import sys
    import watchpost as sentry_sdk

    sentry_sdk.init(dsn=os.environ["DSN"], traces_sample_rate=1.0)
    if len(sys.argv) > 1:
        headers = json.loads(sys.argv[1])
        transaction = sentry_sdk.continue_trace(headers, op="queue.process", name="consumer")
        with sentry_sdk.start_transaction(transaction):
            sentry_sdk.capture_message("in the consumer")
    else:
        with sentry_sdk.start_transaction(op="queue.publish", name="producer"):
            headers = {"sentry-trace": sentry_sdk.get_traceparent(), "baggage": sentry_sdk.get_baggage()}
            subprocess.run([sys.executable, __file__, json.dumps(headers)], check=True)
    """
    assert (done.returncode, done.stderr) == (0, "")
    sent = {transaction["transaction"]: transaction for transaction in items(sink, "transaction")}
    producer, consumer = (sent[name]["contexts"]["trace"] for name in ("producer", "consumer"))
    assert consumer["trace_id"] == producer["trace_id"] and consumer["parent_span_id"] == producer["span_id"]
    (event,) = sink.events()
    assert event["contexts"]["trace"]["trace_id"] == producer["trace_id"]


@program
def logs_metrics_and_flags(sink, done):
    """
    import os
    import watchpost as sentry_sdk
    from watchpost import logger as sentry_logger
    from watchpost.feature_flags import add_feature_flag

    def before_log(log, hint):
        return None if log["level"] == "debug" else log

    sentry_sdk.init(dsn=os.environ["DSN"], enable_logs=True, before_send_log=before_log)
    sentry_logger.debug("dropped")
    sentry_logger.info("Updated global cache for {user}", user="jane", attributes={"hits": 3})
    sentry_sdk.logger.warning("Rate limit reached for endpoint {endpoint}", endpoint="/api/results/")
    sentry_sdk.metrics.count("checkout.failed", 1)
    sentry_sdk.metrics.distribution("latency", 187.5, unit="millisecond", attributes={"route": "/"})
    add_feature_flag("test-flag", False)
    sentry_sdk.capture_exception(Exception("Something went wrong!"))
    """
    assert (done.returncode, done.stderr) == (0, "")
    lines = [line for payload in items(sink, "log") for line in payload["items"]]
    assert [line["body"] for line in lines] == [
        "Updated global cache for jane",
        "Rate limit reached for endpoint /api/results/",
    ]
    found = [metric for payload in items(sink, "trace_metric") for metric in payload["items"]]
    assert [metric["name"] for metric in found] == ["checkout.failed", "latency"]
    (event,) = sink.events()
    assert event["contexts"]["flags"]["values"] == [{"flag": "test-flag", "result": False}]


@program
def crons_feedback_and_attachments(sink, done):
    """
    import os
    import watchpost as sentry_sdk
    from watchpost.crons import MonitorStatus, capture_checkin, monitor

    sentry_sdk.init(dsn=os.environ["DSN"])

    @monitor(monitor_slug="nightly", monitor_config={"schedule": {"type": "crontab", "value": "0 0 * * *"}})
    def job():
        return 1

    job()
    check_in_id = capture_checkin(monitor_slug="by-hand", status=MonitorStatus.IN_PROGRESS)
    capture_checkin(monitor_slug="by-hand", check_in_id=check_in_id, status=MonitorStatus.ERROR, duration=3)
    sentry_sdk.get_current_scope().add_attachment(bytes=b"Hello World!", filename="attachment.txt")
    event_id = sentry_sdk.capture_message("with a file")
    sentry_sdk.capture_feedback("It broke", associated_event_id=event_id)
    """
    assert (done.returncode, done.stderr) == (0, "")
    found = [(item["monitor_slug"], item["status"]) for item in items(sink, "check_in")]
    assert sorted(found) == [("by-hand", "error"), ("by-hand", "in_progress")] + [
        ("nightly", "in_progress"),
        ("nightly", "ok"),
    ]
    assert b"Hello World!" in items(sink, "attachment")
    (feedback,) = items(sink, "feedback")
    assert feedback["contexts"]["feedback"]["associated_event_id"] == sink.events()[0]["event_id"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_program(name, tmp_path):
    check = PROGRAMS[name]
    file = tmp_path / "program.py"
    file.write_text("\n" + inspect.cleandoc(check.__doc__) + "\n")
    sink = Sink()
    try:
        # Without a folder of its own it would spool where this machine's user does.
        done = finish([sys.executable, str(file)], DSN=sink.dsn, HOME=tmp_path, XDG_CACHE_HOME=tmp_path / "cache")
        check(sink, done)
    finally:
        sink.close()
