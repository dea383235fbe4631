//! Spans as handles.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use std::cell::RefCell;
use std::time::Duration;

use napi_derive::napi;
use watchpost_bindings::{HostChild, HostSpan, guard, parse};
use watchpost_core::{Map, Result, SpanId, SpanLink, Timestamp, TransactionSource};

use crate::call::Dispatcher;
use crate::hook::while_ending;
use crate::scope::reason;
use crate::words::Words;

/// A transaction or a span of the core. Values that are not text come as JSON. No method throws: what has not its shape
/// is ignored and answered with the reason.
#[napi]
#[derive(Debug)]
pub struct NativeSpan(pub(crate) HostSpan, RefCell<Vec<SpanId>>);

#[napi]
impl NativeSpan {
    /// True if what is set on it is sent.
    #[napi(getter)]
    pub fn is_recording(&self) -> bool {
        self.0.span().is_recording()
    }

    /// `trace id`, `span id`, `parent span id` or nothing, and `1`, `0` or nothing for the decision, between dashes.
    #[napi]
    pub fn ids(&self) -> String {
        let span = self.0.span();
        let parent = span.parent_span_id().map(|id| id.to_string()).unwrap_or_default();
        let sampled = span.sampled().map_or("", |sampled| if sampled { "1" } else { "0" });
        format!("{}-{}-{parent}-{sampled}", span.trace_id(), span.span_id())
    }

    /// Starts a child; start in seconds since 1970, else milliseconds ago; attributes and links as JSON.
    #[napi]
    pub fn start_child(
        &self,
        #[napi(ts_arg_type = "string | undefined")] op: Words,
        #[napi(ts_arg_type = "string | undefined")] name: Words,
        #[napi(ts_arg_type = "string | undefined")] origin: Words,
        start: Option<f64>,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "string | undefined")] links: Words,
        ago_ms: Option<f64>,
    ) -> Self {
        guard(|| {
            let child = HostChild {
                op: op.as_str(),
                description: name.as_str(),
                origin: origin.non_empty(),
                start: start.filter(is_time),
                ago: ago(ago_ms),
                attributes: attributes_of(attributes.as_str()),
                links: links_of(links.as_str()),
            };
            self.0.start_child(child).ok()
        })
        .flatten()
        .map_or_else(|| Self::of(self.0.clone()), Self::of)
    }

    /// Starts and ends a child that nobody asked for meanwhile: as [`start_child`](Self::start_child) and [`end`](Self::end)
    /// in one.
    #[napi]
    pub fn add_child(
        &self,
        #[napi(ts_arg_type = "string | undefined")] op: Words,
        #[napi(ts_arg_type = "string | undefined")] name: Words,
        #[napi(ts_arg_type = "string | undefined")] origin: Words,
        start: Option<f64>,
        ago_ms: f64,
        end: Option<f64>,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "string | undefined")] links: Words,
    ) -> Option<String> {
        reason(|| {
            let child = self.0.start_child(HostChild {
                op: op.as_str(),
                description: name.as_str(),
                origin: origin.non_empty(),
                start: start.filter(is_time),
                ago: ago(Some(ago_ms)),
                links: links_of(links.as_str()),
                ..HostChild::default()
            })?;
            let child = Self::of(child);
            self.1.borrow_mut().push(child.0.span().span_id());
            if !attributes.as_str().is_empty() {
                child.attributes(attributes.as_str())?;
            }
            child.0.finish(end.filter(is_time))
        })
    }

    /// As [`ids`](Self::ids), of the child that was the so many'th to be [added](Self::add_child).
    #[napi]
    pub fn ids_of_added(&self, number: u32) -> Option<String> {
        let id = self.1.borrow().get(number as usize).copied()?;
        let span = self.0.span();
        Some(format!("{}-{id}-{}-1", span.trace_id(), span.span_id()))
    }

    /// Renames it.
    #[napi]
    pub fn set_name(&self, name: String) {
        guard(|| self.0.set_name(&name));
    }

    /// Says what the transaction's name was made of.
    #[napi]
    pub fn set_source(&self, source: String) -> Option<String> {
        reason(|| self.0.set_source(&source))
    }

    /// Renames the transaction that it belongs to, in the application's own words.
    #[napi]
    pub fn set_transaction_name(&self, name: String) {
        guard(|| self.0.span().set_transaction_name(&name, TransactionSource::Custom));
    }

    /// Changes the operation.
    #[napi]
    pub fn set_op(&self, op: String) {
        guard(|| self.0.span().set_op(op));
    }

    /// Says what makes it.
    #[napi]
    pub fn set_origin(&self, origin: String) {
        guard(|| self.0.span().set_origin(origin));
    }

    /// Says how the work ended.
    #[napi]
    pub fn set_status(&self, status: String) -> Option<String> {
        reason(|| self.0.set_status(&status))
    }

    /// Says with which HTTP status the work ended.
    #[napi]
    pub fn set_http_status(&self, code: u32) {
        guard(|| u16::try_from(code).map(|code| self.0.span().set_http_status(code)));
    }

    /// Sets a tag.
    #[napi]
    pub fn set_tag(&self, key: String, value: String) {
        guard(|| self.0.span().set_tag(key, value));
    }

    /// Sets attributes from a JSON object.
    #[napi]
    pub fn set_attributes(&self, json: String) -> Option<String> {
        reason(|| self.attributes(&json))
    }

    /// Adds a measured number to its transaction.
    #[napi]
    pub fn set_measurement(&self, name: String, value: f64, unit: String) {
        guard(|| self.0.span().set_measurement(name, value, unit));
    }

    /// Ties it to another span, from JSON.
    #[napi]
    pub fn add_link(&self, json: String) -> Option<String> {
        reason(|| self.0.add_link(&json))
    }

    /// Ends it: now, or at a time in seconds since 1970. The attributes are set before.
    #[napi]
    pub fn end(
        &self,
        end: Option<f64>,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
        processors: bool,
    ) -> Option<String> {
        reason(|| {
            if !attributes.as_str().is_empty() {
                self.attributes(attributes.as_str())?;
            }
            while_ending(dispatcher.as_ref(), processors, || self.0.finish(end.filter(is_time)))
        })
    }
}

impl NativeSpan {
    /// The handle of a span.
    pub(crate) fn of(span: HostSpan) -> Self {
        Self(span, RefCell::default())
    }

    fn attributes(&self, json: &str) -> Result<()> {
        for (key, value) in parse::<Map>("attributes", json)? {
            self.0.span().set_data(key, value);
        }
        Ok(())
    }
}

fn is_time(seconds: &f64) -> bool {
    Timestamp::from_seconds(*seconds).is_some()
}

fn ago(milliseconds: Option<f64>) -> Duration {
    milliseconds.and_then(|ms| Duration::try_from_secs_f64(ms / 1000.0).ok()).unwrap_or_default()
}

/// Attributes from a JSON object that this package's own JavaScript has written; none from no text.
pub(crate) fn attributes_of(json: &str) -> Map {
    if json.is_empty() { Map::new() } else { serde_json::from_str(json).unwrap_or_default() }
}

/// Links from a JSON list; those that are none are left out.
pub(crate) fn links_of(json: &str) -> Vec<SpanLink> {
    let given: Vec<watchpost_core::Value> =
        if json.is_empty() { Vec::new() } else { serde_json::from_str(json).unwrap_or_default() };
    given.into_iter().filter_map(|link| serde_json::from_value(link).ok()).collect()
}
