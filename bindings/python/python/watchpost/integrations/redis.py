"""Commands to redis: a span and a breadcrumb each, by command and key."""

from __future__ import annotations

from .. import _watchpost
from . import Integration, active
from ._keys import readable_key
from ._patch import wrap
from ._spans import in_span, in_span_async
from ._watch import when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

#: Commands whose first argument is no key: it may be a secret.
_WITHOUT_KEY = frozenset({"AUTH", "HELLO", "CONFIG", "ACL", "EVAL", "EVALSHA", "ECHO", "PUBLISH", "MIGRATE"})
#: What commands are for a cache.
_CACHED = {
    "GET": "cache.get", "GETEX": "cache.get", "MGET": "cache.get",
    "SET": "cache.put", "SETEX": "cache.put", "PSETEX": "cache.put", "SETNX": "cache.put",
    "DEL": "cache.remove", "UNLINK": "cache.remove",
}


class RedisIntegration(Integration):
    """Wraps the method that every command goes through, and the execution of pipelines; of clusters, too.

    A description is cut beyond `max_data_size` characters. Commands for keys that begin with one of the `cache_prefixes`
    are spans of a cache.
    """

    identifier = "redis"

    def __init__(self, max_data_size: int | None = None, cache_prefixes: Iterable[str] | None = None) -> None:
        self.max_data_size = max_data_size
        self.cache_prefixes = tuple(cache_prefixes or ())

    @staticmethod
    def set_up_once() -> None:
        """Wraps them, for both kinds of clients."""
        when_imported("redis.client", lambda module: _patch(module.Redis, module.Pipeline, in_span))
        when_imported("redis.asyncio.client", lambda module: _patch(module.Redis, module.Pipeline, in_span_async))
        when_imported("redis.cluster", lambda module: _patch(module.RedisCluster, module.ClusterPipeline, in_span))
        when_imported(
            "redis.asyncio.cluster", lambda module: _patch(module.RedisCluster, module.ClusterPipeline, in_span_async)
        )


def _patch(client: Any, pipeline: Any, around: Any) -> None:
    wrap(client, "execute_command", lambda original: around("redis", original, _of_command, _answered))
    wrap(pipeline, "execute", lambda original: around("redis", original, _of_pipeline))


def _of_command(client: Any, *args: Any, **_: Any) -> Any:
    name = _command(args)
    settings: Any = active.get("redis")
    most = getattr(settings, "max_data_size", None)
    if most is not None and len(name) > most:
        name = f"{name[: max(most - 3, 0)]}..."
    _watchpost.add_breadcrumb(message=name, category="redis", type="redis")
    prefixes = getattr(settings, "cache_prefixes", ())
    key = _key(args) if prefixes else None
    operation = _CACHED.get(str(args[0]).upper()) if key is not None and key.startswith(prefixes) else None
    if operation is not None:
        data = {"db.system": "redis", "cache.key": [key]}
        return _watchpost.begin_child(operation, str(key), "auto.cache.redis", data)
    return _watchpost.begin_child("db.redis", name, "auto.db.redis", {"db.system": "redis"})


def _answered(child: Any, answer: Any, client: Any, *args: Any, **_: Any) -> None:
    prefixes = getattr(active.get("redis"), "cache_prefixes", ())
    if prefixes and args and _CACHED.get(str(args[0]).upper()) == "cache.get" and (_key(args) or "").startswith(prefixes):
        child.set_data("cache.hit", answer is not None)


def _key(args: tuple[Any, ...]) -> str | None:
    key = args[1] if len(args) > 1 else None
    return readable_key(key) if isinstance(key, (str, bytes)) else None


def _of_pipeline(pipeline: Any, *_: Any, **__: Any) -> Any:
    data = {"db.system": "redis", "redis.commands": _queued(pipeline)}
    return _watchpost.begin_child("db.redis", "redis.pipeline.execute", "auto.db.redis", data)


def _queued(pipeline: Any) -> int:
    try:
        return len(pipeline)  # Clusters keep them elsewhere, but all of them know how many there are.
    except TypeError:
        return len(getattr(pipeline, "command_stack", ()))


def _command(args: tuple[Any, ...]) -> str:
    name = str(args[0]) if args else ""
    key = args[1] if len(args) > 1 else None
    if name.split(" ")[0].upper() in _WITHOUT_KEY or not isinstance(key, (str, bytes)):
        return name
    return f"{name} {readable_key(key)!r}"
