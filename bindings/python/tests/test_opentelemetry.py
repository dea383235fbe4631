"""The bridge in a real provider of OpenTelemetry."""

import pytest

pytest.importorskip("opentelemetry.sdk.trace", reason="its SDK needs Python 3.10")

from opentelemetry import baggage, context, propagate, trace
from opentelemetry.sdk.trace import TracerProvider

import watchpost
from watchpost import testing
from watchpost.opentelemetry import SpanProcessor

TRACE = "771a43a4192642f0b136d5159a501700"
PARENT = "b7ad6b7169203331"


def begin(**options):
    testing.init(**{"traces_sample_rate": 1.0, **options})
    processor = SpanProcessor()
    watchpost.add_global_event_processor(processor.event_processor)
    provider = TracerProvider()
    provider.add_span_processor(processor)
    return processor.propagator(), provider.get_tracer("shop")


def payloads(kind):
    items = [item for envelope in testing.envelopes() for item in envelope["items"]]
    return [item["payload"] for item in items if item["header"]["type"] == kind]


def ids(span):
    own = span.get_span_context()
    return f"{own.trace_id:032x}", f"{own.span_id:016x}"


def test_spans_are_spans_and_events_belong_to_them():
    _, tracer = begin()
    attributes = {"http.request.method": "GET", "http.route": "/orders/{id}"}
    with tracer.start_as_current_span(
        "GET /orders/{id}", kind=trace.SpanKind.SERVER, attributes=attributes
    ) as root:
        with tracer.start_as_current_span("SELECT") as inner:
            inner.set_attributes({"db.system.name": "sqlite", "ids": [1, 2]})
            inner.set_status(trace.StatusCode.ERROR, "locked")
            own = root.get_span_context()
            other = trace.SpanContext(own.trace_id, int(PARENT, 16), False, own.trace_flags)
            inner.add_link(other, {"position": 1})
            watchpost.capture_message("inside")
        root.set_attribute("http.response.status_code", 503)
    sent = testing.envelopes()
    items = [item for envelope in sent for item in envelope["items"]]
    event, transaction = (item["payload"] for item in items if item["header"]["type"] in ("event", "transaction"))
    own = transaction["contexts"]["trace"]
    assert (own["trace_id"], own["span_id"]) == ids(root) and "parent_span_id" not in own
    assert (own["op"], own["status"], own["origin"]) == ("http.server", "unavailable", "auto.otel")
    assert own["data"]["http.response.status_code"] == 503
    assert transaction["transaction"] == "GET /orders/{id}"
    assert transaction["transaction_info"]["source"] == "route"
    (span,) = transaction["spans"]
    assert (span["span_id"], span["parent_span_id"]) == (ids(inner)[1], ids(root)[1])
    assert (span["op"], span["status"], span["description"]) == ("db", "unknown_error", "SELECT")
    assert span["data"] == {"db.system.name": "sqlite", "ids": [1, 2]} and span["origin"] == "auto.otel"
    link = {"trace_id": ids(root)[0], "span_id": PARENT, "sampled": True, "attributes": {"position": 1}}
    assert span["links"] == [link]
    inside = event["contexts"]["trace"]
    assert (inside["trace_id"], inside["span_id"], inside["parent_span_id"]) == (*ids(inner), ids(root)[1])


def test_a_trace_arrives_and_leaves():
    propagator, tracer = begin()
    incoming = {
        "sentry-trace": f"{TRACE}-{PARENT}-1",
        "baggage": f"theirs=1,sentry-trace_id={TRACE},sentry-release=web%401",
    }
    arrived = propagator.extract(incoming)
    span = tracer.start_span("order", context=arrived)
    outgoing = {}
    propagator.inject(outgoing, baggage.set_baggage("mine", "2", trace.set_span_in_context(span, arrived)))
    span.end()
    (transaction,) = payloads("transaction")
    own = transaction["contexts"]["trace"]
    assert (own["trace_id"], own["parent_span_id"]) == (TRACE, PARENT)
    assert outgoing["sentry-trace"] == f"{TRACE}-{own['span_id']}-1"
    assert outgoing["baggage"].startswith("mine=2,") and "sentry-release=web%401" in outgoing["baggage"]
    assert "theirs" not in outgoing["baggage"]


def test_decisions_of_others_hold():
    propagator, tracer = begin()
    arrived = propagator.extract({"sentry-trace": f"{TRACE}-{PARENT}-0"})
    span = tracer.start_span("order", context=arrived)
    outgoing = {}
    propagator.inject(outgoing, trace.set_span_in_context(span, arrived))
    span.end()
    assert outgoing["sentry-trace"].startswith(TRACE) and outgoing["sentry-trace"].endswith("-0")
    assert payloads("transaction") == []
    assert propagator.extract({"sentry-trace": "nonsense"}) == context.Context()


def test_without_tracing_nothing_is_sent():
    _, tracer = begin(traces_sample_rate=None)
    with tracer.start_as_current_span("order"):
        pass
    assert payloads("transaction") == []


def test_a_span_of_ours_is_the_parent():
    _, tracer = begin()
    with watchpost.start_transaction(op="task", name="import"), tracer.start_as_current_span("order"):
        pass
    (transaction,) = payloads("transaction")
    assert [span["description"] for span in transaction["spans"]] == ["order"]


def test_the_sampler_and_the_hooks_of_transactions_see_it():
    def sampler(given):
        return 1.0 if given["transaction_context"]["name"] == "kept" else 0.0

    def rename(event, hint):
        return {**event, "transaction": "renamed"}

    _, tracer = begin(traces_sampler=sampler, before_send_transaction=rename)
    for name in ("kept", "dropped"):
        tracer.start_span(name, attributes={"tenant": name}).end()
    assert [transaction["transaction"] for transaction in payloads("transaction")] == ["renamed"]


def test_nothing_global_is_taken_over():
    provider, propagator = trace.get_tracer_provider(), propagate.get_global_textmap()
    begin()
    assert trace.get_tracer_provider() is provider and propagate.get_global_textmap() is propagator


def test_without_a_client_nothing_happens():
    propagator, tracer = begin()
    watchpost.close()
    with tracer.start_as_current_span("order") as span:
        outgoing = {}
        propagator.inject(outgoing)
    assert outgoing == {"sentry-trace": f"{'-'.join(ids(span))}-1"}
