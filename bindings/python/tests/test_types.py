"""The stubs are true, and a strict type checker accepts what the README shows."""

import subprocess
import sys

import pytest

pytest.importorskip("mypy")

SAMPLE = '''
import re
from typing import Any, Optional

import watchpost
import watchpost.testing
from watchpost import Event, Hint, Scope
from watchpost.integrations.starlette import StarletteIntegration
from watchpost.scrubber import EventScrubber
from watchpost.types import Breadcrumb, BreadcrumbHint


def before_send(event: Event, hint: Hint) -> Optional[Event]:
    event["tags"] = {"a": "b"}
    return event if "exc_info" in hint else None


watchpost.init("https://key@errors.example.com/42", release="shop@1", sample_rate=0.5, before_send=before_send,
               in_app_include=["shop"], shutdown_timeout=1.5, disabled_integrations=["logging"],
               ignore_errors=[KeyError, "ValueError", {"regex": "^timeout"}, re.compile("x")],
               trace_propagation_targets=[".*", re.compile("^https")], event_scrubber=EventScrubber(denylist=["iban"]),
               enable_tracing=True, profiles_sample_rate=0.1, _experiments={}, max_stack_frames=50, project_root="/srv")
watchpost.set_user({"id": "42"})
watchpost.set_tag("a", "b")
watchpost.add_breadcrumb(message="m", category="c", data={"n": 1}, level="warning")
watchpost.add_breadcrumb({"message": "m"})
with watchpost.new_scope() as scope:
    scope.set_context("cart", {"items": 3})
    id: Optional[str] = watchpost.capture_exception(ValueError("x"), tags={"a": 1}, level="fatal")
with watchpost.isolation_scope() as isolation:
    taken: Scope = isolation
    watchpost.capture_message("m", "info")
    watchpost.capture_message("m", "info", isolation)
    watchpost.capture_exception(ValueError("x"), lambda scope: scope.set_tag("a", "b"))
    watchpost.capture_event({"message": "m"}, {"mine": 1}, taken)
    watchpost.Scope().capture_message("m", hint={"mine": 1})
    isolation.span = watchpost.get_current_span()
found: Optional[StarletteIntegration] = None
if isinstance(running := watchpost.get_client().get_integration(StarletteIntegration), StarletteIntegration):
    found = running
watchpost.init(integrations=[StarletteIntegration(failed_request_status_codes={404}, http_methods_to_capture=("GET",))])
watchpost.configure_scope(lambda scope: scope.set_tag("a", "b"))
with watchpost.configure_scope() as configured:
    configured.set_level(value="warning")


def before_breadcrumb(crumb: Breadcrumb, hint: BreadcrumbHint) -> Optional[Breadcrumb]:
    return crumb


done: bool = watchpost.flush(timeout=2)


def traces_sampler(context: watchpost.SamplingContext) -> float:
    return 0.5 if context["parent_sampled"] is None else 1.0


watchpost.init(traces_sampler=traces_sampler, enable_logs=True, before_send_log=lambda log, hint: log)


@watchpost.trace
def plain(number: int) -> str:
    return str(number)


@watchpost.trace(op="db")
async def waits(number: int) -> str:
    return plain(number)


@watchpost.monitor("nightly", monitor_config={"schedule": {"type": "crontab", "value": "0 3 * * *"}})
def job() -> int:
    return 1


answer: int = job()
with watchpost.start_transaction(op="task", name="import", source="task") as transaction:
    transaction.set_measurement("rows", 3)
    with watchpost.start_span(op="db", name="SELECT 1") as span:
        span.set_data("rows", 1)
        child: watchpost.Span = span.start_child(op="inner")
    headers: dict[str, str] = watchpost.get_trace_headers("https://example.com/")
with watchpost.start_transaction(watchpost.continue_trace({"sentry-trace": "..."}, op="http.server")):
    pass
watchpost.logger.info("{n} rows", n=3, attributes={"table": "ledger", "sizes": [1, 2]})
watchpost.metrics.distribution("time", 12.5, unit="millisecond")
watchpost.add_attachment(b"bytes", "name.txt")
watchpost.capture_message("m", attachments=[watchpost.Attachment(path="a.txt")])
feedback: Optional[str] = watchpost.capture_feedback("It is slow", name="Ada")
with watchpost.testing.captured() as sent:
    event: dict[str, Any] = sent.assert_event(level="error")
'''
WRONG = {
    "watchpost.init(sampel_rate=1)": "sampel_rate",
    "watchpost.capture_message('m', level='loud')": "level",
    "watchpost.add_breadcrumb(mesage='m')": "mesage",
    "watchpost.init(before_send=lambda event: event)": "before_send",
    "watchpost.set_tag('a')": "value",
    "watchpost.start_span(opp='db')": "opp",
    "watchpost.logger.info('m', attributes={'a': object()})": "attributes",
    "watchpost.init(traces_sampler=0.5)": "traces_sampler",
}


def mypy(*arguments):
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def test_stubs_match_the_module():
    done = mypy("mypy.stubtest", "watchpost")
    assert done.returncode == 0, done.stdout


def test_strict_sample(tmp_path):
    sample = tmp_path / "sample.py"
    sample.write_text(SAMPLE)
    done = mypy("mypy", "--strict", str(sample))
    assert done.returncode == 0, done.stdout


def test_strict_package():
    done = mypy("mypy", "--strict", "-p", "watchpost")
    assert done.returncode == 0, done.stdout


def test_mistakes_are_found(tmp_path):
    sample = tmp_path / "wrong.py"
    sample.write_text("import watchpost\n" + "\n".join(WRONG))
    done = mypy("mypy", "--strict", str(sample))
    for number, (line, word) in enumerate(WRONG.items(), 2):
        assert any(f"wrong.py:{number}:" in said for said in done.stdout.splitlines()), (line, word, done.stdout)
