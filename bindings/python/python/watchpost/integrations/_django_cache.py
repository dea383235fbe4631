"""What is asked of Django's caches, as spans: by method and key, never with a value."""

from __future__ import annotations

from contextvars import ContextVar
from functools import partial
from importlib import import_module

from .. import _watchpost
from . import active
from ._keys import readable_key
from ._patch import wrap
from ._spans import in_span
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Operations, by method.
_OPERATIONS = {
    "get": "cache.get",
    "get_many": "cache.get",
    "has_key": "cache.get",
    "add": "cache.put",
    "set": "cache.put",
    "set_many": "cache.put",
    "touch": "cache.put",
    "incr": "cache.put",
    "delete": "cache.remove",
    "delete_many": "cache.remove",
    "clear": "cache.flush",
}
#: Keys of one call that are told.
_MOST = 20
#: True inside a method: a backend makes some of them out of others.
_inside: ContextVar[bool] = ContextVar("watchpost_django_cache", default=False)


def set_up() -> None:
    """Waits for the first use of each cache."""
    when_imported("django.core.cache", lambda module: wrap(module.CacheHandler, "create_connection", _connect))


def _connect(original: Any) -> Any:
    def create_connection(self: Any, alias: str) -> Any:
        made = original(self, alias)
        base = import_module("django.core.cache.backends.base").BaseCache
        for method in _OPERATIONS:
            # What a backend leaves to the base class comes down to its other methods.
            if getattr(type(made), method, None) is not getattr(base, method, None):
                wrap(type(made), method, partial(_method, method))
        return made

    return create_connection


def _method(name: str, original: Any) -> Any:
    def begin(self: Any, *args: Any, **named: Any) -> Any:
        keys = _keys(name, args, named)
        data = {"cache.key": keys} if keys else None
        return _watchpost.begin_child(_OPERATIONS[name], ", ".join(keys), "auto.cache.django", data, True)

    def ended(child: Any, answer: Any, self: Any, *args: Any, **named: Any) -> None:
        if name == "get":
            default = args[1] if len(args) > 1 else named.get("default")
            child.set_data("cache.hit", answer is not default)
        elif name in ("get_many", "has_key"):
            child.set_data("cache.hit", bool(answer))

    spanned = in_span("django", original, begin, ended)

    def method(self: Any, *args: Any, **named: Any) -> Any:
        settings: Any = active.get("django")
        if settings is None or not settings.cache_spans or _inside.get() or _watchpost.get_current_span() is None:
            return original(self, *args, **named)
        token = _inside.set(True)
        try:
            return spanned(self, *args, **named)
        finally:
            _inside.reset(token)

    return method


def _keys(name: str, args: tuple[Any, ...], named: dict[str, Any]) -> list[str]:
    if name.endswith("_many"):
        given = args[0] if args else named.get("data" if name == "set_many" else "keys")
        # An iterator would be used up by being looked at.
        return [readable_key(key) for key in list(given)[:_MOST]] if isinstance(given, (list, tuple, dict, set)) else []
    given = args[0] if args else named.get("key")
    return [] if given is None else [readable_key(given)]
