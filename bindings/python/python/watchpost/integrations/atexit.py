"""The end of the process: `init` sees to it that everything is delivered then."""

from __future__ import annotations

from . import Integration
from ._patch import without_effect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable


class AtexitIntegration(Integration):
    """Taken for the sake of programs that name it. Nothing is said while the end waits, so nobody calls `callback`."""

    identifier = "atexit"

    def __init__(self, callback: Callable[[int, float], Any] | None = None) -> None:
        if callback is not None:
            without_effect("AtexitIntegration(callback=...)")
        self.callback = callback
