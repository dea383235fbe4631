"""Exceptions that end a thread."""

from __future__ import annotations

import threading

from .. import _watchpost
from . import Integration, active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class ThreadingIntegration(Integration):
    """Looks at what reaches `threading.excepthook` before whoever is there now."""

    identifier = "threading"

    @staticmethod
    def set_up_once() -> None:
        """Puts itself before the hook of now."""
        previous = threading.excepthook

        def excepthook(args: threading.ExceptHookArgs) -> Any:
            if "threading" in active and args.exc_value is not None and not isinstance(args.exc_value, SystemExit):
                info = (args.exc_type, args.exc_value, args.exc_traceback)
                _watchpost.capture_exception_from(info, "auto.threading", False)
            return previous(args)

        threading.excepthook = excepthook
