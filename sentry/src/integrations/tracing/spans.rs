//! Spans of `tracing` as spans of ours.

use std::cell::RefCell;

use tracing_core::span::{Attributes, Id, Record};
use tracing_core::{Metadata, Subscriber};
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::{LookupSpan, SpanRef};
use watchpost_core::{Map, Span, SpanOptions, Value};

use super::fields::Fields;
use crate::init::with_client;
use crate::{current_span, scopes, start_transaction_detached};

const ORIGIN: &str = "auto.tracing";
/// Fields with a meaning of their own.
const OP: &str = "sentry.op";
const NAME: &str = "sentry.name";

/// Our span, kept with the span of `tracing`.
struct Ours(Span);

thread_local! {
    /// What this thread has entered: the span of `tracing`, and the span that was active before.
    static ENTERED: RefCell<Vec<(Id, Span, Option<Span>)>> = const { RefCell::new(Vec::new()) };
}

/// Starts a span inside that of the parent, or inside the active one, or else a transaction.
pub(super) fn start<S: Subscriber + for<'a> LookupSpan<'a>>(
    attributes: &Attributes<'_>,
    id: &Id,
    context: &Context<'_, S>,
) {
    let Some(span) = context.span(id) else { return };
    let on = with_client(|client| client.is_enabled() && client.options().is_tracing_on());
    if on != Some(true) {
        return;
    }
    let parent = parent(attributes, &span);
    if let Some(parent) = parent.as_ref().filter(|parent| parent.sampled() != Some(true)) {
        // What is not sent needs no fields.
        span.extensions_mut().insert(Ours(parent.start_child("default", "")));
        return;
    }
    let mut fields = Fields::default();
    attributes.record(&mut fields);
    let data = data(fields);
    let metadata = span.metadata();
    let op = text(&data, OP).unwrap_or_else(|| "default".to_owned());
    let name = text(&data, NAME).unwrap_or_else(|| metadata.name().to_owned());
    let mut options = SpanOptions::new(op, name).origin(ORIGIN);
    options = options.attribute("code.namespace", metadata.target());
    for (key, value) in data.into_iter().filter(|(key, _)| !matches!(key.as_str(), OP | NAME)) {
        options = options.attribute(key, value);
    }
    let ours = match parent {
        Some(parent) => parent.start_child_with(options),
        None => start_transaction_detached(options.into_transaction()),
    };
    span.extensions_mut().insert(Ours(ours));
}

/// Adds fields that were recorded later.
pub(super) fn record<S: Subscriber + for<'a> LookupSpan<'a>>(
    id: &Id,
    values: &Record<'_>,
    context: &Context<'_, S>,
) {
    let Some(ours) = ours(id, context).filter(Span::is_recording) else { return };
    let mut fields = Fields::default();
    values.record(&mut fields);
    for (key, value) in data(fields) {
        match (key.as_str(), value) {
            (OP, Value::String(op)) => ours.set_op(op),
            (NAME, Value::String(name)) => ours.set_name(name),
            (_, value) => ours.set_data(key, value),
        }
    }
}

/// Makes it the active span of this thread.
pub(super) fn enter<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, context: &Context<'_, S>) {
    let Some(ours) = ours(id, context) else { return };
    let before = scopes::set_span(Some(ours.clone()));
    let _ = ENTERED.try_with(|entered| entered.borrow_mut().push((id.clone(), ours, before)));
}

/// Makes the span active again that was so before.
pub(super) fn exit(id: &Id) {
    let entered = ENTERED.try_with(|entered| {
        let mut entered = entered.borrow_mut();
        let at = entered.iter().rposition(|(own, ..)| own == id)?;
        Some(entered.remove(at))
    });
    if let Ok(Some((_, ours, before))) = entered {
        scopes::restore_span(&ours, before);
    }
}

/// Ends it.
pub(super) fn close<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, context: &Context<'_, S>) {
    let taken = context.span(id).and_then(|span| span.extensions_mut().remove::<Ours>());
    if let Some(Ours(span)) = taken {
        span.finish();
    }
}

/// By default everything but what is for developers is a span.
pub(super) fn by_level(metadata: &Metadata<'_>) -> bool {
    *metadata.level() <= tracing_core::Level::INFO
}

fn ours<S: Subscriber + for<'a> LookupSpan<'a>>(id: &Id, context: &Context<'_, S>) -> Option<Span> {
    context.span(id)?.extensions().get::<Ours>().map(|Ours(span)| span.clone())
}

/// The nearest span around it that is ours, unless it is declared a root.
fn parent<S: for<'a> LookupSpan<'a>>(attributes: &Attributes<'_>, span: &SpanRef<'_, S>) -> Option<Span> {
    if attributes.is_root() {
        return None;
    }
    let around = span.scope().skip(1);
    let mut ours = around.filter_map(|around| around.extensions().get::<Ours>().map(|Ours(own)| own.clone()));
    ours.next().or_else(current_span)
}

fn data(fields: Fields) -> Map {
    let mut data = fields.other;
    data.extend(fields.message.map(|message| ("message".to_owned(), message.into())));
    if let Some(error) = fields.error.last() {
        data.insert("error".into(), error.value.as_deref().unwrap_or_default().into());
    }
    data
}

fn text(data: &Map, key: &str) -> Option<String> {
    data.get(key)?.as_str().map(str::to_owned)
}
