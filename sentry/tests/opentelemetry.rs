//! The bridge in a real provider of OpenTelemetry.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::collections::HashMap;

use opentelemetry::baggage::BaggageExt as _;
use opentelemetry::propagation::TextMapPropagator as _;
use opentelemetry::trace::{
    SpanContext, SpanKind, Status, TraceContextExt as _, Tracer as _, TracerProvider as _,
};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::SdkTracerProvider;
use watchpost::ClientOptions;
use watchpost::integrations::opentelemetry::{WatchpostPropagator, WatchpostSpanProcessor};
use watchpost::testing::{Recorded, record};

const TRACE: &str = "771a43a4192642f0b136d5159a501700";

fn with_provider(
    options: ClientOptions,
    f: impl FnOnce(&SdkTracerProvider, &WatchpostPropagator),
) -> Recorded {
    let processor = WatchpostSpanProcessor::new();
    let propagator = processor.propagator();
    let options = options.with_event_processor(processor.event_processor());
    let provider = SdkTracerProvider::builder().with_span_processor(processor).build();
    record(options, || f(&provider, &propagator)).1
}

fn traced() -> ClientOptions {
    ClientOptions::new().with_traces_sample_rate(1.0).unwrap()
}

#[test]
fn spans_are_spans_and_events_belong_to_them() {
    let mut ids = Vec::new();
    let recorded = with_provider(traced(), |provider, _| {
        let tracer = provider.tracer("shop");
        let root = tracer.span_builder("GET /orders/{id}").with_kind(SpanKind::Server).with_attributes([
            KeyValue::new("http.request.method", "GET"),
            KeyValue::new("http.route", "/orders/{id}"),
        ]);
        let root = tracer.build(root);
        let context = Context::current_with_span(root);
        let _attached = context.clone().attach();
        ids.push(context.span().span_context().trace_id().to_string());
        ids.push(context.span().span_context().span_id().to_string());
        tracer.in_span("SELECT", |context| {
            ids.push(context.span().span_context().span_id().to_string());
            context.span().set_attribute(KeyValue::new("db.system.name", "sqlite"));
            context.span().set_status(Status::error("locked"));
            let other = another_of(&context);
            context.span().add_link(other, vec![KeyValue::new("position", 1)]);
            watchpost::capture_message("inside", None);
        });
        context.span().set_attribute(KeyValue::new("http.response.status_code", 503));
        context.span().end();
    });
    let transactions = recorded.transactions();
    assert_eq!(transactions.len(), 1, "{transactions:?}");
    let transaction = &transactions[0];
    let trace = &transaction["contexts"]["trace"];
    assert_eq!((&trace["trace_id"], &trace["span_id"]), (&ids[0].as_str().into(), &ids[1].as_str().into()));
    assert_eq!((&trace["op"], &trace["status"]), (&"http.server".into(), &"unavailable".into()));
    assert_eq!(trace["origin"], "auto.otel");
    assert_eq!(transaction["transaction"], "GET /orders/{id}");
    assert_eq!(transaction["transaction_info"]["source"], "route");
    let span = &transaction["spans"][0];
    assert_eq!(
        (&span["span_id"], &span["parent_span_id"]),
        (&ids[2].as_str().into(), &ids[1].as_str().into())
    );
    assert_eq!((&span["op"], &span["status"]), (&"db".into(), &"unknown_error".into()));
    assert_eq!((&span["description"], &span["data"]["db.system.name"]), (&"SELECT".into(), &"sqlite".into()));
    let link = serde_json::json!({"trace_id": ids[0], "span_id": "b7ad6b7169203331", "sampled": true, "attributes": {"position": 1}});
    assert_eq!(span["links"], serde_json::json!([link]));
    let event = recorded.only_event();
    assert_eq!(event.contexts["trace"]["trace_id"], ids[0].as_str());
    assert_eq!(event.contexts["trace"]["span_id"], ids[2].as_str());
}

/// Another span of the same trace.
fn another_of(context: &Context) -> SpanContext {
    let own = context.span().span_context().clone();
    let other = opentelemetry::SpanId::from_hex("b7ad6b7169203331").unwrap();
    SpanContext::new(own.trace_id(), other, own.trace_flags(), false, Default::default())
}

#[test]
fn a_trace_arrives_and_leaves() {
    let mut outgoing = HashMap::new();
    let recorded = with_provider(traced(), |provider, propagator| {
        let incoming = HashMap::from([
            ("sentry-trace".to_owned(), format!("{TRACE}-b7ad6b7169203331-1")),
            ("baggage".to_owned(), format!("theirs=1,sentry-trace_id={TRACE},sentry-release=web%401")),
        ]);
        let context = propagator.extract_with_context(&Context::new(), &incoming);
        let tracer = provider.tracer("shop");
        let span = tracer.start_with_context("order", &context);
        let context = context.with_span(span).with_baggage([KeyValue::new("mine", "2")]);
        propagator.inject_context(&context, &mut outgoing);
    });
    let transactions = recorded.transactions();
    let trace = &transactions[0]["contexts"]["trace"];
    assert_eq!((&trace["trace_id"], &trace["parent_span_id"]), (&TRACE.into(), &"b7ad6b7169203331".into()));
    let expected = format!("{TRACE}-{}-1", trace["span_id"].as_str().unwrap());
    assert_eq!(outgoing["sentry-trace"], expected);
    let baggage = &outgoing["baggage"];
    assert!(baggage.starts_with("mine=2,") && baggage.contains("sentry-release=web%401"), "{baggage}");
    assert!(!baggage.contains("theirs"), "{baggage}");
}

#[test]
fn decisions_of_others_hold() {
    let recorded = with_provider(traced(), |provider, propagator| {
        let incoming = HashMap::from([("sentry-trace".to_owned(), format!("{TRACE}-b7ad6b7169203331-0"))]);
        let context = propagator.extract_with_context(&Context::new(), &incoming);
        let span = provider.tracer("shop").start_with_context("order", &context);
        let mut outgoing = HashMap::new();
        propagator.inject_context(&context.with_span(span), &mut outgoing);
        assert!(outgoing["sentry-trace"].starts_with(TRACE) && outgoing["sentry-trace"].ends_with("-0"));
    });
    recorded.assert_nothing();
}

#[test]
fn without_tracing_nothing_is_sent_and_with_a_span_of_ours_it_is_the_parent() {
    with_provider(ClientOptions::new(), |provider, _| provider.tracer("shop").in_span("order", |_| ()))
        .assert_nothing();
    let recorded = with_provider(traced(), |provider, _| {
        let _transaction = watchpost::start_transaction("import", "task");
        provider.tracer("shop").in_span("order", |_| ());
    });
    let transactions = recorded.transactions();
    assert_eq!((transactions.len(), &transactions[0]["spans"][0]["description"]), (1, &"order".into()));
}
