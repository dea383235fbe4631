"""A bridge from OpenTelemetry: its spans become spans and transactions of ours, whatever instrumentation makes them.

    processor = SpanProcessor()
    provider = TracerProvider()
    provider.add_span_processor(processor)
    # The traces of services that speak `sentry-trace` and `baggage` go on.
    opentelemetry.propagate.set_global_textmap(processor.propagator())
    # Events that are captured inside of a span of OpenTelemetry belong to it.
    watchpost.add_global_event_processor(processor.event_processor)

Nothing global is taken over: the application makes its provider and sets its propagators, and these are two more parts of
them. The sampler of OpenTelemetry comes first, then `traces_sample_rate` or `traces_sampler`: with neither, no transaction
is sent. A span without a parent in this process is a transaction, or a child of the active span of ours.
"""

from __future__ import annotations

from opentelemetry import trace
from opentelemetry.baggage.propagation import W3CBaggagePropagator
from opentelemetry.context import Context, create_key, get_value, set_value
from opentelemetry.propagators.textmap import (
    Getter,
    Setter,
    TextMapPropagator,
    default_getter,
    default_setter,
)
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace import Span as _TheirSpan
from opentelemetry.sdk.trace import SpanProcessor as _SpanProcessor

from . import _watchpost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .options import Event, Hint

__all__ = ["Propagator", "SpanProcessor"]

#: More open spans than these are not followed.
_MAX_OPEN = 10_000
_SENTRY_TRACE = "sentry-trace"
_BAGGAGE = "baggage"
_ARRIVED = create_key("watchpost-arrived")


class SpanProcessor(_SpanProcessor):
    """Makes spans and transactions of ours out of those of OpenTelemetry."""

    def __init__(self) -> None:
        # Those that are open, by their ids.
        self._open: dict[int, _watchpost.Span] = {}

    def propagator(self) -> Propagator:
        """A propagator that knows the spans of this processor."""
        return Propagator(self)

    def event_processor(self, event: Event, hint: Hint) -> Event:
        """An event processor by which events that are captured inside of a span of OpenTelemetry belong to that span."""
        span = self.span_of(trace.get_current_span().get_span_context())
        if span is not None and event.get("type") is None:
            own = span.get_trace_context()
            names = ("trace_id", "span_id", "parent_span_id")
            context: dict[str, Any] = event.setdefault("contexts", {}).setdefault("trace", {})
            context.pop("parent_span_id", None)
            context.update({name: own[name] for name in names if own.get(name)})
        return event

    def span_of(self, context: trace.SpanContext) -> _watchpost.Span | None:
        """Ours for an open span of OpenTelemetry."""
        return self._open.get(context.span_id)

    def on_start(self, span: _TheirSpan, parent_context: Context | None = None) -> None:
        """Starts ours."""
        try:
            self._start(span, parent_context)
        except Exception as error:
            _watchpost.say(f"a span of OpenTelemetry was not followed: {error!r}")

    def on_end(self, span: ReadableSpan) -> None:
        """Ends ours."""
        try:
            self._end(span)
        except Exception as error:
            _watchpost.say(f"a span of OpenTelemetry was not followed to its end: {error!r}")

    def shutdown(self) -> None:
        """Nothing: the client is closed by its own owner."""

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Nothing: the client is flushed by its own owner."""
        return True

    def _start(self, span: _TheirSpan, parent_context: Context | None) -> None:
        context, parent = span.get_span_context(), span.parent
        if context is None or not _watchpost.is_initialized() or len(self._open) >= _MAX_OPEN:
            return
        around = _watchpost.get_current_span() if parent is None else self.span_of(parent)
        ours = _watchpost.start_otel_span(
            around,
            f"{context.trace_id:032x}",
            f"{context.span_id:016x}",
            None if parent is None else f"{parent.span_id:016x}",
            span.kind.value,
            span.name,
            (span.start_time or 0) / 1e9,
            dict(span.attributes or {}),
            _arrived(parent_context),
        )
        if ours is not None:
            self._open[context.span_id] = ours

    def _end(self, span: ReadableSpan) -> None:
        context = span.get_span_context()
        ours = None if context is None else self._open.pop(context.span_id, None)
        if ours is None:
            return
        _watchpost.end_otel_span(
            ours,
            span.kind.value,
            span.name,
            span.status.status_code.value,
            dict(span.attributes or {}),
            [_link(link) for link in span.links],
            (span.end_time or 0) / 1e9,
        )


class Propagator(TextMapPropagator):
    """Reads and writes `sentry-trace` and `baggage`.

    It writes the baggage of the context too, so that it stands in for OpenTelemetry's own propagator of baggage when
    writing; among several, put it last.
    """

    def __init__(self, processor: SpanProcessor) -> None:
        self._processor = processor
        self._baggage = W3CBaggagePropagator()

    @property
    def fields(self) -> set[str]:
        """The headers that it writes."""
        return {_SENTRY_TRACE, _BAGGAGE, "traceparent"}

    def inject(
        self, carrier: Any, context: Context | None = None, setter: Setter[Any] = default_setter
    ) -> None:
        """Writes the headers that take along the trace of the context."""
        span = trace.get_current_span(context).get_span_context()
        if not span.is_valid:
            return
        ours = self._processor.span_of(span)
        if ours is None:
            # Not one of ours: a span that is not recorded, or of another service.
            flag = int(span.trace_flags.sampled)
            setter.set(carrier, _SENTRY_TRACE, f"{span.trace_id:032x}-{span.span_id:016x}-{flag}")
            return
        others: dict[str, str] = {}
        self._baggage.inject(others, context)
        for name, value in _watchpost.otel_headers(ours, others.get(_BAGGAGE)):
            setter.set(carrier, name, value)

    def extract(
        self, carrier: Any, context: Context | None = None, getter: Getter[Any] = default_getter
    ) -> Context:
        """The context with the trace that arrived; as it was without one."""
        found = Context() if context is None else context
        headers = [
            (name, value) for name in (_SENTRY_TRACE, _BAGGAGE) for value in getter.get(carrier, name) or ()
        ]
        remote = _watchpost.otel_remote(headers[0][1]) if headers and headers[0][0] == _SENTRY_TRACE else None
        if remote is None:
            return found
        trace_id, span_id, sampled = remote
        flags = trace.TraceFlags(trace.TraceFlags.SAMPLED if sampled else trace.TraceFlags.DEFAULT)
        span = trace.SpanContext(int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=flags)
        # Kept until the first span starts in it.
        found = set_value(_ARRIVED, headers, found)
        return trace.set_span_in_context(trace.NonRecordingSpan(span), found)


def _arrived(context: Context | None) -> list[tuple[str, str]]:
    found: Any = get_value(_ARRIVED, context)
    return found or []


def _link(link: trace.Link) -> dict[str, Any]:
    context = link.context
    return {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
        "sampled": bool(context.trace_flags.sampled),
        "attributes": dict(link.attributes or {}),
    }
