"""Puts a function around a method of somebody else."""

from __future__ import annotations

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
