"""Puts a function around a method of somebody else, and tells of arguments that come to nothing."""

from __future__ import annotations

import warnings
from functools import wraps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_MARK = "__watchpost__"


def wrap(owner: Any, name: str, make: Callable[[Any], Any]) -> None:
    """Replaces `owner.name` by `make(original)`, which keeps its name, its signature and its documentation; once."""
    original = getattr(owner, name)
    if getattr(original, _MARK, False):
        return
    replacement = wraps(original)(make(original))
    setattr(replacement, _MARK, True)
    setattr(owner, name, replacement)


def without_effect(*named: str, depth: int = 3) -> None:
    """Warns of what `sentry-sdk` knows and this package does not: the program runs on without it. `depth` calls up is the
    line that asks for it."""
    if named:
        listed = ", ".join(named)
        warnings.warn(f"watchpost takes {listed} for the sake of programs that moved, without effect", stacklevel=depth)
