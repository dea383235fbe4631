"""What the integrations of servers have in common: which answers are errors, and which requests are transactions."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from typing import Union

    #: Statuses that are errors; the former form is a list of numbers and ranges.
    _StatusCodes = Union[Container[int], Sequence[Union[int, Container[int]]], None]

#: A server answers with these when it has failed.
SERVER_ERRORS = frozenset(range(500, 600))
#: HEAD and OPTIONS ask about something; nobody waits for what they do.
DEFAULT_HTTP_METHODS_TO_CAPTURE = ("CONNECT", "DELETE", "GET", "PATCH", "POST", "PUT", "TRACE")


def statuses(given: _StatusCodes) -> frozenset[int]:
    """The statuses from 100 to 599 that are meant; those of servers for None."""
    if given is None:
        return SERVER_ERRORS
    return frozenset(status for status in range(100, 600) if _is_among(status, given))


def methods(given: Iterable[str]) -> list[str]:
    """The methods in capitals."""
    return [method.upper() for method in given]


def _is_among(status: int, given: Container[int] | Sequence[int | Container[int]]) -> bool:
    if isinstance(given, (list, tuple)):
        return any(status == one if isinstance(one, int) else status in one for one in given)
    return status in given
