//! Exceptions that spans and log records tell of, as events: they become issues like those of any other client.
//!
//! An exception on its way out is told of by every span that it leaves, and by whoever logs it. Its event's id is made of
//! its trace and itself, so that it is one event however often that is.

use serde_json::{Map, Value, json};
use watchpost_core::EventId;

use super::stack::{self, Thrown};
use super::value::text;

/// What an exception happened in: attributes have their types here.
pub(super) struct Place<'a> {
    pub(super) resource: &'a Map<String, Value>,
    pub(super) attributes: &'a Map<String, Value>,
    /// Hexadecimal; empty where there is none.
    pub(super) trace: String,
    pub(super) span: String,
    pub(super) parent: String,
    /// The transaction that a person knows it by.
    pub(super) segment: Option<&'a str>,
    pub(super) origin: &'static str,
}

/// The event of an exception, by the attributes that the semantic conventions give it; `None` where there are none.
pub(super) fn event(
    exception: &Map<String, Value>,
    at: Value,
    level: &str,
    place: &Place<'_>,
) -> Option<Value> {
    let (kind, message) = (text(exception, "exception.type"), text(exception, "exception.message"));
    if kind.is_none() && message.is_none() {
        return None;
    }
    let trace_text = text(exception, "exception.stacktrace").unwrap_or_default();
    let platform = platform(place.resource);
    let mut chain = stack::parse(trace_text, platform);
    if let Some(last) = chain.last_mut() {
        kind.unwrap_or_default().clone_into(&mut last.kind);
        message.unwrap_or_default().clone_into(&mut last.value);
    }
    let id = id(&chain, place, &at);
    let mut event = json!({
        "event_id": id,
        "timestamp": at,
        "platform": platform,
        "level": level,
        "exception": { "values": values(chain, exception, place.origin) },
        "contexts": { "otel": { "attributes": plain(place.attributes), "resource": plain(place.resource) } },
        "sdk": sdk(place.resource),
    });
    let known = [
        ("release", text(place.resource, "sentry.release")),
        ("environment", text(place.resource, "sentry.environment")),
        ("server_name", text(place.resource, "server.address")),
        ("transaction", place.segment),
    ];
    for (name, value) in known {
        if let Some(value) = value {
            event[name] = value.into();
        }
    }
    if !place.trace.is_empty() {
        let mut trace = json!({ "trace_id": place.trace, "span_id": place.span });
        if !place.parent.is_empty() {
            trace["parent_span_id"] = place.parent.clone().into();
        }
        event["contexts"]["trace"] = trace;
    }
    if let Some(user) = text(place.attributes, "user.id").or_else(|| text(place.attributes, "enduser.id")) {
        event["user"] = json!({ "id": user });
    }
    if let Some(request) = request(place.attributes) {
        event["request"] = request;
    }
    Some(event)
}

fn values(chain: Vec<Thrown>, exception: &Map<String, Value>, origin: &str) -> Vec<Value> {
    let last = chain.len().saturating_sub(1);
    let escaped = exception.get("exception.escaped").map(|escaped| match &escaped["value"] {
        Value::String(text) => text.eq_ignore_ascii_case("true"),
        other => other.as_bool().unwrap_or(false),
    });
    let value = |(index, thrown): (usize, Thrown)| {
        let mut mechanism = json!({ "type": origin });
        if index == last && escaped == Some(true) {
            mechanism["handled"] = false.into();
        }
        let mut value = json!({ "type": thrown.kind, "value": thrown.value, "mechanism": mechanism });
        if !thrown.frames.is_empty() {
            value["stacktrace"] = json!({ "frames": thrown.frames });
        }
        value
    };
    chain.into_iter().enumerate().map(value).collect()
}

/// The same for the same exception of a trace; without a trace, for the same moment.
fn id(chain: &[Thrown], place: &Place<'_>, at: &Value) -> EventId {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &str| {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    };
    match place.trace.as_str() {
        "" => add(&at.to_string()),
        trace => add(trace),
    }
    if let Some(thrown) = chain.last() {
        add(&thrown.kind);
        add(&thrown.value);
        add(&thrown.frames.last().map(ToString::to_string).unwrap_or_default());
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    EventId::from_bytes(short)
}

/// By the language of the SDK, in the names of the protocol.
fn platform(resource: &Map<String, Value>) -> &'static str {
    match text(resource, "telemetry.sdk.language").unwrap_or_default() {
        "python" => "python",
        "nodejs" => "node",
        "webjs" => "javascript",
        "java" => "java",
        "go" => "go",
        "dotnet" => "csharp",
        "php" => "php",
        "ruby" => "ruby",
        "rust" | "cpp" => "native",
        "swift" => "cocoa",
        "erlang" => "elixir",
        _ => "other",
    }
}

fn sdk(resource: &Map<String, Value>) -> Value {
    let part = |key: &str| text(resource, key).unwrap_or_default();
    let name = format!("{}.{}", part("telemetry.sdk.name"), part("telemetry.sdk.language"));
    json!({ "name": name.trim_matches('.'), "version": part("telemetry.sdk.version") })
}

/// What the conventions for HTTP say of a request.
fn request(attributes: &Map<String, Value>) -> Option<Value> {
    let first = |names: &[&str]| names.iter().find_map(|name| text(attributes, name));
    let method = first(&["http.request.method", "http.method"])?;
    let mut request = json!({ "method": method });
    if let Some(url) = first(&["url.full", "http.url", "url.path", "http.target"]) {
        request["url"] = url.into();
    }
    if let Some(query) = text(attributes, "url.query") {
        request["query_string"] = query.into();
    }
    Some(request)
}

fn plain(attributes: &Map<String, Value>) -> Map<String, Value> {
    attributes.iter().map(|(name, value)| (name.clone(), value["value"].clone())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(pairs: &[(&str, &str)]) -> Map<String, Value> {
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!({ "value": value, "type": "string" })))
            .collect()
    }

    fn told(trace: &str, span: &str, exception: &[(&str, &str)]) -> Option<Value> {
        let resource = typed(&[
            ("telemetry.sdk.language", "python"),
            ("telemetry.sdk.name", "opentelemetry"),
            ("sentry.release", "shop@1"),
        ]);
        let attributes =
            typed(&[("http.request.method", "POST"), ("url.path", "/pay"), ("enduser.id", "42")]);
        let place = Place {
            resource: &resource,
            attributes: &attributes,
            trace: trace.into(),
            span: span.into(),
            parent: String::new(),
            segment: Some("POST /pay"),
            origin: "auto.otlp.spans",
        };
        event(&typed(exception), json!(1.5), "error", &place)
    }

    #[test]
    fn an_exception_is_an_event() {
        let stack =
            "Traceback (most recent call last):\n  File \"/a/shop.py\", line 3, in pay\n    f()\nE: x";
        let exception = [
            ("exception.type", "shop.ChargeError"),
            ("exception.message", "cart 7"),
            ("exception.stacktrace", stack),
            ("exception.escaped", "True"),
        ];
        let event = told("aa", "bb", &exception).unwrap();
        let value = &event["exception"]["values"][0];
        assert_eq!((&value["type"], &value["value"]), (&json!("shop.ChargeError"), &json!("cart 7")));
        assert_eq!(value["mechanism"], json!({ "type": "auto.otlp.spans", "handled": false }));
        assert_eq!(value["stacktrace"]["frames"][0]["function"], "pay");
        assert_eq!((&event["transaction"], &event["release"]), (&json!("POST /pay"), &json!("shop@1")));
        assert_eq!(event["contexts"]["trace"], json!({ "trace_id": "aa", "span_id": "bb" }));
        assert_eq!(event["contexts"]["otel"]["attributes"]["url.path"], "/pay");
        assert_eq!((&event["user"]["id"], &event["request"]["url"]), (&json!("42"), &json!("/pay")));
        assert_eq!(event["sdk"]["name"], "opentelemetry.python");
    }

    #[test]
    fn one_exception_is_one_event_however_many_spans_it_leaves() {
        let id = |trace, span, message| {
            told(trace, span, &[("exception.message", message)]).unwrap()["event_id"].clone()
        };
        assert_eq!(id("aa", "bb", "x"), id("aa", "cc", "x"));
        assert_ne!(id("aa", "bb", "x"), id("ab", "bb", "x"));
        assert_ne!(id("aa", "bb", "x"), id("aa", "bb", "y"));
        assert!(told("aa", "bb", &[("event.name", "x")]).is_none());
    }
}
