//! Profiles and pieces of them.

use serde_json::{Map, Value};
use watchpost_core::{ItemHeader, ItemType};

use super::{Arrival, MAX_ENVIRONMENT, MAX_NAME, MAX_RELEASE, Read, hex, object, text};
use crate::store::{Common, Place, ProfileRow, Rows};

pub(super) fn read(header: &ItemHeader, payload: &[u8], arrival: &Arrival) -> Result<Read, &'static str> {
    let profile = object(payload)?;
    let empty = Map::new();
    let transaction = profile.get("transaction").and_then(Value::as_object).unwrap_or(&empty);
    let is_chunk = header.item_type == ItemType::ProfileChunk;
    let ids = if is_chunk { ["profiler_id", "chunk_id"] } else { ["event_id", "profile_id"] };
    let platform = text(&profile, "platform", 64).or_else(|| text(&header.other, "platform", 64));
    let platform = platform.unwrap_or_else(|| "other".to_owned());
    let category = match (is_chunk, platform.as_str()) {
        (false, _) => "profile",
        (true, "javascript" | "cocoa" | "android" | "java") => "profile_chunk_ui",
        (true, _) => "profile_chunk",
    };
    let row = ProfileRow {
        common: Common {
            place: Place { item: arrival.seq, index: 0 },
            project: arrival.project,
            timestamp: arrival.time(profile.get("timestamp")),
            trace: hex(transaction.get("trace_id")),
            span: None,
            release: text(&profile, "release", MAX_RELEASE),
            environment: text(&profile, "environment", MAX_ENVIRONMENT),
        },
        kind: header.item_type.to_string(),
        profile: ids.iter().find_map(|key| hex(profile.get(*key))),
        segment: text(transaction, "name", MAX_NAME).unwrap_or_default(),
        platform,
    };
    Ok(Read {
        rows: Rows { profile: Some(row), ..Rows::default() },
        keep: true,
        counts: vec![(category, 1)],
        ..Read::default()
    })
}
