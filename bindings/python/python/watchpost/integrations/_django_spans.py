"""What Django does on the way to an answer, as spans: middleware, views, receivers of signals and templates.

A span is made only where one is being recorded around it: without traces, each of these costs a look at that.
"""

from __future__ import annotations

from functools import partial, wraps
from importlib import import_module

from .. import _watchpost
from . import active
from ._patch import wrap
from ._spans import in_span, in_span_async
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

_ORIGIN = "auto.http.django"

#: The flag of code that makes a coroutine.
_COROUTINE = 0x80


def set_up() -> None:
    """Puts them where Django goes by."""
    when_imported("django.core.handlers.base", _patch_handlers)
    when_imported("django.dispatch.dispatcher", lambda module: wrap(module.Signal, "_live_receivers", _live))
    when_imported("django.template.base", lambda module: wrap(module.Template, "render", _render))


def _wanted(setting: str) -> bool:
    settings: Any = active.get("django")
    return settings is not None and bool(getattr(settings, setting))


def _patch_handlers(module: Any) -> None:
    # Every function that can answer goes through this one: first the view's, then each middleware around it.
    wrap(module, "convert_exception_to_response", partial(_convert, module))
    wrap(module.BaseHandler, "make_view_atomic", partial(_atomic, module))


def _convert(module: Any, original: Any) -> Any:
    def convert_exception_to_response(get_response: Any) -> Any:
        answer = original(get_response)
        if isinstance(getattr(get_response, "__self__", None), module.BaseHandler):
            return answer  # The way to the view, which has a span of its own.
        name = _name_of(get_response)

        def begin(*_: Any, **__: Any) -> Any:
            if not _wanted("middleware_spans"):
                return None
            return _watchpost.begin_child("middleware.django", name, _ORIGIN, {"middleware_name": name}, True)

        around = in_span_async if answer.__code__.co_flags & _COROUTINE else in_span
        return wraps(answer)(around("django", answer, begin))

    return convert_exception_to_response


def _atomic(module: Any, original: Any) -> Any:
    def make_view_atomic(self: Any, view: Any) -> Any:
        callback = original(self, view)
        if "django" not in active or _watchpost.get_current_span() is None:
            return callback
        name = _name_of(getattr(view, "view_class", view))

        def begin(*_: Any, **__: Any) -> Any:
            return _watchpost.begin_child("view.render", name, _ORIGIN, None, True)

        is_coroutine = getattr(module, "iscoroutinefunction", None) or import_module("asyncio").iscoroutinefunction
        around = in_span_async if is_coroutine(callback) else in_span
        return wraps(callback)(around("django", callback, begin))

    return make_view_atomic


def _live(original: Any) -> Any:
    def _live_receivers(self: Any, sender: Any) -> Any:
        receivers = original(self, sender)
        if not _wanted("signals_spans") or _watchpost.get_current_span() is None:
            return receivers
        if any(one is self for one in getattr(active.get("django"), "signals_denylist", ())):
            return receivers
        if isinstance(receivers, tuple):  # Since Django 5.0 those that are coroutine functions come apart.
            plain, coroutines = receivers
            return _each(plain, in_span), _each(coroutines, in_span_async)
        return _each(receivers, in_span)

    return _live_receivers


def _each(receivers: Any, around: Callable[..., Any]) -> list[Any]:
    return [_receiver(one, around) for one in receivers]


def _receiver(receiver: Any, around: Callable[..., Any]) -> Any:
    name = _name_of(receiver)
    if name.startswith("watchpost."):
        return receiver

    def begin(*_: Any, **__: Any) -> Any:
        return _watchpost.begin_child("event.django", name, _ORIGIN, {"signal": name}, True)

    # With its names: what Django reports of a receiver that fails is called by them.
    return wraps(receiver, updated=())(around("django", receiver, begin))


def _render(original: Any) -> Any:
    def begin(self: Any, *_: Any, **__: Any) -> Any:
        return _watchpost.begin_child("template.render", self.name or "", _ORIGIN, None, True)

    return in_span("django", original, begin)


def _name_of(one: Any) -> str:
    """`package.module.Class`, or `package.module.function`."""
    if not hasattr(one, "__qualname__"):
        one = getattr(one, "func", one)  # A `partial`.
    if not hasattr(one, "__qualname__"):
        one = type(one)
    return f"{one.__module__}.{one.__qualname__}"
