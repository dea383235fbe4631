//! What an item that is no event says: rows for its day, counts that outlive it.
//!
//! Lenient as [`crate::normalize`] is: an entry that says nothing useful is left out and counted, its neighbours stay.

mod attributes;
mod check_in;
mod container;
mod feedback;
mod logs;
mod metrics;
mod profile;
mod replay;
mod sessions;
mod spans;

use watchpost_core::{ItemHeader, ItemType, JsonScrubber};

pub(super) use self::feedback::{of_event as feedback_of, of_report as feedback_event};
pub(super) use self::spans::of_transaction;
use crate::instant::Micros;
use crate::json::{Map, Value};
use crate::normalize;
use crate::project::Filters;
use crate::store::{ProjectId, Rows, Tells};

/// What is known about an item besides itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Arrival {
    pub(super) project: ProjectId,
    pub(super) received: Micros,
    /// How far the client's clock is behind.
    pub(super) shift: Micros,
    /// The item's number.
    pub(super) seq: u64,
    /// Stands in for ids that are missing; the same whenever the item is read again.
    pub(super) id: [u8; 16],
}

impl Arrival {
    /// A time of the client on the server's clock.
    fn time(&self, value: Option<&Value>) -> Micros {
        normalize::corrected(value, self.received, self.shift)
    }
}

/// What an item says.
#[derive(Debug, Default)]
pub(super) struct Read {
    pub(super) rows: Rows,
    pub(super) tells: Tells,
    /// Whether the item itself is to be kept beside its rows.
    pub(super) keep: bool,
    pub(super) counts: Vec<(&'static str, i64)>,
    /// What of it is of a release that is filtered, in the same units; the rest is empty if all of it is.
    pub(super) unwanted: Vec<(&'static str, i64)>,
    /// What is kept instead of what came, after secrets were masked.
    pub(super) replacement: Option<Vec<u8>>,
    /// Entries that could not be used.
    pub(super) rejected: i64,
    /// Entries over their limit.
    pub(super) oversized: i64,
    /// Which piece of a recording it is; stands in the kept header, so that nobody has to unpack the piece to know.
    pub(super) segment: Option<u64>,
}

/// What a project and the protocol say about items.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Rules<'a> {
    pub(super) scrubber: Option<&'a JsonScrubber>,
    pub(super) filters: Option<&'a Filters>,
    /// How large an entry of a container may be, in bytes.
    pub(super) max_entry: usize,
}

impl Rules<'_> {
    fn filters_release(self, release: Option<&str>) -> bool {
        self.filters.zip(release).is_some_and(|(filters, release)| filters.is_unwanted_release(release))
    }
}

/// Reads an item.
///
/// # Errors
/// The reason under which all of it is dropped.
pub(super) fn read(
    header: &ItemHeader,
    payload: &[u8],
    arrival: &Arrival,
    rules: Rules<'_>,
) -> Result<Read, &'static str> {
    let read = match header.item_type {
        ItemType::Span => spans::read(payload, arrival, rules),
        ItemType::Log => logs::read(payload, arrival, rules),
        ItemType::TraceMetric => metrics::read(payload, arrival, rules),
        ItemType::Session => sessions::one(payload, arrival),
        ItemType::Sessions => sessions::counted(payload, arrival),
        ItemType::CheckIn => check_in::read(payload, arrival),
        ItemType::ReplayEvent => replay::read(payload, arrival, rules.scrubber),
        ItemType::ReplayRecording => Ok(Read {
            keep: true,
            counts: vec![("replay", 1)],
            segment: replay::segment(payload),
            ..Read::default()
        }),
        ItemType::Profile | ItemType::ProfileChunk => profile::read(header, payload, arrival),
        ItemType::Attachment => Ok(Read {
            keep: true,
            counts: vec![("attachment", payload.len() as i64), ("attachment_item", 1)],
            ..Read::default()
        }),
        _ => Ok(Read {
            keep: true,
            counts: vec![(header.item_type.category().as_str(), 1)],
            ..Read::default()
        }),
    }?;
    if rules.filters_release(read.release()) {
        let Read { counts: unwanted, rejected, oversized, .. } = read;
        return Ok(Read { unwanted, rejected, oversized, ..Read::default() });
    }
    Ok(read)
}

impl Read {
    /// The release of an item that has one for all of it; entries of containers have their own.
    fn release(&self) -> Option<&str> {
        match &self.tells {
            Tells::Sessions(sessions) => sessions.first().map(|session| session.release.as_str()),
            Tells::CheckIn(check_in) => check_in.release.as_deref(),
            Tells::Replay(replay) => replay.release.as_deref(),
            Tells::Nothing => self.rows.profile.as_ref()?.common.release.as_deref(),
        }
    }
}

fn object(payload: &[u8]) -> Result<Map, &'static str> {
    normalize::object(payload).map_err(|_| "malformed")
}

/// A text of at most `max` characters, without surrounding space; numbers count as texts.
fn text(map: &Map, key: &str, max: usize) -> Option<String> {
    let text = match map.get(key)? {
        Value::String(text) => text.trim().to_owned(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    (!text.is_empty()).then(|| normalize::shorten(&text, max))
}

/// Hexadecimal digits, with or without hyphens, as bytes.
fn hex<const N: usize>(value: Option<&Value>) -> Option<[u8; N]> {
    let text = value?.as_str()?.trim();
    let mut bytes = [0; N];
    let mut digits = text.bytes().filter(|byte| *byte != b'-');
    for byte in &mut bytes {
        let mut digit = || char::from(digits.next()?).to_digit(16);
        *byte = (digit()? << 4 | digit()?) as u8;
    }
    digits.next().is_none().then_some(bytes)
}

/// Texts of a list, at most 100.
fn texts(map: &Map, key: &str, max: usize) -> Vec<String> {
    let list = map.get(key).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    list.iter().filter_map(Value::as_str).take(100).map(|text| normalize::shorten(text, max)).collect()
}

/// Seconds of any kind of number as microseconds.
fn seconds(value: Option<&Value>) -> Option<Micros> {
    let seconds = value?.as_f64().filter(|seconds| seconds.is_finite() && (0.0..1e9).contains(seconds))?;
    Some((seconds * 1e6) as Micros)
}

const MAX_NAME: usize = 200;
const MAX_RELEASE: usize = 250;
const MAX_ENVIRONMENT: usize = 64;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// No filters, no scrubbing, and entries as large as they like.
    pub(super) const NO_RULES: Rules<'static> = Rules { scrubber: None, filters: None, max_entry: 1 << 20 };

    pub(super) fn arrival() -> Arrival {
        Arrival { project: 1, received: 1_795_365_081_000_000, shift: 0, seq: 1 << 10, id: [7; 16] }
    }

    #[test]
    fn ids_are_read_in_both_forms() {
        let id = |text: &str| hex::<4>(Some(&text.into()));
        assert_eq!(id("01ab-23cd"), Some([1, 0xab, 0x23, 0xcd]));
        for wrong in ["", "01ab23c", "01ab23cdef", "01ab23cg", "é1ab23cd"] {
            assert_eq!(id(wrong), None, "{wrong}");
        }
    }
}
