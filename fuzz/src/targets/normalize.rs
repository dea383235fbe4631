//! Any payload of an event: refused, or one canonical event that normalises to itself and has a group.

use watchpost_server::group::group;
use watchpost_server::json::Value;
use watchpost_server::normalize::{NormalizeContext, NormalizedEvent, normalize};

pub(crate) fn run(data: &[u8]) {
    let Some(event) = normalized(data) else { return };
    assert_eq!(event.event_id.len(), 32);
    assert!(event.tags.is_sorted_by(|a, b| a.0 < b.0), "sorted, each key once: {:?}", event.tags);
    assert!(event.tags.len() <= 1_000, "{} tags", event.tags.len());
    let grouping = group(&event);
    assert!(!grouping.hashes.is_empty() && grouping.hashes.len() <= 2);
    assert!(grouping.title.len() <= 8_192 && grouping.culprit.len() <= 8_192);

    let Ok(bytes) = serde_json::to_vec(&event.body) else { panic!("a body can be written") };
    assert!(bytes.len() <= 4 * 1024 * 1024 + data.len(), "{} bytes of {}", bytes.len(), data.len());
    let Some(again) = normalized(&bytes) else { panic!("what was normalised is refused") };
    assert_eq!(again.event_id, event.event_id);
    assert_eq!(again.timestamp_us, event.timestamp_us, "times stay");
    assert!(no_null(&Value::Object(again.body)), "no null bytes");
}

fn normalized(payload: &[u8]) -> Option<NormalizedEvent> {
    let context = NormalizeContext {
        project_id: 1,
        received_us: 1_795_370_400_000_000,
        sent_at_us: None,
        remote_addr: None,
        user_agent: None,
        header_event_id: None,
        item_kind: None,
        new_id: &|| [0xab; 16],
    };
    normalize(payload, &context).ok()
}

fn no_null(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.contains('\0'),
        Value::Array(list) => list.iter().all(no_null),
        Value::Object(map) => map.iter().all(|(key, value)| !key.contains('\0') && no_null(value)),
        _ => true,
    }
}
