"""Exceptions that end the program."""

from __future__ import annotations

import sys

from .. import _watchpost
from . import Integration, active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any


class ExcepthookIntegration(Integration):
    """Looks at what reaches `sys.excepthook` before whoever is there now."""

    identifier = "excepthook"

    @staticmethod
    def set_up_once() -> None:
        """Puts itself before the hook of now."""
        previous = sys.excepthook

        def excepthook(ty: type[BaseException], error: BaseException, traceback: TracebackType | None) -> Any:
            # At the prompt every typing error ends up here, and an interrupt is no error.
            if "excepthook" in active and not hasattr(sys, "ps1") and not isinstance(error, KeyboardInterrupt):
                _watchpost.capture_exception_from((ty, error, traceback), "auto.excepthook", False, level="fatal")
            return previous(ty, error, traceback)

        sys.excepthook = excepthook
