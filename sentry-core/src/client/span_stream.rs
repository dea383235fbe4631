//! Streamed spans: from their end to the buffer, and from the buffer to the transport.

use std::sync::Arc;

use super::{Client, Due};
use crate::envelope::{Envelope, EnvelopeHeader, Item, ItemHeader, ItemType};
use crate::hook;
use crate::protocol::{
    Attribute, AttributeValue, Attributes, Category, DiscardReason, Measurement, SpanPayload, SpanV2,
    SpanV2Status, Timestamp, TransactionSource,
};
use crate::scope::Scopes;
use crate::telemetry::{Common, Surroundings};
use crate::text::Text;
use crate::tracing::{MAX_ITEM_BYTES, Segment, Written, write_span};

impl Client {
    /// Takes a streamed span that has ended: scopes, common attributes, `before_send_span`, then the buffer.
    pub(crate) fn capture_span(&self, segment: &Arc<Segment>, span: SpanPayload) {
        if !self.is_enabled() {
            return;
        }
        if hook::in_hook() {
            self.options.diagnostics().say(|| "a hook ended a span; that is refused".to_owned());
            return self.lose_spans(DiscardReason::BeforeSend, 1);
        }
        let [global, isolation, current] = &segment.scopes;
        let scopes = Scopes { global, isolation, current };
        let around = Surroundings::of(scopes, self.options.data_collection().user_info);
        let mut span = streamed(segment, span);
        let common = Common { defaults: &self.telemetry.defaults, scrubber: self.options.scrubber() };
        let written = match self.options.tracing().before_send_span() {
            None => write_span(&span, Some(&around), common),
            Some(before) => {
                around.merge(&mut span.attributes, common.defaults);
                let asked = span.clone();
                match hook::call(|| before(asked)) {
                    Ok(Some(changed)) => {
                        span = SpanV2 { trace_id: span.trace_id, span_id: span.span_id, ..changed }
                    }
                    Ok(None) => {
                        let say =
                            || "before_send_span cannot drop a span, it is kept: use ignore_spans".to_owned();
                        self.options.diagnostics().say(say);
                    }
                    Err(failure) => {
                        let say =
                            || format!("before_send_span failed, the span is kept: {}", failure.message);
                        self.options.diagnostics().say(say);
                    }
                }
                write_span(&span, None, common)
            }
        };
        if written.is_empty() || written.len() + 64 > MAX_ITEM_BYTES {
            let say = || format!("a span of {} bytes is dropped", written.len());
            self.options.diagnostics().say(say);
            return self.lose_spans(DiscardReason::Invalid, 1);
        }
        let full = self.spans.push(segment, &written, self.clock.now());
        if let Some(at) = full.remind {
            self.remind(at);
        }
        self.lose_spans(DiscardReason::BufferOverflow, full.lost);
        if let Some(written) = full.sent {
            self.send_spans_of(written);
        }
    }

    /// Sends the spans that are due.
    pub(super) fn send_spans(&self, due: Due, now: Timestamp) -> Option<Timestamp> {
        let (taken, next) = self.spans.take(due, now);
        taken.into_iter().for_each(|written| self.send_spans_of(written));
        next
    }

    fn send_spans_of(&self, written: Written) {
        let Some(transport) = &self.transport else { return };
        let header = EnvelopeHeader {
            sdk: Some(self.options.sdk_now()),
            trace: written.dsc().header(),
            ..EnvelopeHeader::default()
        };
        let item = ItemHeader {
            item_count: Some(written.count),
            content_type: Some("application/vnd.sentry.items.span.v2+json".to_owned()),
            ..ItemHeader::new(ItemType::Span)
        };
        let item = Item { header: item, payload: written.into_payload() };
        transport.send(Envelope { header, items: vec![item] });
    }

    fn lose_spans(&self, reason: DiscardReason, spans: u64) {
        self.reports.record(reason, Category::Span, spans);
    }
}

/// The streamed form of a span, with what its segment says about it.
fn streamed(segment: &Segment, span: SpanPayload) -> SpanV2 {
    let (segment_name, source) = segment.name_and_source();
    let is_segment = span.span_id == segment.root;
    let mut attributes = Attributes::new();
    for (key, value) in span.data {
        if let Some(value) = AttributeValue::from_json(&value) {
            attributes.insert(key, value);
        }
    }
    for (key, value) in span.tags {
        attributes.insert(key, AttributeValue::String(value));
    }
    let mut add = |name: &'static str, value: Option<Text>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            attributes.insert(Text::from_static(name), AttributeValue::String(value));
        }
    };
    add("sentry.op", span.op.clone());
    add("sentry.origin", span.origin);
    add("sentry.segment.name", Some(segment_name.clone()));
    add("sentry.segment.id", Some(segment.root.to_string().into()));
    let source = source.unwrap_or(TransactionSource::Custom);
    add("sentry.span.source", is_segment.then(|| Text::from_static(source.as_str())));
    if is_segment {
        for (name, measured) in segment.take_measurements() {
            let Measurement { value, unit } = measured;
            attributes.insert(name, Attribute { value: AttributeValue::Double(value), unit });
        }
    }
    let name = if is_segment { Some(segment_name) } else { span.description.or(span.op) };
    let failed = span.status.is_some_and(|status| !status.is_ok());
    SpanV2 {
        trace_id: span.trace_id,
        span_id: span.span_id,
        parent_span_id: span.parent_span_id,
        name: name.unwrap_or_default(),
        status: if failed { SpanV2Status::Error } else { SpanV2Status::Ok },
        is_segment,
        start_timestamp: span.start_timestamp,
        end_timestamp: span.timestamp,
        attributes,
        links: span.links.into_iter().map(Into::into).collect(),
    }
}
