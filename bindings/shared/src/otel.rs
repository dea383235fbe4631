//! Spans of OpenTelemetry, as hosts see them start and end.

use serde::Deserialize;
use watchpost_core::{
    Error, Map, OtelKind, OtelStatus, Result, SpanId, SpanLink, SpanOptions, Timestamp, TraceId,
    TransactionSource, Value, otel_trace,
};

use crate::client::HostClient;
use crate::tracing::{HostSpan, HostTransaction};

const ORIGIN: &str = "auto.otel";

/// A span of OpenTelemetry that starts.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct HostOtelSpan {
    /// The id of its trace.
    pub trace_id: String,
    /// Its own id.
    pub span_id: String,
    /// The id of its parent, of this process or another one.
    #[serde(default)]
    pub parent_span_id: Option<String>,
    /// Its kind, by the numbers of OpenTelemetry's packages.
    pub kind: u32,
    /// Its name.
    pub name: String,
    /// Unix seconds.
    pub start: f64,
    /// The attributes that it starts with.
    #[serde(default)]
    pub attributes: Map,
    /// The headers that the trace arrived with.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
}

/// A span of OpenTelemetry that has ended.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct HostOtelEnd {
    /// Its kind, by the numbers of OpenTelemetry's packages.
    pub kind: u32,
    /// Its name.
    pub name: String,
    /// How it ended, by the numbers of OpenTelemetry's packages.
    pub status: u32,
    /// All its attributes.
    #[serde(default)]
    pub attributes: Map,
    /// Other spans that it has to do with.
    #[serde(default)]
    pub links: Vec<SpanLink>,
}

impl HostOtelSpan {
    /// As a child of a span of this process.
    ///
    /// # Errors
    /// When an id is none, or the start no time.
    pub fn child_of(self, parent: &HostSpan) -> Result<HostSpan> {
        let op = op(self.kind, &self.attributes);
        let start = Timestamp::from_seconds(self.start)
            .ok_or_else(|| Error::payload("start", format!("{} is no time in Unix seconds", self.start)))?;
        let options =
            SpanOptions::new(op, self.name).origin(ORIGIN).started_at(start).span_id(span_id(&self.span_id)?);
        Ok(HostSpan::from_span(parent.span().start_child_with(options)))
    }

    /// As a transaction, since its parent is in no span of this process.
    ///
    /// # Errors
    /// When an id is none.
    pub fn into_transaction(self, client: &HostClient) -> Result<HostTransaction> {
        let refuse = || Error::payload("trace_id", format!("`{}` is no id of a trace", self.trace_id));
        let trace_id = TraceId::parse(&self.trace_id).ok_or_else(refuse)?;
        let parent = self.parent_span_id.as_deref().map(span_id).transpose()?;
        let headers = self.headers.iter().map(|(name, value)| (name, value));
        let arrived = client.client().incoming_trace(headers);
        let source =
            if is_route(&self.attributes) { TransactionSource::Route } else { TransactionSource::Custom };
        Ok(HostTransaction {
            op: op(self.kind, &self.attributes).to_owned(),
            source: Some(source.as_str().to_owned()),
            origin: Some(ORIGIN.to_owned()),
            start: Some(self.start),
            parent: Some(otel_trace(trace_id, parent, arrived)),
            span_id: Some(span_id(&self.span_id)?),
            name: self.name,
            attributes: self.attributes,
            ..HostTransaction::default()
        })
    }
}

impl HostSpan {
    /// Says what is known of a span of OpenTelemetry when it has ended; to be finished after that.
    pub fn describe_otel(&self, end: HostOtelEnd) {
        let span = self.span();
        if !span.is_recording() {
            return;
        }
        span.set_name(end.name);
        span.set_op(op(end.kind, &end.attributes));
        if span.is_transaction() && is_route(&end.attributes) {
            span.set_source(TransactionSource::Route);
        }
        let code = OtelStatus::HTTP_CODES.iter().find_map(|name| match end.attributes.get(*name) {
            Some(Value::Number(code)) => u16::try_from(code.as_u64()?).ok(),
            _ => None,
        });
        span.set_status(OtelStatus::from_number(end.status).status(code));
        for (key, value) in end.attributes {
            span.set_data(key, value);
        }
        end.links.into_iter().for_each(|link| span.add_link(link));
    }
}

fn op(kind: u32, attributes: &Map) -> &'static str {
    OtelKind::from_number(kind).op(|name| attributes.contains_key(name))
}

/// True if the name is that of a route.
fn is_route(attributes: &Map) -> bool {
    attributes.contains_key("http.route")
}

fn span_id(text: &str) -> Result<SpanId> {
    SpanId::parse(text).ok_or_else(|| Error::payload("span_id", format!("`{text}` is no id of a span")))
}
