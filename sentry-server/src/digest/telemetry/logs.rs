//! Log lines.

use super::container::{Container, Made};
use super::{Arrival, Read, Rules, container};
use crate::json::{Map, Value};
use crate::normalize;
use crate::store::{LogRow, Rows};

pub(super) fn read(payload: &[u8], arrival: &Arrival, rules: Rules<'_>) -> Result<Read, &'static str> {
    let container = Container::open(payload, rules)?;
    let made = container::rows(&container, arrival, |entry, place| {
        let body = match entry.get("body")? {
            Value::String(text) => normalize::shorten(text, MAX_BODY),
            Value::Null | Value::Array(_) | Value::Object(_) => return None,
            other => other.to_string(),
        };
        Some(LogRow {
            common: container::common(entry, arrival, place, "timestamp"),
            severity: severity(entry),
            body,
        })
    });
    let (counts, unwanted) = made.counts("log_item", Some("log_byte"), payload.len());
    let Made { rows: logs, rejected, oversized, .. } = made;
    Ok(Read {
        keep: !logs.is_empty(),
        rows: Rows { logs, ..Rows::default() },
        counts,
        unwanted,
        replacement: container.replacement(),
        rejected,
        oversized,
        ..Read::default()
    })
}

/// By number if there is one, else by name; `info` if neither says anything.
fn severity(entry: &Map) -> u8 {
    let number = entry.get("severity_number").and_then(Value::as_u64).filter(|n| (1..=24).contains(n));
    let name = || match entry.get("level").and_then(Value::as_str).unwrap_or_default() {
        "trace" => 1,
        "debug" => 5,
        "warn" | "warning" => 13,
        "error" => 17,
        "fatal" => 21,
        _ => 9,
    };
    number.map_or_else(name, |number| number as u8)
}

/// Enough to read and search a list by; the whole text is in the item.
const MAX_BODY: usize = 1_024;

#[cfg(test)]
mod tests {
    use super::super::tests::{NO_RULES, arrival};
    use super::*;

    #[test]
    fn good_lines_stay_beside_bad_ones() {
        let payload = br#"{"items":[
            {"timestamp":1795365080.5,"level":"warn","body":"a","trace_id":"0102030405060708090a0b0c0d0e0f10",
             "attributes":{"sentry.release":{"value":"r@1","type":"string"}}},
            7, {"level":"info"}, {"body":true,"level":"loud","severity_number":21}]}"#;
        let read = read(payload, &arrival(), NO_RULES).unwrap();
        assert_eq!((read.rejected, read.keep, read.counts[0]), (2, true, ("log_item", 2)));
        let [first, second] = &read.rows.logs[..] else { panic!("{read:?}") };
        assert_eq!((first.severity, first.common.timestamp), (13, 1_795_365_080_500_000));
        assert_eq!(first.common.release.as_deref(), Some("r@1"));
        assert_eq!((second.common.place.index, second.severity, second.body.as_str()), (3, 21, "true"));
        assert_eq!(second.common.timestamp, arrival().received);
        assert!(super::read(b"[]", &arrival(), NO_RULES).is_err());
    }
}
