//! Spans of OpenTelemetry as they start and end.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use opentelemetry::Context;
use opentelemetry::trace::{Span as _, TraceContextExt as _};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{Span as TheirSpan, SpanData, SpanProcessor};
use watchpost_core::{
    EventHook, PropagationContext, Span, SpanId, SpanLink, SpanOptions, Timestamp, TraceId,
    TransactionOptions, TransactionSource, otel_trace,
};

use super::propagator::{Arrived, WatchpostPropagator};
use super::{Open, attributes};
use crate::init::with_client;
use crate::{api, current_span, start_transaction_detached};

const ORIGIN: &str = "auto.otel";

/// Makes spans and transactions of ours out of those of OpenTelemetry.
#[derive(Debug, Clone, Default)]
pub struct WatchpostSpanProcessor {
    open: Open,
}

impl WatchpostSpanProcessor {
    /// A processor that follows no span yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// A propagator that knows the spans of this processor.
    pub fn propagator(&self) -> WatchpostPropagator {
        WatchpostPropagator::new(self.open.clone())
    }

    /// An event processor by which events that are captured inside of a span of OpenTelemetry belong to that span. To be
    /// added to the options or to the global scope.
    pub fn event_processor(&self) -> EventHook {
        let open = self.open.clone();
        Arc::new(move |mut event, _hint| {
            let active = Context::map_current(|context| context.span().span_context().span_id());
            if let Some(span) = open.get(active)
                && event.ty.is_none()
            {
                let trace = event.contexts.entry("trace".into()).or_default();
                let trace = Arc::make_mut(trace);
                trace.insert("trace_id".into(), span.trace_id().to_string().into());
                trace.insert("span_id".into(), span.span_id().to_string().into());
                match span.parent_span_id() {
                    Some(parent) => trace.insert("parent_span_id".into(), parent.to_string().into()),
                    None => trace.shift_remove("parent_span_id"),
                };
            }
            Ok(Some(event))
        })
    }

    fn start(&self, data: &SpanData, context: &Context) -> Span {
        let own = SpanId::from_bytes(data.span_context.span_id().to_bytes());
        let start = timestamp(data.start_time);
        let op = attributes::op(&data.span_kind, &data.attributes);
        let parent = self.open.get(data.parent_span_id).or_else(|| {
            let is_root = data.parent_span_id == opentelemetry::SpanId::INVALID;
            is_root.then(current_span).flatten()
        });
        if let Some(parent) = parent {
            let options = SpanOptions::new(op, &*data.name).origin(ORIGIN).started_at(start).span_id(own);
            return parent.start_child_with(options);
        }
        let source = if attributes::is_route(&data.attributes) {
            TransactionSource::Route
        } else {
            TransactionSource::Custom
        };
        let mut options = TransactionOptions::new(data.name.clone().into_owned(), op)
            .source(source)
            .origin(ORIGIN)
            .started_at(start)
            .span_id(own)
            .continuing(trace(data, context));
        for attribute in &data.attributes {
            options =
                options.attribute(attribute.key.as_str().to_owned(), attributes::value(&attribute.value));
        }
        start_transaction_detached(options)
    }
}

impl SpanProcessor for WatchpostSpanProcessor {
    fn on_start(&self, span: &mut TheirSpan, context: &Context) {
        if !api::is_enabled() {
            return;
        }
        if let Some(data) = span.exported_data() {
            let ours = self.start(&data, context);
            self.open.insert(span.span_context().span_id(), ours);
        }
    }

    fn on_end(&self, data: SpanData) {
        let Some(ours) = self.open.remove(data.span_context.span_id()) else { return };
        if ours.is_recording() {
            ours.set_name(&*data.name);
            ours.set_op(attributes::op(&data.span_kind, &data.attributes));
            if ours.is_transaction() && attributes::is_route(&data.attributes) {
                ours.set_source(TransactionSource::Route);
            }
            for attribute in &data.attributes {
                ours.set_data(attribute.key.as_str(), attributes::value(&attribute.value));
            }
            data.links.iter().map(link).for_each(|link| ours.add_link(link));
            ours.set_status(attributes::status(&data.status, &data.attributes));
        }
        ours.finish_at(timestamp(data.end_time));
    }

    /// The client is flushed by its own owner.
    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

/// The trace that a span without a parent in this process belongs to.
fn trace(data: &SpanData, context: &Context) -> PropagationContext {
    let arrived = context.get::<Arrived>();
    let arrived =
        arrived.and_then(|arrived| with_client(|client| client.incoming_trace(arrived.headers())).flatten());
    let trace_id = TraceId::from_bytes(data.span_context.trace_id().to_bytes());
    let parent = data.parent_span_id;
    let parent = (parent != opentelemetry::SpanId::INVALID).then(|| SpanId::from_bytes(parent.to_bytes()));
    otel_trace(trace_id, parent, arrived)
}

fn link(theirs: &opentelemetry::trace::Link) -> SpanLink {
    let context = &theirs.span_context;
    let link = SpanLink {
        trace_id: TraceId::from_bytes(context.trace_id().to_bytes()),
        span_id: SpanId::from_bytes(context.span_id().to_bytes()),
        sampled: Some(context.is_sampled()),
        ..SpanLink::default()
    };
    theirs.attributes.iter().fold(link, |link, attribute| {
        link.attribute(attribute.key.as_str().to_owned(), attributes::value(&attribute.value))
    })
}

fn timestamp(time: SystemTime) -> Timestamp {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
