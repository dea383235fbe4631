"""The native half of the package; what is not re-exported by `watchpost` is no API."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from types import TracebackType
from typing import Any, Literal, Optional, TypedDict, Union, final

from typing_extensions import Never, Unpack

from .options import Breadcrumb, Event, EventHook, Hint

_Level = Literal["fatal", "critical", "error", "warning", "warn", "info", "debug"]
_ExcInfo = tuple[Optional[type[BaseException]], Optional[BaseException], Optional[TracebackType]]
_Error = Union[BaseException, _ExcInfo]

class _MessageFields(TypedDict, total=False):
    scope: Scope
    tags: Mapping[str, Any]
    extra: Mapping[str, Any]
    extras: Mapping[str, Any]
    contexts: Mapping[str, Mapping[str, Any]]
    user: Optional[Mapping[str, Any]]
    fingerprint: Sequence[str]
    transaction: Optional[str]

class _Fields(_MessageFields, total=False):
    level: Optional[_Level]

__all__ = [
    "Scope",
    "ScopeBlock",
    "__version__",
    "add_breadcrumb",
    "advance_clock",
    "capture_event",
    "capture_event_from",
    "capture_exception",
    "capture_exception_from",
    "capture_message",
    "close",
    "dsn_facts",
    "flush",
    "get_current_scope",
    "get_global_scope",
    "get_isolation_scope",
    "init",
    "init_testing",
    "is_initialized",
    "isolation_scope",
    "last_event_id",
    "new_scope",
    "set_consent",
    "set_context",
    "set_extra",
    "set_fingerprint",
    "set_level",
    "set_tag",
    "set_tags",
    "set_transaction_name",
    "set_user",
    "set_wsgi_request",
    "take_discarded",
    "take_recorded",
]

__version__: str

@final
class Scope:
    """Data for every event of a piece of work."""

    def set_tag(self, key: str, value: Any) -> None: ...
    def set_tags(self, tags: Mapping[str, Any]) -> None: ...
    def remove_tag(self, key: str) -> None: ...
    def set_extra(self, key: str, value: Any) -> None: ...
    def set_extras(self, extras: Mapping[str, Any]) -> None: ...
    def remove_extra(self, key: str) -> None: ...
    def set_context(self, key: str, value: Optional[Mapping[str, Any]]) -> None: ...
    def remove_context(self, key: str) -> None: ...
    def set_user(self, user: Optional[Mapping[str, Any]]) -> None: ...
    def set_level(self, level: Optional[_Level]) -> None: ...
    def set_fingerprint(self, fingerprint: Optional[Iterable[str]]) -> None: ...
    def set_transaction_name(self, name: Optional[str]) -> None: ...
    def add_breadcrumb(
        self,
        crumb: Optional[Breadcrumb] = None,
        hint: Optional[Hint] = None,
        *,
        message: Optional[str] = None,
        category: Optional[str] = None,
        type: Optional[str] = None,
        level: Optional[_Level] = None,
        data: Optional[Mapping[str, Any]] = None,
        timestamp: Union[datetime, float, str, None] = None,
        origin: Optional[str] = None,
        **other: Never,
    ) -> None: ...
    def add_event_processor(self, processor: EventHook) -> None: ...
    def clear(self) -> None: ...
    def clear_breadcrumbs(self) -> None: ...
    def fork(self) -> Scope: ...

@final
class ScopeBlock(AbstractContextManager[Scope, Literal[False]]):
    """A `with` block in which a fork of the scopes is active."""

    def __enter__(self) -> Scope: ...
    def __exit__(
        self,
        _ty: Optional[type[BaseException]],
        _value: Optional[BaseException],
        _traceback: Optional[TracebackType],
        /,
    ) -> Literal[False]: ...

def capture_exception(
    error: Optional[_Error] = None, hint: Optional[Hint] = None, **scope: Unpack[_Fields]
) -> Optional[str]:
    """Captures an exception, with its causes; without one, that which is being handled. Its event's id, or None."""

def capture_exception_from(
    error: _Error, mechanism: str, handled: bool, hint: Optional[Hint] = None, **scope: Unpack[_Fields]
) -> Optional[str]: ...
def capture_message(
    message: str, level: Optional[_Level] = None, hint: Optional[Hint] = None, **scope: Unpack[_MessageFields]
) -> Optional[str]:
    """Captures a message. Its event's id, or None."""

def capture_event(event: Event, hint: Optional[Hint] = None, **scope: Unpack[_Fields]) -> Optional[str]:
    """Captures an event that the application has put together. Its id, or None."""

def capture_event_from(event: Event, mechanism: str, handled: bool, hint: Hint) -> Optional[str]: ...
def add_breadcrumb(
    crumb: Optional[Breadcrumb] = None,
    hint: Optional[Hint] = None,
    *,
    message: Optional[str] = None,
    category: Optional[str] = None,
    type: Optional[str] = None,
    level: Optional[_Level] = None,
    data: Optional[Mapping[str, Any]] = None,
    timestamp: Union[datetime, float, str, None] = None,
    origin: Optional[str] = None,
    **other: Never,
) -> None:
    """Adds a breadcrumb to the isolation scope."""

def set_tag(key: str, value: Any) -> None:
    """Sets a tag on the isolation scope; None removes it."""

def set_tags(tags: Mapping[str, Any]) -> None:
    """Sets tags on the isolation scope."""

def set_extra(key: str, value: Any) -> None:
    """Sets an extra value on the isolation scope."""

def set_context(key: str, value: Optional[Mapping[str, Any]]) -> None:
    """Replaces a context of the isolation scope; None removes it."""

def set_user(user: Optional[Mapping[str, Any]]) -> None:
    """Replaces the user of the isolation scope; None forgets it."""

def set_level(level: Optional[_Level]) -> None:
    """Overrides the level of events on the isolation scope; None takes it back."""

def set_fingerprint(fingerprint: Optional[Iterable[str]]) -> None:
    """Overrides the grouping of events on the isolation scope."""

def set_transaction_name(name: Optional[str]) -> None:
    """Names the route or task on the isolation scope."""

def new_scope() -> ScopeBlock:
    """A `with` block with a fork of the current scope."""

def isolation_scope() -> ScopeBlock:
    """A `with` block with forks of the isolation and the current scope: one per request, job or user."""

def get_current_scope() -> Scope:
    """The scope of this block of code."""

def get_isolation_scope() -> Scope:
    """The scope of this request, task or thread."""

def get_global_scope() -> Scope:
    """The scope of the process."""

def last_event_id() -> Optional[str]:
    """The id of the last event that was captured in this isolation scope."""

def flush(timeout: Optional[float] = None) -> bool:
    """Waits until everything captured has left, for at most `timeout` seconds. True if it has."""

def close(timeout: Optional[float] = None) -> bool:
    """Flushes and stops: later captures do nothing until the next `init`."""

def set_consent(given: bool) -> None:
    """Says whether the user agrees that errors are reported. With the option `require_consent` nothing is collected before
    `True`; `False` stops at once. The application remembers the answer."""

def is_initialized() -> bool:
    """True if a capture can lead anywhere."""

def init(given: dict[str, Any], integrations: list[str]) -> None: ...
def init_testing(given: dict[str, Any], now: float, seed: int) -> None: ...
def take_recorded() -> str: ...
def take_discarded() -> str: ...
def dsn_facts() -> str: ...
def advance_clock(seconds: float) -> None: ...
def set_wsgi_request(scope: Scope, environ: dict[str, Any]) -> None: ...
