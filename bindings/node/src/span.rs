//! Spans as handles.

use napi_derive::napi;
use watchpost_bindings::{HostChild, HostSpan, guard, parse};
use watchpost_core::{Map, Result, SpanLink, Timestamp, TransactionSource};

use crate::call::Dispatcher;
use crate::hook::while_ending;
use crate::scope::reason;
use crate::words::Words;

/// A transaction or a span of the core. Values that are not text come as JSON. No method throws: what has not its shape
/// is ignored and answered with the reason.
#[napi]
#[derive(Debug)]
pub struct NativeSpan(pub(crate) HostSpan);

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

    /// Starts a child; start in seconds since 1970, attributes and links as JSON.
    #[napi]
    pub fn start_child(
        &self,
        #[napi(ts_arg_type = "string | undefined")] op: Words,
        #[napi(ts_arg_type = "string | undefined")] name: Words,
        #[napi(ts_arg_type = "string | undefined")] origin: Words,
        start: Option<f64>,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "string | undefined")] links: Words,
    ) -> Self {
        guard(|| {
            let child = HostChild {
                op: op.as_str(),
                description: name.as_str(),
                origin: origin.non_empty(),
                start: start.filter(|seconds| Timestamp::from_seconds(*seconds).is_some()),
                attributes: attributes_of(attributes.as_str()),
                links: links_of(links.as_str()),
            };
            self.0.start_child(child).ok()
        })
        .flatten()
        .map_or_else(|| Self(self.0.clone()), Self)
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
            let end = end.filter(|seconds| Timestamp::from_seconds(*seconds).is_some());
            while_ending(dispatcher.as_ref(), processors, || self.0.finish(end))
        })
    }
}

impl NativeSpan {
    fn attributes(&self, json: &str) -> Result<()> {
        for (key, value) in parse::<Map>("attributes", json)? {
            self.0.span().set_data(key, value);
        }
        Ok(())
    }
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
