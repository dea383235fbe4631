//! Any event of a host: refused with the place of what is wrong, or sent as a well-formed envelope within its limit.

use serde_json::Value;
use watchpost_bindings::{HostClient, HostOptions, NameStyle, TestSetup};
use watchpost_core::{Hint, Map, Scopes, SharedScope};

/// An event's payload, at most (envelope limits, published spec).
const MAX_EVENT_BYTES: usize = 1024 * 1024;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let mut given = Map::new();
    given.insert("dsn".into(), "https://key@errors.example.com/42".into());
    let Ok(options) = HostOptions::parse(given, NameStyle::Snake, |_| None) else {
        panic!("a right DSN is refused");
    };
    let host = HostClient::start_testing(options, TestSetup::new(1_767_323_045.0, 1));
    let (global, isolation, current) = (SharedScope::new(), SharedScope::new(), SharedScope::new());
    let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
    let captured = match host.capture_event_json(text, &Hint::default(), scopes) {
        Ok(captured) => captured,
        Err(error) => {
            assert!(error.is_payload() && error.field() == "event", "{error}");
            assert!(error.to_string().len() < 5000, "an error is a line, not the input");
            assert_eq!(host.take_recorded_json(), "[]", "what is refused is not sent");
            return;
        }
    };
    let Ok(sent) = serde_json::from_str::<Value>(&host.take_recorded_json()) else {
        panic!("the recorder speaks JSON");
    };
    let Some(id) = captured else {
        assert_ne!(host.take_discarded_json(), "[]", "what is not sent is counted");
        return;
    };
    let sent = sent.as_array().cloned().unwrap_or_default();
    assert_eq!(sent.len(), 1);
    let bytes = sent[0]["bytes"].as_str().unwrap_or_default().as_bytes();
    let envelope = match watchpost_core::Envelope::decode(bytes) {
        Ok(envelope) => envelope,
        Err(error) => panic!("what was sent is refused: {error}"),
    };
    assert_eq!(envelope.header.event_id, Some(id));
    let payload = &envelope.items[0].payload;
    assert!(payload.len() <= MAX_EVENT_BYTES, "{} bytes", payload.len());
    let event: Value = match serde_json::from_slice(payload) {
        Ok(event) => event,
        Err(error) => panic!("the payload is not JSON: {error}"),
    };
    assert_eq!(event["event_id"].as_str(), Some(id.to_string().as_str()), "one id in header and payload");
    assert!(event["timestamp"].is_number() || event["timestamp"].is_string(), "an event has a time");
    if let Some(secret) = event["extra"].get("password").filter(|secret| !secret.is_null()) {
        assert_eq!(secret, "[Filtered]");
    }
    // What was sent is an event again: another client may read it, and so may a hook.
    let text = String::from_utf8_lossy(payload);
    assert!(host.capture_event_json(&text, &Hint::default(), scopes).is_ok(), "{text}");
}
