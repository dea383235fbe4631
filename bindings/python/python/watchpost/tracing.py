"""Spans around functions."""

from __future__ import annotations

import functools
from typing import overload

from . import _watchpost
from ._watchpost import Span, Transaction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable, TypeVar

    _F = TypeVar("_F", bound=Callable[..., Any])
    _Start = Callable[[], "Span | None"]

__all__ = ["Span", "Transaction", "trace"]

#: What a generative model does, by the name of a template.
_OPERATIONS = {"ai_agent": "invoke_agent", "ai_tool": "execute_tool", "ai_chat": "chat"}


@overload
def trace(func: _F) -> _F: ...


@overload
def trace(
    func: None = None,
    *,
    op: str | None = None,
    name: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    template: str = "default",
) -> Callable[[_F], _F]: ...


def trace(
    func: Any = None,
    *,
    op: str | None = None,
    name: str | None = None,
    attributes: Mapping[str, Any] | None = None,
    template: str = "default",
) -> Any:
    """Runs a function in a span of its own: `@trace`, or `@trace(op="db")`.

    The span of a coroutine function lasts until it returns, that of a generator until it ends; asynchronous generators
    are left alone. Where no span is active the function runs as it is: to be called does not make it a transaction.
    `template` is one of `consts.SPANTEMPLATE`: what it says is of no effect where `op` or `attributes` say something else.
    """
    if func is None:
        return functools.partial(trace, op=op, name=name, attributes=attributes, template=template)
    operation = _OPERATIONS.get(template)
    if operation is not None:
        op = f"gen_ai.{operation}" if op is None else op
        attributes = {"gen_ai.operation.name": operation, **(attributes or {})}
    given = (
        "function" if op is None else op,
        f"{func.__module__}.{func.__qualname__}" if name is None else name,
        None if attributes is None else dict(attributes),
    )
    start: _Start = functools.partial(_watchpost.start_inner_span, *given)
    # Only a program that decorates pays for this import.
    import inspect

    if inspect.isasyncgenfunction(func):
        return func
    if inspect.iscoroutinefunction(func):
        wrapper = _coroutine(func, start)
    elif inspect.isgeneratorfunction(func):
        wrapper = _generator(func, start)
    else:
        wrapper = _function(func, start)
    return functools.wraps(func)(wrapper)


def _function(func: Callable[..., Any], start: _Start) -> Callable[..., Any]:
    def in_span(*args: Any, **kwargs: Any) -> Any:
        span = start()
        if span is None:
            return func(*args, **kwargs)
        with span:
            return func(*args, **kwargs)

    return in_span


def _coroutine(func: Callable[..., Any], start: _Start) -> Callable[..., Any]:
    async def in_span(*args: Any, **kwargs: Any) -> Any:
        span = start()
        if span is None:
            return await func(*args, **kwargs)
        with span:
            return await func(*args, **kwargs)

    return in_span


def _generator(func: Callable[..., Any], start: _Start) -> Callable[..., Any]:
    def in_span(*args: Any, **kwargs: Any) -> Any:
        span = start()
        if span is None:
            return (yield from func(*args, **kwargs))
        try:
            # Not active: whoever asks for the items is not inside of it.
            return (yield from func(*args, **kwargs))
        except Exception:
            span.set_status("internal_error")
            raise
        finally:
            span.finish()

    return in_span
