"""What `init` takes, and what hooks see."""

from os import PathLike
from typing import (
    TYPE_CHECKING,
    AbstractSet,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    Optional,
    Pattern,
    Sequence,
    Type,
    TypedDict,
    Union,
)

if TYPE_CHECKING:
    from .integrations import Integration
    from .scrubber import EventScrubber

#: An event, as the published event payload describes it.
Event = Dict[str, Any]
#: A breadcrumb: `timestamp`, `type`, `category`, `message`, `level`, `data`.
Breadcrumb = Dict[str, Any]
#: What belongs to an event or breadcrumb but is not sent: `exc_info`, `original_exception` and what the capture gave.
Hint = Dict[str, Any]
#: Called on the capturing thread. Returns the event, perhaps changed, or None to drop it. If it raises, the event is
#: dropped and counted.
EventHook = Callable[[Event, Hint], Optional[Event]]
#: The same for breadcrumbs.
BreadcrumbHook = Callable[[Breadcrumb, Hint], Optional[Breadcrumb]]
#: What a sampler of traces may decide by: `transaction_context` (`name`, `op`, `source`, `data`), `parent_sampled`,
#: `parent_sample_rate`, `attributes`, and beside them whatever the transaction got as `custom_sampling_context`.
SamplingContext = Dict[str, Any]
#: Answers with the share of transactions like this one that is sent, from 0 to 1, or True or False. Called on the thread
#: that starts it. If it raises, it is as if it were not set.
TracesSampler = Callable[[SamplingContext], Union[float, bool]]
#: The same for errors. Called after every other hook.
ErrorSampler = Callable[[Event, Hint], Union[float, bool]]

#: A span of a transaction or of a stream: `span_id`, `op`, `description`, `data`, `start_timestamp`, `timestamp` ...
Span = Dict[str, Any]
#: A line of the structured log: `level`, `body`, `attributes`, `timestamp`, `trace_id`.
Log = Dict[str, Any]
#: A measurement: `name`, `type`, `value`, `unit`, `attributes`, `timestamp`, `trace_id`.
Metric = Dict[str, Any]
#: A report of a scheduled job: `monitor_slug`, `check_in_id`, `status`, `duration`.
CheckIn = Dict[str, Any]
#: The same as `EventHook` for log lines, metrics and check-ins.
LogHook = Callable[[Log, Hint], Optional[Log]]
MetricHook = Callable[[Metric, Hint], Optional[Metric]]
CheckInHook = Callable[[CheckIn, Hint], Optional[CheckIn]]
#: The value of an attribute of logs, metrics and spans. With a unit: `{"value": 12, "unit": "millisecond"}`.
AttributeValue = Union[str, bool, int, float, Sequence[str], Sequence[bool], Sequence[int], Sequence[float], Dict[str, Any]]
Attributes = Mapping[str, Optional[AttributeValue]]


class MonitorSchedule(TypedDict, total=False):
    """When a job runs."""

    #: "crontab" or "interval".
    type: str
    #: An expression like "0 3 * * *", or how many units lie between two runs.
    value: Union[str, int]
    #: Of an interval: "year", "month", "week", "day", "hour" or "minute".
    unit: str


class MonitorConfig(TypedDict, total=False):
    """What is expected of a job."""

    schedule: MonitorSchedule
    #: How many minutes late a run may start.
    checkin_margin: int
    #: How many minutes a run may take.
    max_runtime: int
    #: After how many failures in a row an issue is opened.
    failure_issue_threshold: int
    #: After how many good runs in a row it is resolved.
    recovery_threshold: int
    #: The time zone of a crontab, like "Europe/Berlin".
    timezone: str
    #: Who is told: "user:..." or "team:...".
    owner: str


#: A rule of what occurs where: a compiled regular expression, or a dictionary of one entry.
Rule = Union[Pattern[str], Dict[str, str]]

#: True for all but the mandatory terms, False for none, or only these keys, or all but these keys.
Collect = Union[bool, Dict[str, Sequence[str]]]


class DataCollection(TypedDict, total=False):
    """What integrations may collect by themselves. Secrets are masked whatever stands here."""

    #: Who the user is; False by default.
    user_info: bool
    cookies: Collect
    #: One rule, or `{"request": rule, "response": rule}`.
    http_headers: Union[Collect, Dict[str, Collect]]
    query_params: Collect
    #: True, or a list of "incomingRequest", "outgoingRequest", "incomingResponse", "outgoingResponse".
    http_bodies: Union[bool, Sequence[str]]
    stack_frame_variables: bool
    #: How many lines of source before and after that of a frame; 5 by default.
    frame_context_lines: int
    generative_ai_inputs: bool
    generative_ai_outputs: bool


class Options(TypedDict, total=False):
    """The options of `init` besides the DSN. None means not given."""

    #: The version of the application, like "shop@1.2.3"; else the variable SENTRY_RELEASE.
    release: Optional[str]
    #: Where it runs; else the variable SENTRY_ENVIRONMENT, else "production".
    environment: Optional[str]
    #: The build of the release.
    dist: Optional[str]
    #: The name of the machine; else the host's.
    server_name: Optional[str]
    #: Packages and their versions, for every error of this release; else those that are installed.
    modules: Optional[Mapping[str, str]]
    #: The share of errors that is sent, from 0 to 1.
    sample_rate: Optional[float]
    #: How many breadcrumbs are kept; 100 by default.
    max_breadcrumbs: Optional[int]
    #: Sees every event last.
    before_send: Optional[EventHook]
    #: Sees every transaction last, its spans included.
    before_send_transaction: Optional[EventHook]
    #: See every log line, metric, check-in or feedback last.
    before_send_log: Optional[LogHook]
    before_send_metric: Optional[MetricHook]
    before_send_check_in: Optional[CheckInHook]
    before_send_feedback: Optional[EventHook]
    #: Sees every streamed span last.
    before_send_span: Optional[EventHook]
    #: The rate of each transaction that starts here; wins over `traces_sample_rate` and what upstream decided.
    traces_sampler: Optional[TracesSampler]
    #: The rate of each error, in place of `sample_rate`.
    error_sampler: Optional[ErrorSampler]
    #: Sees every event before `before_send`.
    event_processor: Optional[EventHook]
    #: Sees every breadcrumb first.
    before_breadcrumb: Optional[BreadcrumbHook]
    #: Prefixes of modules that are the application's own; wins over `in_app_exclude`.
    in_app_include: Optional[Sequence[str]]
    #: Prefixes of modules that are not.
    in_app_exclude: Optional[Sequence[str]]
    #: True lets integrations collect personal data. The older and coarser form of `data_collection`.
    send_default_pii: Optional[bool]
    #: What is collected, kind by kind; wins over `send_default_pii`.
    data_collection: Optional["DataCollection"]
    #: Keys whose values are masked everywhere, also inside of JSON, forms, query strings and cookies.
    sanitize_fields: Optional[Sequence[str]]
    #: Secrets that are told by their looks: True, or a list of "card_numbers", "tokens", "emails".
    scrub_patterns: Union[bool, Sequence[str], None]
    #: The largest request body that is sent: "none", "small" (1,000 bytes), "medium" (10,000) or "always".
    max_request_body_size: Optional[str]
    #: False leaves local variables out; "types" shows their types instead of their values, and calls nothing of theirs.
    include_local_variables: Union[bool, str, None]
    #: False leaves the source lines out.
    include_source_context: Optional[bool]
    #: True adds the caller's stack to messages, and to exceptions that were never raised.
    attach_stacktrace: Optional[bool]
    #: True says on standard error what the SDK drops and why.
    debug: Optional[bool]
    #: How many seconds `close` and the end of the process may wait; 2 by default.
    shutdown_timeout: Optional[float]
    #: The folder in which captured events wait until they are delivered.
    storage_dir: Union[str, "PathLike[str]", None]
    #: False keeps everything in memory: events that are not delivered die with the process.
    spool: Optional[bool]
    #: How bodies are compressed: "gzip" (the default), "zstd" or "none".
    compression: Optional[str]
    #: The proxy for `http` servers, and for `https` ones without one of their own; else HTTP_PROXY or ALL_PROXY.
    http_proxy: Optional[str]
    #: The proxy for `https` servers; else HTTPS_PROXY or ALL_PROXY.
    https_proxy: Optional[str]
    #: Hosts that are reached without a proxy, separated by commas; else NO_PROXY.
    no_proxy: Union[str, Sequence[str], None]
    #: A PEM file with the authorities to trust in place of the system's.
    ca_certs: Optional[str]
    #: A PEM file with the certificate that is shown to the server.
    cert_file: Optional[str]
    #: A PEM file with its key.
    key_file: Optional[str]
    #: An address of your own that passes envelopes on.
    tunnel: Optional[str]
    #: True, or an address, sends a copy of everything to a Spotlight sidecar; else SENTRY_SPOTLIGHT.
    spotlight: Union[bool, str, None]
    #: False keeps the sample rate of traces while the queue is full or the server limits.
    enable_backpressure_handling: Optional[bool]
    #: False makes a new connection for each request; else SENTRY_KEEP_ALIVE.
    keep_alive: Optional[bool]
    #: Errors that are dropped: classes with all that derive from them, names of types with or without their module,
    #: {"regex": ...} for the type, the value, "type: value" or the message, or {"text": ...} that occurs in these.
    ignore_errors: Optional[Sequence[Union[Type[BaseException], str, Rule]]]
    #: False keeps the counts of dropped events to ourselves.
    send_client_reports: Optional[bool]
    #: True sends what is written to the structured log.
    enable_logs: Optional[bool]
    #: False sends no metrics.
    enable_metrics: Optional[bool]
    #: True collects nothing before `set_consent(True)`.
    require_consent: Optional[bool]
    #: The largest attachment that is sent, in bytes; 20 MiB by default.
    max_attachment_size: Optional[int]
    auto_session_tracking: Optional[bool]
    report_killed: Optional[bool]
    mark_sigterm: Optional[bool]
    #: The share of traces that start here and are sent, from 0 to 1; unset records no spans.
    traces_sample_rate: Optional[float]
    #: How many spans a transaction may hold; 1000 by default.
    max_spans: Optional[int]
    #: Which requests take the trace along: regular expressions that match somewhere in the address, as texts or compiled,
    #: or {"text": ...} that occurs in it; all by default.
    trace_propagation_targets: Optional[Sequence[Union[str, Rule]]]
    #: True also sends the W3C header `traceparent`.
    propagate_traceparent: Optional[bool]
    #: True continues only traces whose organisation is known to be our own.
    strict_trace_continuation: Optional[bool]
    #: The organisation's number; that of the DSN's host by default.
    org_id: Union[str, int, None]
    #: Spans that are never started: texts that occur in the name, {"regex": ...}, or rules of name, op and attributes.
    ignore_spans: Optional[Sequence[Union[str, Pattern[str], Dict[str, Any]]]]
    #: "static" sends spans in transactions, "stream" each soon after it ends.
    trace_lifecycle: Optional[str]
    #: The former way to `traces_sample_rate=1.0`; False makes no traces at all.
    enable_tracing: Optional[bool]
    #: False sends the trace along nowhere.
    propagate_traces: Optional[bool]
    #: Requests that are answered with one of these statuses make no transactions.
    trace_ignore_status_codes: Optional[AbstractSet[int]]
    #: Functions and methods that run in spans of their own: `{"qualified_name": "shop.cart.add"}`.
    functions_to_trace: Optional[Sequence[Mapping[str, str]]]
    #: How many frames of a stack are kept, half of them at each end; 100 by default.
    max_stack_frames: Optional[int]
    #: The folder of the application: files outside are not its own.
    project_root: Union[str, "PathLike[str]", None]
    #: Keys that are masked beside the usual ones.
    event_scrubber: Optional["EventScrubber"]
    #: From here on what `sentry-sdk` knows: it is taken, with a warning that it has no effect.
    add_full_stack: Optional[bool]
    custom_repr: Optional[Callable[..., Optional[str]]]
    db_query_source_threshold_ms: Optional[int]
    enable_db_query_source: Optional[bool]
    enable_http_request_source: Optional[bool]
    http_request_source_threshold_ms: Optional[int]
    instrumenter: Optional[str]
    max_value_length: Optional[int]
    profile_lifecycle: Optional[str]
    profile_session_sample_rate: Optional[float]
    profiler_mode: Optional[str]
    profiles_sample_rate: Optional[float]
    profiles_sampler: Optional[TracesSampler]
    proxy_headers: Optional[Mapping[str, str]]
    socket_options: Optional[List[Any]]
    stream_gen_ai_spans: Optional[bool]
    transport: Any
    transport_queue_size: Optional[int]
    _experiments: Optional[Mapping[str, Any]]
    #: Integrations with settings, like `[LoggingIntegration(event_level=None)]`; the others start as usual.
    integrations: Optional[Sequence["Integration"]]
    #: Integrations that do not start: names, classes or instances.
    disabled_integrations: Optional[Sequence[Union[str, "Integration", Type["Integration"]]]]
    #: False starts only those that are named.
    default_integrations: Optional[bool]
    #: False starts none for frameworks, unless it is named.
    auto_enabling_integrations: Optional[bool]
