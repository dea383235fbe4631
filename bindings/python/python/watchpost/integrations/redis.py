"""Commands to redis: a span and a breadcrumb each, by command and key."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._patch import wrap
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Commands whose first argument is no key: it may be a secret.
_WITHOUT_KEY = frozenset({"AUTH", "HELLO", "CONFIG", "ACL", "EVAL", "EVALSHA", "ECHO", "PUBLISH", "MIGRATE"})


class RedisIntegration(Integration):
    """Wraps the method that every command goes through, and the execution of pipelines."""

    identifier = "redis"

    @staticmethod
    def set_up_once() -> None:
        """Wraps them, for both kinds of clients."""
        when_imported("redis.client", lambda module: _patch(module, _sync))
        when_imported("redis.asyncio.client", lambda module: _patch(module, _async))


def _patch(module: Any, make: Any) -> None:
    wrap(module.Redis, "execute_command", lambda original: make(original, _of_command))
    wrap(module.Pipeline, "execute", lambda original: make(original, _of_pipeline))


def _sync(original: Any, begin: Any) -> Any:
    def method(self: Any, *args: Any, **named: Any) -> Any:
        if "redis" not in active:
            return original(self, *args, **named)
        child = begin(self, args)
        if child is None:
            return original(self, *args, **named)
        failed = True
        try:
            answer = original(self, *args, **named)
            failed = False
            return answer
        finally:
            child.finish(failed)

    return method


def _async(original: Any, begin: Any) -> Any:
    async def method(self: Any, *args: Any, **named: Any) -> Any:
        if "redis" not in active:
            return await original(self, *args, **named)
        child = begin(self, args)
        if child is None:
            return await original(self, *args, **named)
        failed = True
        try:
            answer = await original(self, *args, **named)
            failed = False
            return answer
        finally:
            child.finish(failed)

    return method


def _of_command(client: Any, args: tuple[Any, ...]) -> Any:
    name = _command(args)
    _watchpost.add_breadcrumb(message=name, category="redis", type="redis")
    return _watchpost.begin_child("db.redis", name, "auto.db.redis", {"db.system": "redis"})


def _of_pipeline(pipeline: Any, args: tuple[Any, ...]) -> Any:
    data = {"db.system": "redis", "redis.commands": len(getattr(pipeline, "command_stack", ()))}
    return _watchpost.begin_child("db.redis", "redis.pipeline.execute", "auto.db.redis", data)


def _command(args: tuple[Any, ...]) -> str:
    name = str(args[0]) if args else ""
    key = args[1] if len(args) > 1 else None
    if name.split(" ")[0].upper() in _WITHOUT_KEY or not isinstance(key, (str, bytes)):
        return name
    text = key.decode("utf-8", "replace") if isinstance(key, bytes) else key
    return f"{name} {text[:200]!r}"
