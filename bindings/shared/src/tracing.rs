//! Spans for hosts that speak JSON.

use std::sync::Arc;
use std::time::Duration;

use watchpost_core::{
    Client, Error, Map, PropagationContext, Result, Scopes, SharedScope, Span, SpanId, SpanLink, SpanOptions,
    SpanStatus, Timestamp, TraceHeaders, TransactionOptions, TransactionSource, Value,
};

use crate::client::HostClient;
use crate::payload::parse;
use crate::scope::HostScope;

/// What a host says about a transaction that it starts.
#[derive(Debug, Clone, Default)]
pub struct HostTransaction {
    /// Its name; the operation if it is empty.
    pub name: String,
    /// Its operation.
    pub op: String,
    /// What the name was made of; `custom` if missing.
    pub source: Option<String>,
    /// What makes it; `manual` if missing.
    pub origin: Option<String>,
    /// An explicit decision.
    pub sampled: Option<bool>,
    /// Unix seconds; now if missing.
    pub start: Option<f64>,
    /// Attributes that the sampler can look at and that are sent.
    pub attributes: Map,
    /// What is there for the sampler alone.
    pub sampling_context: Map,
    /// The trace that it continues, if not the scope's.
    pub parent: Option<PropagationContext>,
    /// Other spans that it has to do with.
    pub links: Vec<SpanLink>,
    /// The id that it is known by already.
    pub span_id: Option<SpanId>,
}

/// What a host says about a child that it starts.
#[derive(Debug, Clone, Default)]
pub struct HostChild<'a> {
    /// Its operation.
    pub op: &'a str,
    /// Its description.
    pub description: &'a str,
    /// What makes it; `manual` if missing.
    pub origin: Option<&'a str>,
    /// Unix seconds; now if missing.
    pub start: Option<f64>,
    /// Where no start is said: how long ago it was, for a host that tells of it later.
    pub ago: Duration,
    /// Attributes.
    pub attributes: Map,
    /// Other spans that it has to do with.
    pub links: Vec<SpanLink>,
}

/// A transaction or a span as a handle. A clone is the same span.
#[derive(Debug, Clone)]
pub struct HostSpan(Span);

impl HostSpan {
    /// The handle of an existing span.
    pub fn from_span(span: Span) -> Self {
        Self(span)
    }

    /// The core's span.
    pub fn span(&self) -> &Span {
        &self.0
    }

    /// Starts a child. Nothing is copied unless it is recorded.
    ///
    /// # Errors
    /// When the start is no time.
    pub fn start_child(&self, child: HostChild<'_>) -> Result<Self> {
        if self.0.sampled() != Some(true) {
            return Ok(Self(self.0.start_child("", "")));
        }
        let mut options = SpanOptions::new(child.op.to_owned(), child.description);
        if let Some(origin) = child.origin {
            options = options.origin(origin.to_owned());
        }
        if let Some(start) = child.start {
            options = options.started_at(time_of("start", start)?);
        } else if !child.ago.is_zero()
            && let Some(start) = self.0.moment_inside(child.ago)
        {
            options = options.started_at(start);
        }
        for (key, value) in child.attributes {
            options = options.attribute(key, value);
        }
        options = child.links.into_iter().fold(options, SpanOptions::link);
        Ok(Self(self.0.start_child_with(options)))
    }

    /// Renames it: a transaction's name, or a child's description.
    pub fn set_name(&self, name: &str) {
        self.0.set_name(name);
    }

    /// Says what the transaction's name was made of.
    ///
    /// # Errors
    /// When the text is no source.
    pub fn set_source(&self, source: &str) -> Result<()> {
        self.0.set_source(source_of(source)?);
        Ok(())
    }

    /// Says how the work ended.
    ///
    /// # Errors
    /// When the text is no status.
    pub fn set_status(&self, status: &str) -> Result<()> {
        let refuse =
            || Error::payload("status", format!("`{status}` is none like ok, not_found or internal_error"));
        self.0.set_status(SpanStatus::parse(status).ok_or_else(refuse)?);
        Ok(())
    }

    /// Sets an attribute from JSON.
    ///
    /// # Errors
    /// When the text is no JSON.
    pub fn set_data(&self, key: &str, json: &str) -> Result<()> {
        if self.0.is_recording() {
            self.0.set_data(key, parse::<Value>("data", json)?);
        }
        Ok(())
    }

    /// Ties it to another span, from JSON: `trace_id`, `span_id`, perhaps `sampled` and `attributes`.
    ///
    /// # Errors
    /// When the text is no link.
    pub fn add_link(&self, json: &str) -> Result<()> {
        self.0.add_link(parse::<SpanLink>("link", json)?);
        Ok(())
    }

    /// Ends it: now, or at a time in Unix seconds.
    ///
    /// # Errors
    /// When the end is no time.
    pub fn finish(&self, end: Option<f64>) -> Result<()> {
        match end {
            Some(end) => self.0.finish_at(time_of("end", end)?),
            None => self.0.finish(),
        }
        Ok(())
    }
}

impl HostClient {
    /// Starts a transaction; the host makes it the active span by [`HostScope::with_span`].
    ///
    /// # Errors
    /// When the source is none, or the start no time.
    pub fn start_transaction(&self, given: HostTransaction, scopes: Scopes<'_>) -> Result<HostSpan> {
        // For want of a name: what kind of work it is.
        let name = if given.name.is_empty() { given.op.clone() } else { given.name };
        let mut options = TransactionOptions::new(name, given.op);
        if let Some(source) = given.source.as_deref() {
            options = options.source(source_of(source)?);
        }
        if let Some(origin) = given.origin {
            options = options.origin(origin);
        }
        if let Some(sampled) = given.sampled {
            options = options.sampled(sampled);
        }
        if let Some(start) = given.start {
            options = options.started_at(time_of("start", start)?);
        }
        if let Some(span_id) = given.span_id {
            options = options.span_id(span_id);
        }
        if let Some(parent) = given.parent {
            options = options.continuing(parent);
        }
        for (key, value) in given.attributes {
            options = options.attribute(key, value);
        }
        for (key, value) in given.sampling_context {
            options = options.sampling_context(key, value);
        }
        options = given.links.into_iter().fold(options, TransactionOptions::link);
        let client: &Arc<Client> = self.client();
        Ok(HostSpan(client.start_transaction(options, scopes)))
    }

    /// Continues a trace in a scope, an isolation scope as a rule: names and values of headers or of metadata.
    pub fn continue_trace<K: AsRef<str>, V: AsRef<str>>(
        &self,
        headers: impl IntoIterator<Item = (K, V)>,
        scope: &HostScope,
    ) {
        self.client().continue_trace(headers, scope.shared());
    }

    /// Continues the trace of the process that started this one, if it sent one along in `SENTRY_TRACE` and
    /// `SENTRY_BAGGAGE`; to be called once, with the isolation scope that the process begins with.
    pub fn continue_from_environment(&self, env: impl Fn(&str) -> Option<String>, scope: &HostScope) {
        let carriers = ["SENTRY_TRACE", "SENTRY_BAGGAGE"];
        let found = carriers.into_iter().filter_map(|name| Some((name, env(name)?)));
        if let Some(trace) = self.client().incoming_trace(found) {
            scope.shared().update(|scope| scope.set_propagation(Some(trace)));
        }
    }

    /// The trace of a span, for a transaction of this process that is to belong to it.
    pub fn trace_of(&self, span: &HostSpan) -> Option<PropagationContext> {
        self.client().incoming_trace(self.span_headers(span, None).iter())
    }

    /// What takes the trace along with this span as the parent on the other side.
    /// `baggage` is what goes along already.
    pub fn span_headers(&self, span: &HostSpan, baggage: Option<&str>) -> TraceHeaders {
        let [global, isolation, current] = [(); 3].map(|()| SharedScope::new());
        let current = current.with_span(Some(span.0.clone()));
        // A span that has ended is active nowhere, but still somebody's parent.
        match current.span() {
            Some(_) => self
                .client()
                .trace_headers(baggage, Scopes { global: &global, isolation: &isolation, current: &current }),
            None => span.0.headers(baggage),
        }
    }

    /// What takes the trace along; for a request to `url` only where it may.
    pub fn trace_headers(
        &self,
        url: Option<&str>,
        baggage: Option<&str>,
        scopes: Scopes<'_>,
    ) -> Option<TraceHeaders> {
        match url {
            Some(url) => self.client().headers_for(url, baggage, scopes),
            None => Some(self.client().trace_headers(baggage, scopes)),
        }
    }
}

impl HostScope {
    /// The same scope with another active span, or none.
    #[must_use]
    pub fn with_span(&self, span: Option<&HostSpan>) -> Self {
        Self::from_shared(self.shared().with_span(span.map(|span| span.0.clone())))
    }

    /// The active span.
    pub fn span(&self) -> Option<HostSpan> {
        self.shared().span().cloned().map(HostSpan)
    }
}

fn source_of(text: &str) -> Result<TransactionSource> {
    let refuse =
        || Error::payload("source", format!("`{text}` is not custom, url, route, view, component or task"));
    TransactionSource::parse(text).ok_or_else(refuse)
}

fn time_of(name: &'static str, seconds: f64) -> Result<Timestamp> {
    let refuse = || Error::payload(name, format!("{seconds} is no time in Unix seconds"));
    Timestamp::from_seconds(seconds).ok_or_else(refuse)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{HostOptions, NameStyle};
    use crate::testing::TestSetup;

    fn client(rate: f64) -> HostClient {
        let Value::Object(given) =
            serde_json::json!({"dsn": "https://key@h.example/1", "traces_sample_rate": rate})
        else {
            panic!()
        };
        let options = HostOptions::parse(given, NameStyle::Snake, |_| None).unwrap();
        HostClient::start_testing(options, TestSetup::new(0.0, 1))
    }

    #[test]
    fn a_host_sends_a_transaction_with_a_child() {
        let client = client(1.0);
        let [global, isolation, current] = [(); 3].map(|()| SharedScope::new());
        let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
        let given =
            HostTransaction { name: "import".into(), op: "task".into(), ..HostTransaction::default() };
        let span = client.start_transaction(given, scopes).unwrap();
        let scope = HostScope::from_shared(current).with_span(Some(&span));
        let child = HostChild { op: "db", description: "SELECT 1", ..HostChild::default() };
        let child = scope.span().unwrap().start_child(child).unwrap();
        child.set_data("rows", "[1]").unwrap();
        assert!(child.set_status("nonsense").is_err());
        child
            .add_link(r#"{"trace_id":"771a43a4192642f0b136d5159a501700","span_id":"b7ad6b7169203331"}"#)
            .unwrap();
        assert!(child.add_link(r#"{"trace_id":"7"}"#).is_err());
        child.finish(None).unwrap();
        span.finish(Some(2.0)).unwrap();
        let sent = client.take_recorded_json();
        assert!(
            sent.contains("\"data\":{\"rows\":[1]}")
                && sent.contains("\"links\":[{\"trace_id\":\"771a")
                && sent.contains("\"transaction\":\"import\""),
            "{sent}"
        );
    }

    #[test]
    fn the_environment_is_a_carrier() {
        let client = client(0.0);
        let scope = HostScope::new();
        let env = |name: &str| {
            (name == "SENTRY_TRACE").then(|| "771a43a4192642f0b136d5159a501700-b7ad6b7169203331-1".to_owned())
        };
        client.continue_from_environment(env, &scope);
        let (global, current) = (SharedScope::new(), SharedScope::new());
        let scopes = Scopes { global: &global, isolation: scope.shared(), current: &current };
        let headers = client.trace_headers(None, None, scopes).unwrap();
        assert!(headers.sentry_trace.starts_with("771a43a4192642f0b136d5159a501700-"));
    }
}
