"""Exceptions that end the program."""

from __future__ import annotations

import sys

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

_is_set_up = False


def set_up() -> None:
    """Looks at what reaches `sys.excepthook` before whoever is there now."""
    global _is_set_up
    if _is_set_up:
        return
    _is_set_up = True
    previous = sys.excepthook

    def excepthook(ty: type[BaseException], error: BaseException, traceback: TracebackType | None) -> Any:
        # At the prompt every typing error ends up here, and an interrupt is no error.
        if not hasattr(sys, "ps1") and not isinstance(error, KeyboardInterrupt):
            _watchpost.capture_exception_from((ty, error, traceback), "auto.excepthook", False, level="fatal")
        return previous(ty, error, traceback)

    sys.excepthook = excepthook
