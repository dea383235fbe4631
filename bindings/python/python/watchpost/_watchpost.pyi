"""The native half of the package; what is not re-exported by `watchpost` is no API."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from os import PathLike
from types import TracebackType
from typing import Any, Literal, Optional, TypedDict, Union, final

from typing_extensions import Never, Self, Unpack, disjoint_base

from .integrations import Integration
from .options import Attributes, AttributeValue, Breadcrumb, Event, EventHook, Hint, MonitorConfig

_Level = Literal["fatal", "critical", "error", "warning", "warn", "info", "debug"]
_Source = Literal["custom", "url", "route", "view", "component", "task"]
_Time = Union[datetime, float, str]
_Link = Union[Span, Mapping[str, Any]]
_Links = Iterable[Union[_Link, tuple[_Link, Mapping[str, Any]]]]
_Headers = Union[Mapping[str, str], Iterable[tuple[Union[str, bytes], Union[str, bytes]]]]
_Bytes = Union[bytes, bytearray, str, Callable[[], bytes], Attachment, None]
_Path = Union[str, PathLike[str], None]
_ErrorHook = Callable[[Event, _ExcInfo], Optional[Event]]
_ExcInfo = tuple[Optional[type[BaseException]], Optional[BaseException], Optional[TracebackType]]
_Error = Union[BaseException, _ExcInfo]
_Waiting = Callable[[int, float], Any]
_Scope = Union[Scope, Callable[[Scope], Any]]

class _MessageFields(TypedDict, total=False):
    attachments: Iterable[Union[Attachment, Mapping[str, Any]]]
    attributes: Attributes
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
    "AsgiBody",
    "AsgiExchange",
    "AsgiSend",
    "Attachment",
    "Call",
    "Carried",
    "Child",
    "Client",
    "Framework",
    "MonitorRun",
    "RequestSession",
    "Scope",
    "ScopeBlock",
    "Span",
    "SpanBlock",
    "Task",
    "Transaction",
    "__version__",
    "add_attachment",
    "add_breadcrumb",
    "add_feature_flag",
    "add_global_event_processor",
    "add_integration",
    "advance_clock",
    "begin_asgi",
    "begin_call",
    "begin_child",
    "begin_task",
    "capture_checkin",
    "capture_event",
    "capture_event_from",
    "capture_exception",
    "capture_exception_from",
    "capture_feedback",
    "capture_message",
    "carry",
    "close",
    "continue_trace",
    "count",
    "delivery_time",
    "distribution",
    "dsn_facts",
    "end_otel_span",
    "end_session",
    "flush",
    "gauge",
    "get_baggage",
    "get_client",
    "get_current_scope",
    "get_current_span",
    "get_global_scope",
    "get_isolation_scope",
    "get_trace_headers",
    "get_traceparent",
    "init",
    "init_testing",
    "is_initialized",
    "isolation_scope",
    "last_event_id",
    "log_debug",
    "log_error",
    "log_fatal",
    "log_info",
    "log_record",
    "log_trace",
    "log_warning",
    "message_headers",
    "new_scope",
    "note_request",
    "otel_headers",
    "otel_remote",
    "pass_over",
    "pause_session",
    "read_templates",
    "remove_attribute",
    "remove_tag",
    "request_failed",
    "restart_testing",
    "resume_session",
    "say",
    "serve_wsgi",
    "sessions_by_request",
    "set_attribute",
    "set_attributes",
    "set_consent",
    "set_context",
    "set_extra",
    "set_fingerprint",
    "set_level",
    "set_measurement",
    "set_tag",
    "set_tags",
    "set_transaction_name",
    "set_user",
    "start_inner_span",
    "start_monitor",
    "start_new_trace",
    "start_otel_span",
    "start_request_session",
    "start_session",
    "start_span",
    "start_transaction",
    "take_discarded",
    "take_recorded",
    "trace_propagation_meta",
    "update_current_span",
    "use_isolation_scope",
    "use_scope",
    "use_span",
]

__version__: str

@final
class Scope:
    """Data for every event of a piece of work."""

    def __new__(cls) -> Self:
        """One that holds nothing."""

    @property
    def level(self) -> Optional[_Level]: ...
    @level.setter
    def level(self, level: Optional[_Level]) -> None: ...
    #: To be set, not to be read.
    user: Optional[Mapping[str, Any]]
    fingerprint: Optional[Iterable[str]]
    def set_tag(self, key: str, value: Any) -> None: ...
    def set_tags(self, tags: Mapping[str, Any]) -> None: ...
    def remove_tag(self, key: str) -> None: ...
    def set_extra(self, key: str, value: Any) -> None: ...
    def set_extras(self, extras: Mapping[str, Any]) -> None: ...
    def remove_extra(self, key: str) -> None: ...
    def set_context(self, key: str, value: Optional[Mapping[str, Any]]) -> None: ...
    def remove_context(self, key: str) -> None: ...
    def set_user(self, value: Optional[Mapping[str, Any]]) -> None: ...
    def set_level(self, value: Optional[_Level]) -> None: ...
    def set_fingerprint(self, fingerprint: Optional[Iterable[str]]) -> None: ...
    def set_transaction_name(self, name: Optional[str], source: Optional[_Source] = None) -> None: ...
    @property
    def span(self) -> Optional[Span]: ...
    @span.setter
    def span(self, span: Optional[Span]) -> None: ...
    def capture_event(
        self,
        event: Event,
        hint: Union[Hint, _Scope, None] = None,
        scope: Optional[_Scope] = None,
        **fields: Unpack[_Fields],
    ) -> Optional[str]:
        """Captures an event, with what this scope holds beside what is active."""

    def capture_message(
        self,
        message: str,
        level: Optional[_Level] = None,
        scope: Union[_Scope, Hint, None] = None,
        *,
        hint: Optional[Hint] = None,
        **fields: Unpack[_MessageFields],
    ) -> Optional[str]: ...
    def capture_exception(
        self,
        error: Optional[_Error] = None,
        scope: Union[_Scope, Hint, None] = None,
        *,
        hint: Optional[Hint] = None,
        **fields: Unpack[_Fields],
    ) -> Optional[str]: ...
    @staticmethod
    def get_current_scope() -> Scope: ...
    @staticmethod
    def get_isolation_scope() -> Scope: ...
    @staticmethod
    def get_global_scope() -> Scope: ...
    @staticmethod
    def get_client() -> Client: ...
    @staticmethod
    def last_event_id() -> Optional[str]: ...
    def get_traceparent(self) -> Optional[str]: ...
    def get_baggage(self) -> Optional[str]: ...
    def trace_propagation_meta(self) -> str: ...
    def iter_trace_propagation_headers(self, span: Optional[Span] = None) -> Iterator[tuple[str, str]]: ...
    def set_new_propagation_context(self) -> None:
        """The scope begins a trace of its own."""

    def start_span(self, **fields: Any) -> Span: ...
    def start_transaction(self, transaction: Union[Transaction, str, None] = None, **fields: Any) -> Transaction: ...
    @property
    def transaction(self) -> Optional[Span]: ...
    @transaction.setter
    def transaction(self, name: Optional[str]) -> None: ...
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
    def add_event_processor(self, processor: EventHook) -> None:
        """Adds a function that sees every event of the scope, and changes or drops it."""

    def add_error_processor(self, func: _ErrorHook, cls: Optional[type[BaseException]] = None) -> None:
        """Adds a function that sees events made from an exception, of this class if one is given, and its `exc_info`."""

    def add_attachment(
        self,
        bytes: _Bytes = None,
        filename: Optional[str] = None,
        path: _Path = None,
        content_type: Optional[str] = None,
        add_to_transactions: bool = False,
        *,
        attachment_type: Optional[str] = None,
    ) -> None:
        """Adds a file that goes with every event of the scope."""

    def clear_attachments(self) -> None: ...
    def add_feature_flag(self, flag: str, result: bool) -> None:
        """Notes that a feature flag was asked for."""

    def remove_feature_flag(self, flag: str) -> None: ...
    def set_attribute(self, attribute: str, value: Optional[AttributeValue]) -> None:
        """Sets an attribute of logs, metrics and streamed spans."""

    def set_attributes(self, attributes: Attributes) -> None: ...
    def remove_attribute(self, attribute: str) -> None: ...
    def update_from_kwargs(self, **fields: Unpack[_Fields]) -> None: ...
    def clear(self) -> None: ...
    def clear_breadcrumbs(self) -> None: ...
    def fork(self) -> Scope:
        """Another scope that starts with what this one holds."""

@final
class ScopeBlock(AbstractContextManager[Scope, Literal[False]]):
    """A `with` block in which a fork of the scopes is active."""

    def __enter__(self) -> Scope: ...
    def __exit__(
        self,
        _ty: Optional[type[BaseException]],
        value: Optional[BaseException],
        _traceback: Optional[TracebackType],
        /,
    ) -> Literal[False]: ...

@disjoint_base
class Span:
    """A part of a trace: a `with` block makes it the active span and ends it."""

    op: Optional[str]
    description: Optional[str]
    name: Optional[str]
    origin: Optional[str]
    status: Optional[str]
    @property
    def trace_id(self) -> str: ...
    @property
    def span_id(self) -> str: ...
    @property
    def parent_span_id(self) -> Optional[str]: ...
    @property
    def sampled(self) -> Optional[bool]: ...
    @property
    def start_timestamp(self) -> Optional[datetime]: ...
    @property
    def timestamp(self) -> Optional[datetime]: ...
    @property
    def containing_transaction(self) -> Optional[Transaction]: ...
    def __enter__(self) -> Self: ...
    def __exit__(
        self,
        _ty: Optional[type[BaseException]],
        value: Optional[BaseException],
        _traceback: Optional[TracebackType],
        /,
    ) -> Literal[False]: ...
    def __eq__(self, other: object, /) -> bool: ...
    def __hash__(self) -> int: ...
    def start_child(
        self,
        op: Optional[str] = None,
        name: Optional[str] = None,
        description: Optional[str] = None,
        *,
        origin: Optional[str] = None,
        status: Optional[str] = None,
        start_timestamp: Optional[_Time] = None,
        attributes: Optional[Mapping[str, Any]] = None,
        links: Optional[_Links] = None,
        **other: Never,
    ) -> Span:
        """Starts a span inside this one. It is not active before a `with` block makes it so."""

    def finish(self, scope: Optional[Scope] = None, end_timestamp: Optional[_Time] = None) -> None:
        """Ends it, now or at another time than now. Only the first call counts."""

    def set_tag(self, key: str, value: Any) -> None: ...
    def set_data(self, key: str, value: Any) -> None: ...
    def set_attribute(self, key: str, value: Any) -> None: ...
    def set_flag(self, flag: str, result: bool) -> None: ...
    def update_data(self, data: Mapping[str, Any]) -> None: ...
    def set_attributes(self, attributes: Mapping[str, Any]) -> None: ...
    def set_status(self, status: str) -> None:
        """Says how the work ended: `ok`, `not_found`, `internal_error` ..."""

    def set_http_status(self, http_status: int) -> None: ...
    def set_measurement(self, name: str, value: float, unit: Optional[str] = None) -> None: ...
    def set_name(self, name: str) -> None: ...
    def add_link(self, span: _Link, attributes: Optional[Mapping[str, Any]] = None) -> None: ...
    def is_recording(self) -> bool:
        """True if what is set on it is sent: it is worth collecting."""

    def is_success(self) -> bool: ...
    def to_traceparent(self) -> str: ...
    def to_baggage(self) -> Optional[str]: ...
    def iter_headers(self) -> Iterator[tuple[str, str]]: ...
    def get_trace_context(self) -> dict[str, Any]: ...

@final
class Transaction(Span):
    """The root of a service's part of a trace."""

    source: str
    def set_context(self, key: str, value: Mapping[str, Any]) -> None: ...
    def get_baggage(self) -> Optional[str]: ...

@final
class SpanBlock(AbstractContextManager[Optional[Span], Literal[False]]):
    """A `with` block in which another span, or none, is active."""

    def __enter__(self) -> Optional[Span]: ...
    def __exit__(
        self,
        _ty: Optional[type[BaseException]],
        _value: Optional[BaseException],
        _traceback: Optional[TracebackType],
        /,
    ) -> Literal[False]: ...

def start_transaction(
    transaction: Union[Transaction, str, None] = None,
    custom_sampling_context: Optional[dict[str, Any]] = None,
    *,
    name: Optional[str] = None,
    op: Optional[str] = None,
    source: Optional[_Source] = None,
    description: Optional[str] = None,
    origin: Optional[str] = None,
    status: Optional[str] = None,
    sampled: Optional[bool] = None,
    start_timestamp: Optional[_Time] = None,
    attributes: Optional[Mapping[str, Any]] = None,
    links: Optional[_Links] = None,
    **other: Never,
) -> Transaction:
    """Starts a transaction. It is not active before a `with` block makes it so, which also ends it."""

def start_span(
    op: Optional[str] = None,
    name: Optional[str] = None,
    description: Optional[str] = None,
    *,
    origin: Optional[str] = None,
    status: Optional[str] = None,
    start_timestamp: Optional[_Time] = None,
    attributes: Optional[Mapping[str, Any]] = None,
    links: Optional[_Links] = None,
    sampled: Optional[bool] = None,
    source: Optional[_Source] = None,
    custom_sampling_context: Optional[dict[str, Any]] = None,
    **other: Never,
) -> Span:
    """Starts a span inside the active one, or a transaction where there is none. It is not active before a `with` block
    makes it so, which also ends it."""

def start_inner_span(op: str, name: str, attributes: Optional[dict[str, Any]]) -> Optional[Span]: ...
def get_current_span(scope: Optional[Scope] = None) -> Optional[Span]:
    """The active span, if there is one."""

def use_span(span: Span) -> SpanBlock:
    """A `with` block in which another span is the active one. It does not end that span."""

def start_otel_span(
    parent: Optional[Span],
    trace_id: str,
    span_id: str,
    parent_span_id: Optional[str],
    kind: int,
    name: str,
    start: float,
    attributes: dict[str, Any],
    headers: list[tuple[str, str]],
) -> Optional[Span]: ...
def end_otel_span(
    span: Span,
    kind: int,
    name: str,
    status: int,
    attributes: dict[str, Any],
    others: list[dict[str, Any]],
    end: float,
) -> None: ...
def otel_headers(span: Span, baggage: Optional[str]) -> list[tuple[str, str]]: ...
def otel_remote(header: str) -> Optional[tuple[str, str, bool]]: ...
def start_new_trace() -> SpanBlock:
    """A `with` block in a trace of its own: no span of the caller is active in there."""

def continue_trace(
    environ_or_headers: _Headers,
    op: Optional[str] = None,
    name: Optional[str] = None,
    source: Optional[_Source] = None,
    origin: Optional[str] = None,
) -> Transaction:
    """Continues the trace in these headers, for all that happens in this isolation scope; without one in there a new one
    starts. What it answers can be given to `start_transaction`, or used as a `with` block."""

def get_traceparent() -> Optional[str]:
    """The header `sentry-trace` that takes the trace along."""

def get_baggage() -> Optional[str]:
    """The header `baggage` that takes along what is known about the trace."""

def get_trace_headers(url: Optional[str] = None, baggage: Optional[str] = None) -> dict[str, str]:
    """The headers that take the trace along, by name; for a request to `url` only where the option
    `trace_propagation_targets` lets it. `baggage` is the header of that name which the request has already."""

def trace_propagation_meta() -> str:
    """The same as `meta` elements, for the page that a browser continues the trace from."""

@final
class Attachment:
    """A file that goes with an event: by its path, or as bytes with a name."""

    def __new__(
        cls,
        bytes: _Bytes = None,
        filename: Optional[str] = None,
        path: _Path = None,
        content_type: Optional[str] = None,
        add_to_transactions: bool = False,
        *,
        attachment_type: Optional[str] = None,
    ) -> Self: ...
    @property
    def filename(self) -> str: ...

@final
class Client:
    """The client of the last `init`, or one that does nothing."""

    def is_active(self) -> bool:
        """True if captures can lead anywhere: there is a DSN, and it was not closed."""

    @property
    def dsn(self) -> Optional[str]: ...
    @property
    def options(self) -> dict[str, Any]: ...
    def get_integration(self, name_or_class: Union[str, type[Integration]]) -> Optional[Integration]:
        """The integration of this name or class, with its settings, if it is on."""

    def flush(self, timeout: Optional[float] = None, callback: Optional[_Waiting] = None) -> bool: ...
    def close(self, timeout: Optional[float] = None) -> bool: ...

@final
class MonitorRun:
    def finish(self, failed: bool) -> None: ...

@final
class RequestSession:
    """One request under way. Errors that are captured in its isolation scope count by themselves."""

    def mark_errored(self) -> None: ...
    def mark_crashed(self) -> None: ...
    def finish(self) -> None: ...

def capture_checkin(
    monitor_slug: Optional[str] = None,
    check_in_id: Optional[str] = None,
    status: Optional[Literal["in_progress", "ok", "error"]] = None,
    duration: Optional[float] = None,
    monitor_config: Optional[MonitorConfig] = None,
) -> Optional[str]:
    """Reports how far a scheduled job is: `in_progress`, `ok` or `error`. Its id, which the check-in that ends the run is
    to carry; None if it was dropped."""

def start_monitor(monitor_slug: str, monitor_config: Optional[MonitorConfig]) -> MonitorRun: ...
def capture_feedback(
    message: Union[str, Mapping[str, Any]],
    hint: Optional[Hint] = None,
    *,
    name: Optional[str] = None,
    contact_email: Optional[str] = None,
    url: Optional[str] = None,
    associated_event_id: Optional[str] = None,
    replay_id: Optional[str] = None,
    attachments: Optional[Iterable[Union[Attachment, Mapping[str, Any]]]] = None,
) -> Optional[str]:
    """Sends what a user says: a message, or a dictionary of these arguments. The id of the feedback, or None."""

def log_trace(template: str, *args: Any, attributes: Optional[Attributes] = None, **kwargs: Any) -> None:
    """Writes a line of level `trace` to the structured log: a template in the form of `str.format`, and its values."""

def log_debug(template: str, *args: Any, attributes: Optional[Attributes] = None, **kwargs: Any) -> None:
    """Writes a line of level `debug` to the structured log: a template in the form of `str.format`, and its values."""

def log_info(template: str, *args: Any, attributes: Optional[Attributes] = None, **kwargs: Any) -> None:
    """Writes a line of level `info` to the structured log: a template in the form of `str.format`, and its values."""

def log_record(level: str, body: str, template: Any, args: Any, attributes: Attributes) -> None: ...
def log_warning(template: str, *args: Any, attributes: Optional[Attributes] = None, **kwargs: Any) -> None:
    """Writes a line of level `warning` to the structured log: a template in the form of `str.format`, and its values."""

def log_error(template: str, *args: Any, attributes: Optional[Attributes] = None, **kwargs: Any) -> None:
    """Writes a line of level `error` to the structured log: a template in the form of `str.format`, and its values."""

def log_fatal(template: str, *args: Any, attributes: Optional[Attributes] = None, **kwargs: Any) -> None:
    """Writes a line of level `fatal` to the structured log: a template in the form of `str.format`, and its values."""

def count(
    name: str, value: Optional[float] = None, unit: Optional[str] = None, attributes: Optional[Attributes] = None
) -> None:
    """Adds `value`, 1 by default, to a counter."""

def gauge(
    name: str, value: float, unit: Optional[str] = None, attributes: Optional[Attributes] = None
) -> None:
    """Says how much there is of something now."""

def distribution(
    name: str, value: float, unit: Optional[str] = None, attributes: Optional[Attributes] = None
) -> None:
    """Adds a value to a distribution: a duration, a size. Units are named, like `millisecond` or `byte`."""

def capture_exception(
    error: Optional[_Error] = None,
    scope: Union[_Scope, Hint, None] = None,
    *,
    hint: Optional[Hint] = None,
    **fields: Unpack[_Fields],
) -> Optional[str]:
    """Captures an exception, with its causes; without one, that which is being handled. Its event's id, or None."""

def capture_exception_from(
    error: _Error, mechanism: str, handled: bool, hint: Optional[Hint] = None, **fields: Unpack[_Fields]
) -> Optional[str]: ...
def capture_message(
    message: str,
    level: Optional[_Level] = None,
    scope: Union[_Scope, Hint, None] = None,
    *,
    hint: Optional[Hint] = None,
    **fields: Unpack[_MessageFields],
) -> Optional[str]:
    """Captures a message. Its event's id, or None."""

def capture_event(
    event: Event,
    hint: Union[Hint, _Scope, None] = None,
    scope: Optional[_Scope] = None,
    **fields: Unpack[_Fields],
) -> Optional[str]:
    """Captures an event that the application has put together. Its id, or None."""

def capture_event_from(event: Event, mechanism: str, handled: bool, hint: Hint) -> Optional[str]: ...
def pass_over(error: BaseException) -> None: ...
@final
class Carried:
    def enter(self) -> None: ...
    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any: ...

def carry(always: bool = False) -> Optional[Carried]: ...
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

def remove_tag(key: str) -> None:
    """Removes a tag from the isolation scope."""

def set_attribute(attribute: str, value: Optional[AttributeValue]) -> None:
    """Sets an attribute of logs, metrics and streamed spans on the isolation scope."""

def set_attributes(attributes: Attributes) -> None:
    """Sets attributes on the isolation scope."""

def remove_attribute(attribute: str) -> None:
    """Removes an attribute from the isolation scope."""

def add_feature_flag(flag: str, result: bool) -> None:
    """Notes that a feature flag was asked for, for the events of the isolation scope."""

def add_attachment(
    bytes: _Bytes = None,
    filename: Optional[str] = None,
    path: _Path = None,
    content_type: Optional[str] = None,
    add_to_transactions: bool = False,
    *,
    attachment_type: Optional[str] = None,
) -> None:
    """Adds a file that goes with every event of the isolation scope: by its path, or as bytes with a name."""

def add_global_event_processor(processor: EventHook) -> None:
    """Adds a function that sees every event of the process, and changes or drops it."""

def set_measurement(name: str, value: float, unit: Optional[str] = None) -> None:
    """Adds a measured number to the active transaction; units are named, like `millisecond`."""

def update_current_span(
    op: Optional[str] = None,
    name: Optional[str] = None,
    attributes: Optional[Mapping[str, Any]] = None,
    data: Optional[Mapping[str, Any]] = None,
) -> None:
    """Changes the active span."""

def set_extra(key: str, value: Any) -> None:
    """Sets an extra value on the isolation scope."""

def set_context(key: str, value: Optional[Mapping[str, Any]]) -> None:
    """Replaces a context of the isolation scope; None removes it."""

def set_user(value: Optional[Mapping[str, Any]]) -> None:
    """Replaces the user of the isolation scope; None forgets it."""

def set_level(value: Optional[_Level]) -> None:
    """Overrides the level of events on the isolation scope; None takes it back."""

def set_fingerprint(fingerprint: Optional[Iterable[str]]) -> None:
    """Overrides the grouping of events on the isolation scope."""

def set_transaction_name(name: Optional[str], source: Optional[_Source] = None) -> None:
    """Names the route or task on the isolation scope, and the active transaction."""

def new_scope() -> ScopeBlock:
    """A `with` block with a fork of the current scope."""

def isolation_scope() -> ScopeBlock:
    """A `with` block with forks of the isolation and the current scope: one per request, job or user."""

def use_scope(scope: Scope) -> ScopeBlock:
    """A `with` block with this scope as the current one."""

def use_isolation_scope(isolation_scope: Scope) -> ScopeBlock:
    """A `with` block with this scope as the isolation scope, and a fork of the current one."""

def get_client() -> Client:
    """The client of the last `init`; before it, one that does nothing."""

def start_session(session_mode: Optional[str] = None) -> None:
    """Begins a session of this run, after the end of the one before. `init` begins one by itself, unless the option
    `auto_session_tracking` is off."""

def end_session() -> None:
    """Ends the session: it went well. The end of the process does so too."""

def pause_session() -> None:
    """The application goes to the background. After 30 s there its session is over, as of now."""

def resume_session() -> None:
    """The application comes back: its session goes on, or the next begins."""

def sessions_by_request() -> None: ...
def start_request_session() -> RequestSession: ...
def get_current_scope() -> Scope:
    """The scope of this block of code."""

def get_isolation_scope() -> Scope:
    """The scope of this request, task or thread."""

def get_global_scope() -> Scope:
    """The scope of the process."""

def last_event_id() -> Optional[str]:
    """The id of the last event that was captured in this isolation scope."""

def flush(timeout: Optional[float] = None, callback: Optional[_Waiting] = None) -> bool:
    """Waits until everything captured has left, for at most `timeout` seconds. True if it has. `callback(1, seconds)` is
    told if it takes longer than a moment."""

def delivery_time(left: Optional[float], most: float) -> float:
    """How many seconds a delivery may take at the end of a call, with so many left of its deadline."""

def close(timeout: Optional[float] = None) -> bool:
    """Flushes and stops: later captures do nothing until the next `init`."""

def set_consent(given: bool) -> None:
    """Says whether the user agrees that errors are reported. With the option `require_consent` nothing is collected before
    `True`; `False` stops at once. The application remembers the answer."""

def is_initialized() -> bool:
    """True if a capture can lead anywhere."""

def init(given: dict[str, Any], integrations: list[str]) -> None: ...
def init_testing(given: dict[str, Any], now: float, seed: int) -> None: ...
def restart_testing(
    given: dict[str, Any], seed: int, how: str, seconds: float, event: Optional[str]
) -> None: ...
def take_recorded() -> str: ...
def take_discarded() -> str: ...
def dsn_facts() -> str: ...
def advance_clock(seconds: float) -> None: ...
def add_integration(name: str) -> None: ...
def say(line: str) -> None: ...
@final
class Framework:
    def __new__(
        cls,
        origin: str,
        route: Optional[Callable[[Any], Optional[str]]] = None,
        more: Optional[Callable[[Any, int, bool], Optional[dict[str, Any]]]] = None,
        keep: Optional[str] = None,
    ) -> Framework: ...
    def switch(self, on: bool, methods: Optional[list[str]] = None) -> None: ...

def note_request(request: Any) -> None: ...
def request_failed(framework: Framework, error: BaseException, handled: bool = False) -> None: ...
def serve_wsgi(
    framework: Framework, app: Any, environ: Any, start_response: Any, owner: Any = None
) -> Any: ...
@final
class AsgiExchange:
    def sends(self, send: Any) -> AsgiSend: ...
    def reads(self) -> Optional[AsgiBody]: ...
    def answers(self, status: int) -> None: ...
    def failed(self, error: BaseException) -> None: ...
    def finish(self) -> None: ...

@final
class AsgiBody:
    def note(self, message: Any) -> None: ...

@final
class AsgiSend:
    def __call__(self, message: Any) -> Any: ...

def begin_asgi(framework: Framework, scope: Any) -> Optional[AsgiExchange]: ...
@final
class Child:
    def set_data(self, key: str, value: Any) -> None: ...
    def finish(self, failed: bool = False) -> None: ...

def begin_child(
    op: str, description: Any, origin: str, data: Optional[dict[str, Any]] = None, enter: bool = False
) -> Optional[Child]: ...
def read_templates(
    module: str,
    functions: list[str],
    read: Callable[[Any, BaseException], Optional[tuple[str, str, int, str]]],
) -> None: ...
@final
class Call:
    @property
    def headers(self) -> list[tuple[str, str]]: ...
    def finish(self, status: Optional[int] = None) -> None: ...

def begin_call(method: str, url: str, origin: str, baggage: Optional[str] = None) -> Optional[Call]: ...
@final
class Task:
    def set_data(self, key: str, value: Any) -> None: ...
    def finish(self, failed: bool = False) -> None: ...

def begin_task(
    name: str,
    op: str,
    origin: str,
    headers: Optional[dict[str, Any]] = None,
    context: Optional[dict[str, Any]] = None,
) -> Optional[Task]: ...
def message_headers(baggage: Optional[str] = None) -> list[tuple[str, str]]: ...
