"""Errors of tasks and callbacks that nobody awaits."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._patch import without_effect, wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class AsyncioIntegration(Integration):
    """Looks at what an event loop is told by `call_exception_handler`, whatever handler it has."""

    identifier = "asyncio"

    def __init__(self, task_spans: bool | None = None) -> None:
        if task_spans:
            without_effect("AsyncioIntegration(task_spans=True)")
        self.task_spans = False

    @staticmethod
    def set_up_once() -> None:
        """Wraps the method of the loops that Python brings. Others log such errors, and `logging` is observed too."""
        when_imported("asyncio.base_events", lambda module: wrap(module.BaseEventLoop, "call_exception_handler", _make))


def _make(original: Any) -> Any:
    def call_exception_handler(self: Any, context: dict[str, Any]) -> Any:
        error = context.get("exception")
        if "asyncio" in active and isinstance(error, Exception):
            _in_context_of(context, error)
        return original(self, context)

    return call_exception_handler


def _in_context_of(context: dict[str, Any], error: Exception) -> None:
    """Captures with the scopes of the task, where Python tells them (3.12 and newer)."""
    owner = context.get("task") or context.get("future") or context.get("handle")
    get = getattr(owner, "get_context", None)
    own = get() if get is not None else None
    if own is not None:
        try:
            own.run(_capture, error)
            # The loop is about to log it, in other scopes.
            _watchpost.pass_over(error)
            return
        except RuntimeError:  # It is this very context.
            pass
    _capture(error)


def _capture(error: Exception) -> None:
    _watchpost.capture_exception_from(error, "auto.asyncio", False)
