"""Exceptions that nobody can be told of, as those of a `__del__`."""

from __future__ import annotations

import sys

from .. import _watchpost
from . import Integration, active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class UnraisableIntegration(Integration):
    """Looks at what reaches `sys.unraisablehook` before whoever is there now."""

    identifier = "unraisable"

    @staticmethod
    def set_up_once() -> None:
        """Puts itself before the hook of now."""
        previous = sys.unraisablehook

        def unraisablehook(args: sys.UnraisableHookArgs) -> Any:
            # Neither the object nor the exception is kept: that would bring them back to life.
            if "unraisable" in active and isinstance(args.exc_value, Exception):
                info = (args.exc_type, args.exc_value, args.exc_traceback)
                _watchpost.capture_exception_from(info, "auto.unraisable", False)
            return previous(args)

        sys.unraisablehook = unraisablehook
