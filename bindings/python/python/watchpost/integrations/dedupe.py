"""One exception is one event: that is no integration here, but always so."""

from __future__ import annotations

from . import Integration


class DedupeIntegration(Integration):
    """Taken for the sake of programs that name it: what integrations see of an exception a second time, in the same piece of
    work, is never an event."""

    identifier = "dedupe"
