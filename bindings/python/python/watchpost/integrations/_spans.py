"""Functions of somebody else, each call in a span of its own where something is recorded."""

from __future__ import annotations

from . import active

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from .. import _watchpost

    _Begin = Callable[..., _watchpost.Child | None]


def in_span(integration: str, function: Any, begin: _Begin, ended: Callable[..., None] | None = None) -> Any:
    """`function`, in the span that `begin` makes of the same arguments, if it makes one.

    `ended(span, answer, *args, **named)` is told what it has answered. Nothing happens while the integration is off.
    """

    def spanned(*args: Any, **named: Any) -> Any:
        child = begin(*args, **named) if integration in active else None
        if child is None:
            return function(*args, **named)
        failed = True
        try:
            answer = function(*args, **named)
            failed = False
            if ended is not None:
                ended(child, answer, *args, **named)
            return answer
        finally:
            child.finish(failed)

    return spanned


def in_span_async(
    integration: str, function: Any, begin: _Begin, ended: Callable[..., None] | None = None
) -> Any:
    """The same for a coroutine function."""

    async def spanned(*args: Any, **named: Any) -> Any:
        child = begin(*args, **named) if integration in active else None
        if child is None:
            return await function(*args, **named)
        failed = True
        try:
            answer = await function(*args, **named)
            failed = False
            if ended is not None:
                ended(child, answer, *args, **named)
            return answer
        finally:
            child.finish(failed)

    return spanned
