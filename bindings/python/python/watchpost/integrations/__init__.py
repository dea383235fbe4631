"""What Watchpost observes by itself: each integration starts when its framework is imported, before or after `init`, or
when it is named in the option `integrations`. Each can be switched off in `disabled_integrations`.

An integration imports no third party module that the application has not imported, changes no exit code and prints
nothing. Where a framework has a hook for observers, that is used; else one method of it is wrapped.
"""

from __future__ import annotations

from functools import partial
from importlib import import_module

from .. import _watchpost
from ._watch import is_imported, when_imported

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, Union

    _Named = Union["Integration", type["Integration"], str]


class Integration:
    """One integration, with its settings."""

    #: Its name in `disabled_integrations` and in `sdk.integrations`.
    identifier = ""

    @staticmethod
    def set_up_once() -> None:
        """Sets it up, once in a process: what it hooks into asks `active` whether it is on."""

    def switched(self, on: bool) -> None:
        """Called when an `init` has switched it on or off."""


#: Name, class, module of the application whose import starts it (None: part of every program), and whether it is one of
#: Python itself.
_ALL = (
    ("modules", "ModulesIntegration", None, True),
    ("excepthook", "ExcepthookIntegration", None, True),
    ("unraisable", "UnraisableIntegration", None, True),
    ("warnings", "WarningsIntegration", None, True),
    ("threading", "ThreadingIntegration", "threading", True),
    ("logging", "LoggingIntegration", "logging", True),
    ("asyncio", "AsyncioIntegration", "asyncio.base_events", True),
    ("subprocess", "SubprocessIntegration", "subprocess", True),
    ("multiprocessing", "MultiprocessingIntegration", "multiprocessing.process", True),
    ("http_client", "HttpClientIntegration", "http.client", True),
    ("flask", "FlaskIntegration", "flask.app", False),
    ("django", "DjangoIntegration", "django", False),
    ("channels", "ChannelsIntegration", "channels.consumer", False),
    ("starlette", "StarletteIntegration", "starlette.applications", False),
    ("fastapi", "FastApiIntegration", "fastapi.applications", False),
    ("aiohttp", "AioHttpIntegration", "aiohttp", False),
    ("httpx", "HttpxIntegration", "httpx", False),
    ("celery", "CeleryIntegration", "celery", False),
    ("rq", "RqIntegration", "rq", False),
    ("sqlalchemy", "SqlalchemyIntegration", "sqlalchemy.engine", False),
    ("redis", "RedisIntegration", "redis", False),
)

#: The integrations that are on, by name.
active: dict[str, Integration] = {}
#: What the last `init` allows, by name: an instance with settings, or None for one with the usual settings.
_allowed: dict[str, Integration | None] = {}
_set_up: set[str] = set()
_awaited: set[str] = set()


def name_of(named: _Named) -> str:
    """The name of an integration that an option gives as name, class or instance."""
    return named if isinstance(named, str) else named.identifier


def running(named: _Named) -> Integration | None:
    """The integration of this name or class, if it is on."""
    return active.get(name_of(named))


def choose(
    named: Iterable[Integration] = (),
    disabled: Iterable[_Named] = (),
    default_integrations: bool = True,
    auto_enabling_integrations: bool = True,
) -> list[str]:
    """Decides which may start, and names those that do at once."""
    off = {name_of(one) for one in disabled}
    if "stdlib" in off:
        off |= {"http_client", "subprocess"}
    given = {one.identifier: one for one in named}
    _allowed.clear()
    for name, _, _, standard in _ALL:
        if default_integrations and (standard or auto_enabling_integrations) and name not in off:
            _allowed[name] = None
    _allowed.update({name: one for name, one in given.items() if name not in off})
    # Those of Python itself see all that happens, even before it does.
    at_once = {name for name, _, module, standard in _ALL if standard or module is None or is_imported(module)}
    return [name for name, one in _allowed.items() if one is not None or name in at_once]


def start() -> None:
    """Starts those that were chosen, and waits for the modules of the others."""
    was = dict(active)
    active.clear()
    for name, one in _allowed.items():
        if one is not None:
            _enable(name)
    for name, _, module, _ in _ALL:
        if name not in _allowed or _allowed[name] is not None:
            continue
        if module is None or name in _set_up:
            _enable(name)
        elif name not in _awaited:
            _awaited.add(name)
            when_imported(module, partial(_imported, name))
    for name, before in was.items():
        if name not in active:
            before.switched(False)


def _imported(name: str, module: Any) -> None:
    _enable(name)


def _enable(name: str) -> None:
    if name not in _allowed:
        return
    one = active[name] = _allowed[name] or _made(name)
    if name not in _set_up:
        _set_up.add(name)
        try:
            one.set_up_once()
        except Exception as error:
            # A version of the framework that we do not know.
            del active[name]
            _watchpost.say(f"the integration {name} could not be set up: {error!r}")
            return
    one.switched(True)
    _watchpost.add_integration(name)


def _made(name: str) -> Integration:
    cls = next(cls for known, cls, _, _ in _ALL if known == name)
    made: Any = getattr(import_module(f"{__name__}.{name}"), cls)()
    return made  # type: ignore[no-any-return]
