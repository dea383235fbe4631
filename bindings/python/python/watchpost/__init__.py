"""Error tracking that is durable before it returns, cheap for its host and private by default.

    import watchpost

    watchpost.init("https://public_key@errors.example.com/1", release="shop@1.2.3")
    try:
        checkout(cart)
    except Exception:
        watchpost.capture_exception()

Nothing in here raises, except `init` when an option cannot be used.
"""

from ._watchpost import (
    Scope,
    Span,
    Transaction,
    add_breadcrumb,
    capture_event,
    capture_exception,
    capture_message,
    close,
    continue_trace,
    flush,
    get_baggage,
    get_current_scope,
    get_current_span,
    get_global_scope,
    get_isolation_scope,
    get_trace_headers,
    get_traceparent,
    is_initialized,
    isolation_scope,
    last_event_id,
    new_scope,
    set_consent,
    set_context,
    set_extra,
    set_fingerprint,
    set_level,
    set_tag,
    set_tags,
    set_transaction_name,
    set_user,
    start_new_trace,
    start_span,
    start_transaction,
    trace_propagation_meta,
    use_span,
)
from ._watchpost import __version__ as __version__
from .api import init
from .options import Breadcrumb, BreadcrumbHook, Event, EventHook, Hint, Options, SamplingContext, TracesSampler
from .tracing import trace

__all__ = [
    "Breadcrumb",
    "BreadcrumbHook",
    "Event",
    "EventHook",
    "Hint",
    "Options",
    "SamplingContext",
    "Scope",
    "Span",
    "TracesSampler",
    "Transaction",
    "add_breadcrumb",
    "capture_event",
    "capture_exception",
    "capture_message",
    "close",
    "continue_trace",
    "flush",
    "get_baggage",
    "get_current_scope",
    "get_current_span",
    "get_global_scope",
    "get_isolation_scope",
    "get_trace_headers",
    "get_traceparent",
    "init",
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
    "start_new_trace",
    "start_span",
    "start_transaction",
    "trace",
    "trace_propagation_meta",
    "use_span",
]
