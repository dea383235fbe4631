"""IPython and Jupyter: the errors of cells. Only where it is named in `integrations`: at a prompt most are typing errors."""

from __future__ import annotations

import sys

from .. import _watchpost
from . import Integration, active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class IPythonIntegration(Integration):
    """For notebooks that run by themselves, on a schedule for instance."""

    identifier = "ipython"

    @staticmethod
    def set_up_once() -> None:
        """Registers with the shell's own events. Outside of a shell there is nothing to do."""
        module = sys.modules.get("IPython")
        shell = module.get_ipython() if module is not None else None
        if shell is not None:
            shell.events.register("post_run_cell", _ran)


def _ran(result: Any) -> None:
    error = result.error_in_exec
    if "ipython" in active and isinstance(error, Exception):
        _watchpost.capture_exception_from(error, "auto.ipython", False)
