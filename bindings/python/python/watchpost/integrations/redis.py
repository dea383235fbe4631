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
    from typing import Any

#: Commands whose first argument is no key: it may be a secret.
_WITHOUT_KEY = frozenset({"AUTH", "HELLO", "CONFIG", "ACL", "EVAL", "EVALSHA", "ECHO", "PUBLISH", "MIGRATE"})


class RedisIntegration(Integration):
    """Wraps the method that every command goes through, and the execution of pipelines; of clusters, too."""

    identifier = "redis"

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
    wrap(client, "execute_command", lambda original: around("redis", original, _of_command))
    wrap(pipeline, "execute", lambda original: around("redis", original, _of_pipeline))


def _of_command(client: Any, *args: Any, **_: Any) -> Any:
    name = _command(args)
    _watchpost.add_breadcrumb(message=name, category="redis", type="redis")
    return _watchpost.begin_child("db.redis", name, "auto.db.redis", {"db.system": "redis"})


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
