"""The start of everything."""

from __future__ import annotations

import atexit
from contextlib import nullcontext
from typing import overload

from . import _watchpost, integrations
from ._moved import translate
from .integrations.modules import installed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Any, Callable

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
    """Takes what is not for the native half out of the options, and names the integrations that start at once."""
    translate(given)
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


async def flush_async(timeout: float | None = None, callback: Callable[[int, float], Any] | None = None) -> bool:
    """As `flush`, for coroutines: the event loop goes on meanwhile."""
    import asyncio

    return await asyncio.get_running_loop().run_in_executor(None, _watchpost.flush, timeout, callback)


@overload
def push_scope(callback: None = None) -> _watchpost.ScopeBlock: ...


@overload
def push_scope(callback: Callable[[_watchpost.Scope], object]) -> None: ...


def push_scope(callback: Any = None) -> _watchpost.ScopeBlock | None:
    """The former name of `new_scope`; with a function it is called with the new scope, in which nothing else happens."""
    if callback is None:
        return _watchpost.new_scope()
    with _watchpost.new_scope() as scope:
        callback(scope)
    return None


@overload
def configure_scope(callback: None = None) -> AbstractContextManager[_watchpost.Scope]: ...


@overload
def configure_scope(callback: Callable[[_watchpost.Scope], object]) -> None: ...


def configure_scope(callback: Any = None) -> AbstractContextManager[_watchpost.Scope] | None:
    """The former way to the isolation scope: a `with` block, or a function that is called with it."""
    scope = _watchpost.get_isolation_scope()
    if callback is None:
        return nullcontext(scope)
    callback(scope)
    return None
