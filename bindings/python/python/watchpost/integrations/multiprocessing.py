"""Processes of `multiprocessing`: errors that end them, and delivery before they end."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class MultiprocessingIntegration(Integration):
    """Captures what ends a process, and delivers before the process ends, as it ends without `atexit`.

    Forked processes go on with the client of their parent. Those of `spawn` and `forkserver` begin without one: there
    `init` belongs into a module that they import too, or into the function that they run.
    """

    identifier = "multiprocessing"

    @staticmethod
    def set_up_once() -> None:
        """Wraps the method that every process begins with."""
        when_imported("multiprocessing.process", lambda module: wrap(module.BaseProcess, "_bootstrap", _make))
        when_imported("multiprocessing.util", _at_exit)


def _make(original: Any) -> Any:
    def _bootstrap(self: Any, *more: Any, **named: Any) -> Any:
        inner = self.run

        def run() -> Any:
            try:
                return inner()
            except Exception as error:
                if "multiprocessing" in active:
                    _watchpost.capture_exception_from(error, "auto.multiprocessing", False)
                raise

        self.run = run
        return original(self, *more, **named)

    return _bootstrap


def _at_exit(util: Any) -> None:
    # Finalizers of the parent are dropped in a child; this is called there, before it runs anything.
    util.register_after_fork(_KEEP, lambda _: util.Finalize(None, _deliver, exitpriority=-100))
    util.Finalize(None, _deliver, exitpriority=-100)


class _Keep:
    """`register_after_fork` wants something that it can refer to weakly."""


_KEEP = _Keep()


def _deliver() -> None:
    if "multiprocessing" in active:
        _watchpost.flush()
