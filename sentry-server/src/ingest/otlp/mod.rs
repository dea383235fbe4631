//! OpenTelemetry over HTTP, in protobuf and JSON: turned into containers of spans, logs and metrics, and into events for
//! the exceptions that spans and logs tell of.

mod exceptions;
mod logs;
mod metrics;
mod stack;
mod totals;
mod traces;
mod value;

use std::collections::HashSet;

use axum::body::Body;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prost::Message;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use self::totals::Growing;
pub(crate) use self::totals::Totals;
use super::body::ReadBody;
use super::framed::Framed;
use super::refusal::Refusal;
use super::request::Request;

pub(super) async fn traces(request: Request, body: Body) -> Response {
    answer(&request, take(&request, body, &SPANS, traces::told).await)
}

pub(super) async fn logs(request: Request, body: Body) -> Response {
    answer(&request, take(&request, body, &LOGS, logs::told).await)
}

pub(super) async fn metrics(request: Request, body: Body) -> Response {
    let project = request.project_id().unwrap_or_default();
    let mut growing = Growing::new(&request.app.totals, project);
    let taken = take(&request, body, &METRICS, |export| metrics::told(export, &mut growing)).await;
    if taken.is_ok() {
        growing.keep();
    }
    answer(&request, taken)
}

/// What an export says.
#[derive(Default)]
struct Told {
    /// Entries of the signal's container.
    entries: Vec<Value>,
    /// Events, each with its id.
    events: Vec<Value>,
}

/// What a signal becomes.
struct Signal {
    item: &'static str,
    content_type: &'static str,
}

const SPANS: Signal = Signal { item: "span", content_type: "application/vnd.sentry.items.span.v2+json" };
const LOGS: Signal = Signal { item: "log", content_type: "application/vnd.sentry.items.log+json" };
const METRICS: Signal =
    Signal { item: "trace_metric", content_type: "application/vnd.sentry.items.trace-metric+json" };

/// The two encodings of OTLP over HTTP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Protobuf,
    Json,
}

impl Format {
    fn of(request: &Request) -> Result<Self, Refusal> {
        match request.content_type().as_str() {
            "application/x-protobuf" | "application/protobuf" => Ok(Self::Protobuf),
            "application/json" => Ok(Self::Json),
            other => Err(Refusal::WrongType(format!(
                "{other:?} is neither application/x-protobuf nor application/json"
            ))),
        }
    }

    fn decode<T: Message + Default + DeserializeOwned>(self, body: &ReadBody) -> Result<T, Refusal> {
        let refuse = |error: String| Refusal::malformed(format!("OTLP: {error}"));
        match self {
            Self::Protobuf => T::decode(body.inflated.clone()).map_err(|error| refuse(error.to_string())),
            Self::Json => serde_json::from_slice(&body.inflated).map_err(|error| refuse(error.to_string())),
        }
    }
}

async fn take<T: Message + Default + DeserializeOwned>(
    request: &Request,
    body: Body,
    signal: &Signal,
    told: impl FnOnce(T) -> Told,
) -> Result<Format, Refusal> {
    let admitted = request.admitted().await?;
    let format = Format::of(request)?;
    let body = request.read(body).await?;
    let mut told = told(format.decode(&body)?);
    if told.entries.is_empty() {
        return Ok(format);
    }
    // The first event is the one that the envelope names; of the same one, once is enough.
    let mut known = HashSet::new();
    told.events.retain(|event| known.insert(event["event_id"].to_string()));
    let first = told.events.first().and_then(|event| event["event_id"].as_str()?.parse().ok());
    let id = first.unwrap_or_else(|| request.new_id());
    let mut envelope = Framed::new(id);
    for part in parts(told.entries) {
        let mut more = Map::new();
        more.insert("content_type".to_owned(), signal.content_type.into());
        more.insert("item_count".to_owned(), part.len().into());
        let mut payload = Map::new();
        payload.insert("items".to_owned(), Value::Array(part));
        envelope.add(signal.item, more, Value::Object(payload).to_string().as_bytes());
    }
    for event in &told.events {
        envelope.add_json("event", event);
    }
    request.commit_envelope(&admitted, id, body, envelope.into_bytes()).await?;
    Ok(format)
}

/// Parts of at most a thousand entries, and as long as none of them is huge within an item's limit of 1 MiB.
fn parts(entries: Vec<Value>) -> Vec<Vec<Value>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for entry in entries {
        let size = entry.to_string().len();
        let is_full = parts.last().is_some_and(|part: &Vec<Value>| {
            !part.is_empty() && (part.len() == MAX_ENTRIES || bytes + size > MAX_PART_BYTES)
        });
        if is_full {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(entry);
        }
    }
    parts
}

/// 202 with the empty answer of the request's own form.
fn answer(request: &Request, taken: Result<Format, Refusal>) -> Response {
    match taken {
        Ok(Format::Protobuf) => {
            (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/x-protobuf")], "").into_response()
        }
        Ok(Format::Json) => {
            (StatusCode::ACCEPTED, [(header::CONTENT_TYPE, "application/json")], "{}").into_response()
        }
        Err(refusal) => request.refuse(refusal),
    }
}

const MAX_ENTRIES: usize = 1_000;
const MAX_PART_BYTES: usize = 900 * 1_024;
