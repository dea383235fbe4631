//! What a piece of a replay says about the whole.

use watchpost_core::JsonScrubber;

use super::{Arrival, MAX_ENVIRONMENT, MAX_RELEASE, Read, hex, object, text, texts};
use crate::store::{NewReplay, Tells};

pub(super) fn read(
    payload: &[u8],
    arrival: &Arrival,
    scrubber: Option<&JsonScrubber>,
) -> Result<Read, &'static str> {
    let mut piece = object(payload)?;
    // It has the shape of an event.
    if let Some(scrubber) = scrubber {
        scrubber.event(&mut piece);
    }
    let replay = ["replay_id", "event_id"].iter().find_map(|key| hex(piece.get(*key))).ok_or("malformed")?;
    let finished = arrival.time(piece.get("timestamp"));
    let started = piece.get("replay_start_timestamp").map_or(finished, |at| arrival.time(Some(at)));
    let user = piece.get("user").filter(|user| user.is_object()).map(ToString::to_string);
    let told = NewReplay {
        project: arrival.project,
        replay,
        segment: piece.get("segment_id").and_then(crate::json::Value::as_u64).unwrap_or(0).min(MAX_SEGMENT)
            as u32,
        started: started.min(finished),
        finished,
        kind: text(&piece, "replay_type", 16).unwrap_or_else(|| "session".to_owned()),
        platform: text(&piece, "platform", 64).unwrap_or_else(|| "javascript".to_owned()),
        release: text(&piece, "release", MAX_RELEASE),
        environment: text(&piece, "environment", MAX_ENVIRONMENT),
        user: user.filter(|text| text.len() <= MAX_USER_BYTES),
        urls: texts(&piece, "urls", 1_000),
        errors: texts(&piece, "error_ids", 36),
        traces: texts(&piece, "trace_ids", 36),
    };
    Ok(Read {
        tells: Tells::Replay(Box::new(told)),
        keep: true,
        replacement: scrubber.map(|_| crate::json::Value::Object(piece).to_string().into_bytes()),
        counts: vec![("replay", 1)],
        ..Read::default()
    })
}

/// The number of a recording's piece: its first line is `{"segment_id":0}`, the events follow.
pub(super) fn segment(payload: &[u8]) -> Option<u64> {
    let end = payload.iter().take(MAX_LINE_BYTES).position(|byte| *byte == b'\n')?;
    object(&payload[..end]).ok()?.get("segment_id")?.as_u64().filter(|number| *number <= MAX_SEGMENT)
}

const MAX_LINE_BYTES: usize = 1_024;
const MAX_SEGMENT: u64 = 1_000_000;
const MAX_USER_BYTES: usize = 4_096;
