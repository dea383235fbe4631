"""RQ: scopes and a transaction per job, the errors that end jobs, and one trace from whoever ordered them."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported
from .logging import ignore_logger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEY = "_watchpost_trace"


class RqIntegration(Integration):
    """Wraps the method of jobs that does the work, and that of queues that takes a job."""

    identifier = "rq"

    @staticmethod
    def set_up_once() -> None:
        """Wraps both."""
        ignore_logger("rq.worker")  # It tells of failed jobs a second time.
        when_imported("rq.job", lambda module: wrap(module.Job, "perform", _perform))
        when_imported("rq.queue", lambda module: wrap(module.Queue, "enqueue_job", _enqueue))


def _enqueue(original: Any) -> Any:
    def enqueue_job(self: Any, job: Any, *more: Any, **named: Any) -> Any:
        if "rq" in active:
            job.meta.setdefault(_KEY, dict(_watchpost.message_headers()))
        return original(self, job, *more, **named)

    return enqueue_job


def _perform(original: Any) -> Any:
    def perform(self: Any, *more: Any, **named: Any) -> Any:
        if "rq" not in active:
            return original(self, *more, **named)
        job = {"id": self.id, "func": self.func_name, "queue": self.origin}
        headers = self.meta.get(_KEY) or {}
        task = _watchpost.begin_task(self.func_name, "queue.task.rq", "auto.queue.rq", headers, {"rq_job": job})
        if task is None:
            return original(self, *more, **named)
        _watchpost.get_isolation_scope().set_context("rq-job", job)
        failed = True
        try:
            answer = original(self, *more, **named)
            failed = False
            return answer
        except Exception as error:
            _watchpost.capture_exception_from(error, "auto.queue.rq", False)
            raise
        finally:
            task.finish(failed)
            # The process of the job ends without `atexit`.
            _watchpost.flush()

    return perform
