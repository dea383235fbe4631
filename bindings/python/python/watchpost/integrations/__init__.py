"""What Watchpost observes by itself. Each can be switched off by its name in `disabled_integrations`.

An integration imports no third party module that the application has not imported, replaces no function of another
library, changes no exit code and prints nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable, Iterable

#: Name, module in here, and the module of the application that it is for, if that is not part of Python.
_ALL = (
    ("excepthook", "excepthook", None),
    ("threading", "threads", None),
    ("logging", "logs", None),
    ("flask", "flask", "flask"),
)


def wanted(disabled: Iterable[object]) -> list[tuple[str, str]]:
    """The integrations to set up: name, and module in here."""
    off = set(disabled)
    return [
        (name, module) for name, module, needs in _ALL if name not in off and (needs is None or needs in sys.modules)
    ]


def set_up(chosen: Iterable[tuple[str, str]]) -> None:
    """Sets integrations up; each does nothing the second time."""
    for _, module in chosen:
        start: Callable[[], None] = import_module(f"{__name__}.{module}").set_up
        start()
