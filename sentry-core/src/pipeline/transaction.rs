//! The way of a transaction: scopes, processors, `before_send_transaction`, scrubbing, limits; never `before_send`.

use super::{Given, Outcome, Prepared, defaults};
use crate::client_reports::ClientReports;
use crate::hook::{self, Verdict};
use crate::json;
use crate::protocol::{Category, DiscardReason, Event};
use crate::scope;

/// Everything up to the bytes. Spans that a hook took out are counted as that hook's.
pub(crate) fn run_transaction(mut event: Box<Event>, given: Given<'_>, reports: &ClientReports) -> Outcome {
    let Given { options, layers, hint, prepared } = given;
    if prepared.is_none() {
        scope::apply_data(layers, &mut event);
        defaults(&mut event, options);
    }
    let spans = event.spans.len();
    let processors = layers.processors().chain(options.event_processors());
    for processor in processors.chain(options.transaction_processors()) {
        let given = std::mem::take(&mut *event);
        *event = match hook::filter("event processor", options.diagnostics(), || processor(given, hint)) {
            Verdict::Keep(event) => event,
            Verdict::Drop => return Outcome::Drop(DiscardReason::EventProcessor),
            Verdict::Later => return Outcome::Deferred,
        };
    }
    let left = event.spans.len();
    reports.record(DiscardReason::EventProcessor, Category::Span, spans.saturating_sub(left) as u64);
    if let Some(before_send) = options.tracing().before_send_transaction() {
        let given = std::mem::take(&mut *event);
        let ask = || before_send(given, hint);
        *event = match hook::filter("before_send_transaction", options.diagnostics(), ask) {
            Verdict::Keep(event) => event,
            Verdict::Drop => return Outcome::Drop(DiscardReason::BeforeSend),
            Verdict::Later => return Outcome::Deferred,
        };
        let gone = left.saturating_sub(event.spans.len());
        reports.record(DiscardReason::BeforeSend, Category::Span, gone as u64);
    }
    options.scrubber().event(&mut event);
    Outcome::Send(event)
}

/// The transaction as JSON of at most `max` bytes. If need be, spans are given up, the last ones first; they are counted.
pub(crate) fn serialize_transaction(
    event: &mut Event,
    prepared: Option<&Prepared>,
    max: usize,
    reports: &ClientReports,
) -> Option<Vec<u8>> {
    let all = event.spans.len();
    let contexts = prepared.map(|_| std::mem::take(&mut event.contexts)).unwrap_or_default();
    let mut bytes = Vec::with_capacity(1024 + 384 * all);
    let written = loop {
        bytes.clear();
        json::write(event, &mut bytes).ok()?;
        if let Some(prepared) = prepared {
            prepared.write(&contexts, &mut bytes)?;
        }
        if bytes.len() <= max || event.spans.is_empty() {
            break bytes;
        }
        // As many as would fit if all were as long as the average; at least one goes.
        let fit = event.spans.len() * max / bytes.len();
        event.spans.truncate(fit.min(event.spans.len() - 1));
        super::note(&mut event.other, &["spans"], all);
    };
    reports.record(DiscardReason::BufferOverflow, Category::Span, (all - event.spans.len()) as u64);
    if written.len() <= max {
        return Some(written);
    }
    if prepared.is_some() {
        event.contexts = contexts;
    }
    super::serialize(event, prepared, max)
}
