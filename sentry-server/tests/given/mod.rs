//! Where the test files are, and what the server is said to know about an event.

use std::path::PathBuf;

use serde_json::Value;
use watchpost_server::normalize::NormalizeContext;

/// The repository's `tests` folder.
pub(crate) fn tests_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../tests")
}

/// The surroundings a vector asks for; received at 2026-11-22T16:31:21Z unless it says otherwise.
pub(crate) fn context(given: &Value) -> NormalizeContext<'_> {
    let micros = |key: &str| given[key].as_f64().map(|seconds| (seconds * 1e6) as i64);
    NormalizeContext {
        project_id: 1,
        received_us: micros("received").unwrap_or(1_795_365_081_000_000),
        sent_at_us: micros("sent_at"),
        remote_addr: given["remote_addr"].as_str().and_then(|address| address.parse().ok()),
        user_agent: given["user_agent"].as_str(),
        header_event_id: None,
        item_kind: None,
        new_id: &|| [0xab; 16],
    }
}
