//! What the official SDKs really sent (`tests/corpus`), posted to the real server: nothing is refused, nothing answers
//! 5xx, and every event can be read through the API afterwards. Run by `cargo xtask test`, which builds the server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use watchpost_tests::Scene;
use xtask::Language;
use xtask::stand::request;

#[test]
fn every_envelope_is_taken_and_every_event_readable() {
    let scene = Scene::new("corpus", Language::Node).unwrap();
    let server = scene.server_up().unwrap();
    let auth = format!("Sentry sentry_key={}, sentry_version=7, sentry_client=corpus/1.0", scene.key());
    let envelopes = envelopes();
    assert!(envelopes.len() > 150, "the corpus is not whole: {}", envelopes.len());

    let mut refused = Vec::new();
    let mut events = Vec::new();
    for Recorded { file, target } in &envelopes {
        let body = std::fs::read(file).unwrap();
        // Browsers put the key into the address, the others into a header; each is posted as it was.
        let (target, headers) = match target.split_once('?') {
            Some((_, query)) => {
                (format!("{}?{}", scene.envelope_path(), query.replace(KEY, scene.key())), vec![])
            }
            None => (scene.envelope_path(), vec![("X-Sentry-Auth", auth.as_str())]),
        };
        let answer = request(scene.address(), "POST", &target, &headers, &body).unwrap();
        if answer.status != 200 {
            refused.push(format!("{}: {} {}", file.display(), answer.status, answer.text()));
        }
        events.extend(event_id(&body));
    }
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
    assert!(events.len() > 50, "hardly any events: {}", events.len());

    let api = scene.api().unwrap();
    for id in &events {
        let event = api.await_event(&scene.project().slug, id, Duration::from_secs(30)).unwrap();
        assert_eq!(
            event["eventID"].as_str().map(|found| found.replace('-', "")).as_deref(),
            Some(id.as_str())
        );
        assert!(event["title"].as_str().is_some_and(|title| !title.is_empty()), "{id} has no title");
    }
    server.stop();
}

/// One request as it was recorded.
struct Recorded {
    file: PathBuf,
    target: String,
}

fn envelopes() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/envelopes");
    let index: Value = serde_json::from_slice(&std::fs::read(folder.join("index.json")).unwrap()).unwrap();
    let recorded = |entry: &Value| Recorded {
        file: folder.join(entry["file"].as_str().unwrap()),
        target: entry["target"].as_str().unwrap().to_owned(),
    };
    let all = index.as_array().unwrap().iter().map(recorded);
    all.filter(|recorded| recorded.file.extension().is_some_and(|extension| extension == "envelope"))
        .collect()
}

/// The id of the event in this envelope, if there is an event in it.
fn event_id(envelope: &[u8]) -> Option<String> {
    let (first, mut rest) = first_line(envelope);
    let header: Value = serde_json::from_slice(first).unwrap();
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        let item: Value = serde_json::from_slice(line).unwrap();
        let length = item["length"].as_u64().map(|length| usize::try_from(length).unwrap());
        let (payload, next) = match length {
            Some(length) => (&after[..length], after.get(length + 1..).unwrap_or_default()),
            None => first_line(after),
        };
        if item["type"] == "event" {
            let inside = || serde_json::from_slice::<Value>(payload).unwrap()["event_id"].clone();
            let id = header.get("event_id").cloned().unwrap_or_else(inside);
            return id.as_str().map(|id| id.replace('-', ""));
        }
        rest = next;
    }
    None
}

fn first_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|byte| *byte == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

/// The key that the corpus was recorded with.
const KEY: &str = "0123456789abcdef0123456789abcdef";
