"""The start of everything."""

from __future__ import annotations

import atexit
from contextlib import contextmanager

from . import _watchpost, integrations
from .integrations.modules import installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from typing_extensions import Unpack

    from .options import Options

_exit_is_watched = False


def init(dsn: str | None = None, **options: Unpack[Options]) -> None:
    """Starts to report to `dsn`, or to the one in the variable SENTRY_DSN; without any, nothing is reported.

    Raises ValueError or TypeError when an option is unknown or cannot be used; nothing has changed then. A second call
    replaces the first client, which delivers what it has.
    """
    global _exit_is_watched
    given: dict[str, Any] = {**options, "dsn": dsn}
    names = choose(given)
    if given.get("modules") is None and "modules" in names:
        given["modules"] = installed()
    _watchpost.init(given, names)
    integrations.start()
    if not _exit_is_watched:
        _exit_is_watched = True
        atexit.register(_watchpost.close)


def choose(given: dict[str, Any], default_integrations: bool = True) -> list[str]:
    """Takes what concerns integrations out of the options, and names those that start at once."""
    named = given.pop("integrations", None) or ()
    disabled = given.get("disabled_integrations") or ()
    for option, values in (("integrations", named), ("disabled_integrations", disabled)):
        if not isinstance(values, (list, tuple, set, frozenset)):
            raise TypeError(f"invalid option `{option}`: it takes a list, like [FlaskIntegration()]")
    for one in named:
        if not isinstance(one, integrations.Integration):
            raise TypeError(f"invalid option `integrations`: {one!r} is no integration, like FlaskIntegration()")
    if disabled:
        given["disabled_integrations"] = [integrations.name_of(one) for one in disabled]
    switches = {}
    for option, usual in (("default_integrations", default_integrations), ("auto_enabling_integrations", True)):
        said = given.pop(option, None)
        switches[option] = usual if said is None else bool(said)
    return integrations.choose(named, given.get("disabled_integrations") or (), **switches)


async def flush_async(timeout: float | None = None) -> bool:
    """As `flush`, for coroutines: the event loop goes on meanwhile."""
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, _watchpost.flush, timeout)


def push_scope() -> _watchpost.ScopeBlock:
    """The former name of `new_scope`."""
    return _watchpost.new_scope()


@contextmanager
def configure_scope() -> Iterator[_watchpost.Scope]:
    """The former way to the isolation scope."""
    yield _watchpost.get_isolation_scope()
