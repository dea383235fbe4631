//! A stored event as JSON, in the shape that scripts and pages expect.

use serde_json::{Map, Value, json};
use watchpost_core::EventId;

use super::event_entries;
use crate::instant::rfc3339;
use crate::store::{EventKey, Neighbours, StoredEvent};

/// As in lists.
pub(super) fn summary(event: &StoredEvent) -> Value {
    let body = body(event);
    base(event, &body)
}

/// With everything.
pub(super) fn full(event: &StoredEvent, neighbours: Option<Neighbours>) -> Value {
    let body = body(event);
    let mut answer = base(event, &body);
    let field = |name: &str| body.get(name).cloned().unwrap_or(Value::Null);
    let neighbours = neighbours.unwrap_or_default();
    let more = json!({
        "entries": event_entries::of(&body),
        "contexts": body.get("contexts").cloned().unwrap_or_else(|| json!({})),
        "context": body.get("extra").cloned().unwrap_or_else(|| json!({})),
        "packages": body.get("modules").cloned().unwrap_or_else(|| json!({})),
        "sdk": field("sdk"),
        "dist": field("dist"),
        "release": body.get("release").map_or(Value::Null, |version| json!({ "version": version })),
        "environment": field("environment"),
        "errors": body.get("errors").cloned().unwrap_or_else(|| json!([])),
        "metadata": body.get("metadata").cloned().unwrap_or_else(|| json!({})),
        "fingerprints": body.get("fingerprint").cloned().unwrap_or_else(|| json!([])),
        "measurements": field("measurements"),
        "_meta": body.get("_meta").cloned().unwrap_or_else(|| json!({})),
        "size": event.size_bytes,
        "userReport": null,
        "occurrence": null,
        "nextEventID": id(neighbours.next),
        "previousEventID": id(neighbours.previous),
        "bodyDropped": event.body.is_none(),
    });
    if let (Value::Object(answer), Value::Object(more)) = (&mut answer, more) {
        answer.extend(more);
        for name in ["startTimestamp", "endTimestamp"] {
            let stored = if name == "startTimestamp" { "start_timestamp" } else { "timestamp" };
            if event.kind == "transaction" {
                answer.insert(name.to_owned(), body.get(stored).cloned().unwrap_or(Value::Null));
            }
        }
    }
    answer
}

fn base(event: &StoredEvent, body: &Map<String, Value>) -> Value {
    let event_id = EventId::from_bytes(event.event_id).to_string();
    let message = body.get("logentry").and_then(|entry| entry.get("formatted").or(entry.get("message")));
    json!({
        "id": event_id,
        "eventID": event_id,
        "groupID": event.issue.map(|issue| issue.to_string()),
        "projectID": event.project.to_string(),
        "title": event.title,
        "message": message.cloned().unwrap_or_else(|| "".into()),
        "culprit": event.culprit,
        "location": body.get("metadata").and_then(|metadata| metadata.get("filename")).cloned(),
        "platform": body.get("platform").cloned(),
        "type": event.kind,
        "event.type": event.kind,
        "level": event.level,
        "dateCreated": rfc3339(event.timestamp),
        "dateReceived": rfc3339(event.received),
        "user": body.get("user").cloned(),
        "tags": tags(body),
    })
}

fn tags(body: &Map<String, Value>) -> Vec<Value> {
    let pairs = body.get("tags").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    pairs.iter().map(|pair| json!({ "key": pair.get(0), "value": pair.get(1) })).collect()
}

fn body(event: &StoredEvent) -> Map<String, Value> {
    event.body.as_deref().and_then(|body| serde_json::from_slice(body).ok()).unwrap_or_default()
}

fn id(key: Option<EventKey>) -> Value {
    key.map_or(Value::Null, |key| EventId::from_bytes(key).to_string().into())
}
