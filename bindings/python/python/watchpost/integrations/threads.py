"""Exceptions that end a thread."""

from __future__ import annotations

import threading

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_is_set_up = False


def set_up() -> None:
    """Looks at what reaches `threading.excepthook` before whoever is there now."""
    global _is_set_up
    if _is_set_up:
        return
    _is_set_up = True
    previous = threading.excepthook

    def excepthook(args: threading.ExceptHookArgs) -> Any:
        if args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
            info = (args.exc_type, args.exc_value, args.exc_traceback)
            _watchpost.capture_exception_from(info, "auto.threading", False)
        return previous(args)

    threading.excepthook = excepthook
