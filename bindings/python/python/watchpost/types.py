"""The types of what hooks see and functions take, by the names that `sentry-sdk` has for them."""

from .options import (
    Attributes,
    Breadcrumb,
    BreadcrumbHook,
    CheckIn,
    DataCollection as DataCollectionUserOptions,
    Event,
    EventHook,
    Hint,
    Log,
    Metric,
    MonitorConfig,
    SamplingContext,
    Span as SpanJSON,
)

BreadcrumbHint = Hint
#: What is counted of dropped items: `error`, `transaction`, `span`, `log_item`, `trace_metric` ...
EventDataCategory = str

__all__ = [
    "Attributes",
    "Breadcrumb",
    "BreadcrumbHint",
    "BreadcrumbHook",
    "CheckIn",
    "DataCollectionUserOptions",
    "Event",
    "EventDataCategory",
    "EventHook",
    "Hint",
    "Log",
    "Metric",
    "MonitorConfig",
    "SamplingContext",
    "SpanJSON",
]
