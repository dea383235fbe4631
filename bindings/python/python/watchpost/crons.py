"""Scheduled jobs that say how they are.

    from watchpost.crons import monitor

    @monitor("nightly-report", monitor_config={"schedule": {"type": "crontab", "value": "0 3 * * *"}})
    def report(): ...
"""

from __future__ import annotations

import functools

from . import _watchpost
from ._watchpost import capture_checkin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any, Callable, TypeVar

    from .options import MonitorConfig

    _F = TypeVar("_F", bound=Callable[..., Any])

__all__ = ["MonitorStatus", "capture_checkin", "monitor"]


class MonitorStatus:
    """How far a job is."""

    IN_PROGRESS = "in_progress"
    OK = "ok"
    ERROR = "error"


class monitor:
    """Reports a job, as a decorator of a function or coroutine function, or as a `with` block.

    It says `in_progress` at the beginning, and at the end `ok`, or `error` if an exception leaves it, with the time that
    it took. With a configuration it also creates or changes the monitor.
    """

    def __init__(self, monitor_slug: str, monitor_config: MonitorConfig | None = None) -> None:
        self._slug = monitor_slug
        self._config = monitor_config
        self._runs: list[_watchpost.MonitorRun] = []

    def __enter__(self) -> None:
        self._runs.append(_watchpost.start_monitor(self._slug, self._config))

    def __exit__(
        self, ty: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._runs:
            self._runs.pop().finish(_has_failed(value))

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, ty: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(ty, value, traceback)

    def __call__(self, func: _F) -> _F:
        """Reports each call of a function as a run of its own."""
        import inspect

        wrapped: Any
        if inspect.iscoroutinefunction(func):

            @functools.wraps(func)
            async def waits(*args: Any, **kwargs: Any) -> Any:
                with monitor(self._slug, self._config):
                    return await func(*args, **kwargs)

            wrapped = waits
        else:

            @functools.wraps(func)
            def runs(*args: Any, **kwargs: Any) -> Any:
                with monitor(self._slug, self._config):
                    return func(*args, **kwargs)

            wrapped = runs
        result: _F = wrapped
        return result


def _has_failed(error: BaseException | None) -> bool:
    if isinstance(error, SystemExit):
        return bool(error.code)
    return error is not None
