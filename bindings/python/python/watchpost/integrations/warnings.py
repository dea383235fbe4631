"""Warnings as breadcrumbs."""

from __future__ import annotations

import warnings

from .. import _watchpost
from . import Integration, active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class WarningsIntegration(Integration):
    """Makes breadcrumbs of the warnings that are shown."""

    identifier = "warnings"

    @staticmethod
    def set_up_once() -> None:
        """Puts itself before `warnings.showwarning`, which the documentation lets one replace."""
        previous = warnings.showwarning

        def showwarning(
            message: Warning | str, category: type[Warning], filename: str, lineno: int, *more: Any, **named: Any
        ) -> None:
            if "warnings" in active:
                _watchpost.add_breadcrumb(
                    message=f"{category.__name__}: {message}",
                    category="py.warnings",
                    level="warning",
                    data={"filename": filename, "lineno": lineno},
                )
            previous(message, category, filename, lineno, *more, **named)

        warnings.showwarning = showwarning
