"""The arguments of the program. Only where it is named in `integrations`: they may be nobody's business."""

from __future__ import annotations

import sys

from .. import _watchpost
from . import Integration


class ArgvIntegration(Integration):
    """Every event says with which arguments the program was started: `sys.argv` in its `extra`."""

    identifier = "argv"

    def switched(self, on: bool) -> None:
        """Notes them for all events of the process."""
        scope = _watchpost.get_global_scope()
        if on:
            scope.set_extra("sys.argv", list(sys.argv))
        else:
            scope.remove_extra("sys.argv")
