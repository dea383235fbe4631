"""Functions that are frozen after they return, as on AWS Lambda: everything is delivered before they do."""

from __future__ import annotations

from functools import wraps

from .. import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])

#: In seconds.
_LONGEST = 2.0


def serverless_function(function: _F | None = None, flush: bool = True) -> Any:
    """Decorates a handler: scopes of its own for each call, errors captured, everything delivered before it returns.

    It waits two seconds at most, and less if the last argument tells of a nearer deadline by
    `get_remaining_time_in_millis`, as the context of AWS Lambda does. What is not delivered by then is on disk and is
    delivered by a later call, if the folder lives as long.
    """

    def decorate(function: _F) -> _F:
        @wraps(function)
        def handler(*args: Any, **named: Any) -> Any:
            try:
                with _watchpost.isolation_scope():
                    try:
                        return function(*args, **named)
                    except Exception as error:
                        _watchpost.capture_exception_from(error, "auto.function.serverless", False)
                        raise
            finally:
                if flush:
                    _watchpost.flush(_time_left(args))

        return handler  # type: ignore[return-value]

    return decorate if function is None else decorate(function)


def _time_left(args: tuple[Any, ...]) -> float:
    remaining = getattr(args[-1] if args else None, "get_remaining_time_in_millis", None)
    try:
        left = None if remaining is None else float(remaining()) / 1000
    except Exception:
        left = None
    return _watchpost.delivery_time(left, _LONGEST)
