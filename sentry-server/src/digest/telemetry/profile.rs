//! Profiles and pieces of them.

use watchpost_core::{ItemHeader, ItemType};

use super::{Arrival, MAX_ENVIRONMENT, MAX_NAME, MAX_RELEASE, Read, hex, object, text};
use crate::json::{Map, Value};
use crate::store::{Common, Place, ProfileRow, Rows};

pub(super) fn read(header: &ItemHeader, payload: &[u8], arrival: &Arrival) -> Result<Read, &'static str> {
    let profile = object(payload)?;
    let empty = Map::new();
    let transaction = transaction(&profile).unwrap_or(&empty);
    let is_chunk = header.item_type == ItemType::ProfileChunk;
    let ids = if is_chunk { ["profiler_id", "chunk_id"] } else { ["event_id", "profile_id"] };
    let platform = text(&profile, "platform", 64).or_else(|| {
        let platform = header.other.get("platform").map(|platform| Value::from(platform.clone()));
        text(&Map::from_iter([("platform", platform?)]), "platform", 64)
    });
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

/// The transaction that was profiled: some clients say one, some a list of it.
fn transaction(profile: &Map) -> Option<&Map> {
    let one = profile.get("transaction").and_then(Value::as_object);
    one.or_else(|| profile.get("transactions")?.get(0)?.as_object())
}

#[cfg(test)]
mod tests {
    use super::super::tests::arrival;
    use super::*;

    #[test]
    fn a_profile_names_its_transaction_in_either_form() {
        let header = ItemHeader::new(ItemType::Profile);
        let of = |transaction: &str| {
            let profile = format!(r#"{{"event_id":"{:032x}","platform":"python",{transaction}}}"#, 7);
            let row = read(&header, profile.as_bytes(), &arrival()).unwrap().rows.profile.unwrap();
            (row.segment, row.common.trace.is_some())
        };
        let told = r#"{"name":"import ledger","trace_id":"0102030405060708090a0b0c0d0e0f10"}"#;
        assert_eq!(of(&format!(r#""transaction":{told}"#)), ("import ledger".to_owned(), true));
        assert_eq!(of(&format!(r#""transactions":[{told}]"#)), ("import ledger".to_owned(), true));
        assert_eq!(of(r#""transactions":[]"#), (String::new(), false));
    }
}
