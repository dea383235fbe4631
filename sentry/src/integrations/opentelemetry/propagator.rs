//! Traces that arrive with requests and leave with them.

use std::collections::HashMap;

use opentelemetry::Context;
use opentelemetry::propagation::text_map_propagator::FieldIter;
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt as _, TraceFlags, TraceId, TraceState};
use opentelemetry_sdk::propagation::BaggagePropagator;
use watchpost_core::OtelRemote;

use super::Open;

const SENTRY_TRACE: &str = "sentry-trace";
const BAGGAGE: &str = "baggage";

/// Reads and writes `sentry-trace` and `baggage`.
///
/// It writes the baggage of the context too, so that it stands in for OpenTelemetry's own propagator of baggage when
/// writing; among several, put it last.
#[derive(Debug)]
pub struct WatchpostPropagator {
    open: Open,
    fields: [String; 3],
    baggage: BaggagePropagator,
}

/// What arrived, kept in the context until the first span starts in it.
#[derive(Debug, Clone)]
pub(super) struct Arrived {
    sentry_trace: String,
    baggage: Option<String>,
}

impl Arrived {
    pub(super) fn headers(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let baggage = self.baggage.as_deref().map(|value| (BAGGAGE, value));
        std::iter::once((SENTRY_TRACE, self.sentry_trace.as_str())).chain(baggage)
    }
}

impl WatchpostPropagator {
    pub(super) fn new(open: Open) -> Self {
        let fields = [SENTRY_TRACE, BAGGAGE, "traceparent"].map(str::to_owned);
        Self { open, fields, baggage: BaggagePropagator::new() }
    }
}

impl TextMapPropagator for WatchpostPropagator {
    fn inject_context(&self, context: &Context, injector: &mut dyn Injector) {
        let span = context.span();
        let span = span.span_context();
        if !span.is_valid() {
            return;
        }
        let mut others: HashMap<String, String> = HashMap::new();
        self.baggage.inject_context(context, &mut others);
        match self.open.get(span.span_id()) {
            Some(ours) => {
                for (name, value) in ours.headers(others.get(BAGGAGE).map(String::as_str)).iter() {
                    injector.set(name, value.to_owned());
                }
            }
            // Not one of ours: a span that is not recorded, or of another service.
            None => {
                let flag = u8::from(span.is_sampled());
                injector.set(SENTRY_TRACE, format!("{}-{}-{flag}", span.trace_id(), span.span_id()));
            }
        }
    }

    fn extract_with_context(&self, context: &Context, extractor: &dyn Extractor) -> Context {
        let Some(header) = extractor.get(SENTRY_TRACE) else { return context.clone() };
        let Some(remote) = remote(header) else { return context.clone() };
        let baggage = extractor.get(BAGGAGE).map(str::to_owned);
        let arrived = Arrived { sentry_trace: header.to_owned(), baggage };
        context.with_remote_span_context(remote).with_value(arrived)
    }

    fn fields(&self) -> FieldIter<'_> {
        FieldIter::new(&self.fields)
    }
}

fn remote(header: &str) -> Option<SpanContext> {
    let OtelRemote { trace_id, span_id, sampled } = OtelRemote::parse(header)?;
    let (trace, span) = (TraceId::from_bytes(*trace_id.as_bytes()), SpanId::from_bytes(*span_id.as_bytes()));
    let flags = if sampled { TraceFlags::SAMPLED } else { TraceFlags::NOT_SAMPLED };
    Some(SpanContext::new(trace, span, flags, true, TraceState::NONE))
}
