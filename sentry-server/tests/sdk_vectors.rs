//! Every envelope that a client's conformance vectors expect is one that the server takes, stores and gives back.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../../sentry/tests/conformance/repeat.rs"]
mod repeat;
mod support;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value, json};
use support::Server;

/// As many as the vectors hold, so that none can vanish unseen; adding a vector may raise them.
const ENVELOPES: usize = 959;
const EVENTS: usize = 554;

/// So many errors of a chain are kept.
const CHAIN: usize = 50;

#[tokio::test]
async fn every_expected_envelope_is_taken_and_can_be_read() {
    let server = Server::start();
    let mut files = Vec::new();
    collect(&PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests/conformance/sdk"), &mut files);
    let (mut envelopes, mut events) = (0, Vec::new());
    for file in &files {
        let vector = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let vector = repeat::expanded(&vector);
        let name = file.file_stem().unwrap().to_str().unwrap();
        if let Some(bytes) = vector["expect"]["bytes"].as_str() {
            server.envelope(bytes.to_owned()).await.ok();
            envelopes += 1;
        }
        for wanted in vector["expect"]["envelopes"].as_array().into_iter().flatten() {
            envelopes += 1;
            let id = format!("{envelopes:032x}");
            let items: Vec<Value> = wanted["items"].as_array().into_iter().flatten().cloned().collect();
            let answer = server.envelope(encode(&id, &wanted["header"], &items)).await;
            assert_eq!(answer.ok(), json!({ "id": id }), "{name}");
            let event = items.into_iter().find(|item| item["header"]["type"] == "event");
            events.extend(event.map(|event| (name.to_owned(), id, event["payload"].clone())));
        }
    }
    server.settle().await;
    for (name, id, wanted) in &events {
        let answer = server.get(&format!("/api/0/projects/default/shop/events/{id}/json/")).await;
        assert_eq!(answer.status, 200, "{name}: {:?}", String::from_utf8_lossy(&answer.body));
        let got = answer.ok();
        assert_eq!(got["event_id"], id.as_str(), "{name}");
        // What stands in a list is not rewritten by normalisation; other fields may get another form.
        for field in ["release", "environment", "dist", "server_name", "level", "platform", "fingerprint"] {
            let value = &wanted[field];
            if !value.is_null() && filled(field, value, id) == *value {
                // These are names of one line; a break would part them in lists and exports.
                let value = value.as_str().map_or(value.clone(), |text| json!(text.replace('\n', " ")));
                assert_eq!(got[field], value, "{name}: {field}");
            }
        }
        // The server keeps fewer of a long chain: the last ones; and none that says nothing.
        let says = |exception: &&Value| !exception["type"].is_null() || !exception["value"].is_null();
        let wanted: Vec<_> =
            wanted["exception"]["values"].as_array().into_iter().flatten().filter(says).collect();
        let kept = got["exception"]["values"].as_array().map_or(0, Vec::len);
        assert!(kept >= wanted.len().min(CHAIN), "{name}: {kept} exceptions");
        for (at, exception) in wanted[wanted.len() - kept.min(wanted.len())..].iter().enumerate() {
            for field in ["type", "value"] {
                if exception[field].is_string() && exception[field] != "<any>" {
                    assert_eq!(got["exception"]["values"][at][field], exception[field], "{name}: {field}");
                }
            }
        }
        let detail = server.get(&format!("/api/0/projects/default/shop/events/{id}/")).await.ok();
        assert!(detail["groupID"].is_string() && detail["title"].is_string(), "{name}: in an issue");
    }
    assert_eq!((envelopes, events.len()), (ENVELOPES, EVENTS));
}

/// An envelope as a client would send it: what the vector leaves open is filled in.
fn encode(id: &str, header: &Value, items: &[Value]) -> String {
    let mut head = filled("", header, id).as_object().cloned().unwrap_or_default();
    head.insert("event_id".to_owned(), json!(id));
    let mut text = Value::Object(head).to_string() + "\n";
    for item in items {
        let payload = match &item["payload"] {
            Value::String(text) if text != "<any>" => text.clone(),
            // Nothing is said about it: the least that is an event.
            Value::Null => "{}".to_owned(),
            payload => filled("", payload, id).to_string(),
        };
        let mut head = filled("", &item["header"], id).as_object().cloned().unwrap_or_default();
        head.insert("length".to_owned(), json!(payload.len()));
        text += &format!("{}\n{payload}\n", Value::Object(head));
    }
    text
}

/// Puts something of the right kind where a vector says `<any>`, and drops what it says is not there.
fn filled(key: &str, value: &Value, id: &str) -> Value {
    match value {
        Value::Object(fields) => {
            let present = fields.iter().filter(|(_, value)| !value.is_null());
            let fields: Map<_, _> =
                present.map(|(key, value)| (key.clone(), filled(key, value, id))).collect();
            Value::Object(fields)
        }
        Value::Array(values) => values.iter().map(|value| filled(key, value, id)).collect(),
        Value::String(text) if text.starts_with('<') && text.ends_with('>') => match key {
            "event_id" => json!(id),
            "trace_id" => json!("0af7651916cd43dd8448eb211c80319c"),
            "span_id" | "parent_span_id" => json!("b7ad6b7169203331"),
            "timestamp" => json!(1_795_370_399.5),
            "sent_at" => json!("2026-11-22T18:00:00Z"),
            _ => json!("any"),
        },
        other => other.clone(),
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
}
