"""Celery: scopes and a transaction per task, the errors that end tasks, and one trace from whoever ordered them."""

from __future__ import annotations

import re

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported
from .logging import ignore_logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

_KEY = "_watchpost_task"
_RUN = "_watchpost_run"
_SLUG, _CONFIG = "sentry-monitor-slug", "sentry-monitor-config"


class CeleryIntegration(Integration):
    """Listens to Celery's own signals.

    `propagate_traces=False` sends no trace along with a task. The arguments of a task are told of only with
    `send_arguments=True`. `monitor_beat_tasks=True` makes a monitor of every entry of the beat's schedule, where the beat
    and the workers both have it; those whose name one of the expressions in `exclude_beat_tasks` matches excepted.
    """

    identifier = "celery"

    def __init__(
        self,
        propagate_traces: bool = True,
        monitor_beat_tasks: bool = False,
        exclude_beat_tasks: Iterable[str] | None = None,
        *,
        send_arguments: bool = False,
    ) -> None:
        self.propagate_traces = propagate_traces
        self.monitor_beat_tasks = monitor_beat_tasks
        self.exclude_beat_tasks = [re.compile(rule) for rule in exclude_beat_tasks or ()]
        self.send_arguments = send_arguments

    def monitors(self, name: str) -> bool:
        """True if this entry of the schedule has a monitor."""
        return self.monitor_beat_tasks and not any(rule.search(name) for rule in self.exclude_beat_tasks)

    @staticmethod
    def set_up_once() -> None:
        """Connects to the signals."""
        for logger in ("celery.app.trace", "celery.worker.job", "celery.redirected"):
            # They tell of failed tasks a second time.
            ignore_logger(logger)
        when_imported("celery.signals", _connect)
        when_imported("celery.beat", lambda module: wrap(module.Scheduler, "apply_async", _apply))


def _connect(signals: Any) -> None:
    signals.before_task_publish.connect(_publish, weak=False)
    signals.task_prerun.connect(_begin, weak=False)
    signals.task_postrun.connect(_end, weak=False)
    signals.task_failure.connect(_failed, weak=False)
    signals.worker_process_shutdown.connect(_flush, weak=False)


def _apply(original: Any) -> Any:
    def apply_async(self: Any, entry: Any, *more: Any, **named: Any) -> Any:
        settings: Any = active.get("celery")
        if settings is not None and settings.monitors(entry.name):
            headers = entry.options.setdefault("headers", {})
            headers[_SLUG] = entry.name
            schedule = _schedule(entry.schedule)
            if schedule is not None:
                headers[_CONFIG] = {"schedule": schedule, "timezone": str(self.app.timezone)}
        return original(self, entry, *more, **named)

    return apply_async


def _schedule(schedule: Any) -> dict[str, Any] | None:
    """The schedule as monitors know it: a crontab, or whole minutes. None for any other."""
    parts = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")
    if all(hasattr(schedule, f"_orig_{part}") for part in parts):
        return {"type": "crontab", "value": " ".join(str(getattr(schedule, f"_orig_{part}")) for part in parts)}
    every = getattr(schedule, "run_every", None)
    minutes, rest = divmod(every.total_seconds(), 60) if every is not None else (0, 0)
    return {"type": "interval", "value": int(minutes), "unit": "minute"} if minutes and not rest else None


def _publish(headers: Any = None, **_: Any) -> None:
    settings: Any = active.get("celery")
    if settings is not None and settings.propagate_traces and isinstance(headers, dict):
        headers.update(_watchpost.message_headers(headers.get("baggage")))


def _begin(task: Any = None, task_id: Any = None, args: Any = (), kwargs: Any = None, **_: Any) -> None:
    settings: Any = active.get("celery")
    if settings is None or task is None:
        return
    request = task.request
    headers = {}
    for name in ("sentry-trace", "baggage", "traceparent"):
        # The message's headers become the request's attributes; a task that runs at once has them in a dictionary.
        value = request.get(name) or (request.get("headers") or {}).get(name)
        if value:
            headers[name] = value
    job = {"task": task.name, "id": task_id}
    if settings.send_arguments:
        job.update(args=list(args or ()), kwargs=dict(kwargs or {}))
    begun = _watchpost.begin_task(task.name, "queue.task.celery", "auto.queue.celery", headers, {"celery_job": job})
    if begun is not None:
        slug = request.get(_SLUG)
        run = _watchpost.start_monitor(slug, request.get(_CONFIG)) if slug else None
        request.update({_KEY: begun, _RUN: run})
        scope = _watchpost.get_isolation_scope()
        scope.set_tag("celery_task_id", task_id)
        scope.set_context("celery-job", job)
        retries = request.get("retries")
        if retries:
            begun.set_data("messaging.message.retry.count", retries)


def _end(task: Any = None, state: Any = None, **_: Any) -> None:
    begun = task.request.get(_KEY) if task is not None else None
    if begun is not None:
        run = task.request.get(_RUN)
        if run is not None:
            run.finish(state == "FAILURE")
        begun.finish(state == "FAILURE")


def _failed(sender: Any = None, exception: Any = None, **_: Any) -> None:
    if "celery" not in active or not isinstance(exception, Exception):
        return
    if isinstance(exception, tuple(getattr(sender, "throws", ()) or ())):
        return  # The task says that this is to be expected.
    _watchpost.capture_exception_from(exception, "auto.queue.celery", False)


def _flush(**_: Any) -> None:
    _watchpost.flush()
