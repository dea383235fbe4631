"""IPython and Jupyter: the errors of cells. Only where it is named in `integrations`: at a prompt most are typing errors."""

from __future__ import annotations

import sys

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class IPythonIntegration(Integration):
    """For notebooks that run by themselves, on a schedule for instance."""

    identifier = "ipython"

    @staticmethod
    def set_up_once() -> None:
        """Wraps the method by which every error is shown: of cells, of scripts that `%run` runs, of `%%time`."""
        when_imported(
            "IPython.core.interactiveshell", lambda module: wrap(module.InteractiveShell, "showtraceback", _show)
        )


def _show(original: Any) -> Any:
    def showtraceback(self: Any, *args: Any, **named: Any) -> Any:
        if "ipython" in active:
            _capture(args[0] if args else named.get("exc_tuple"))
        return original(self, *args, **named)

    return showtraceback


def _capture(info: Any) -> None:
    if not info or info[0] is None:
        info = sys.exc_info()
        if info[0] is None:
            return  # One that was shown before is shown once more.
    error = info[1]
    usage = sys.modules.get("IPython.core.error")
    # A magic command that was mistyped tells how it is used.
    if isinstance(error, Exception) and not (usage is not None and isinstance(error, usage.UsageError)):
        _watchpost.capture_exception_from(error, "auto.ipython", False)
