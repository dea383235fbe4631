//! For fuzzing: bytes on their way through door and digest, without socket, disk and threads.

use axum::body::Bytes;
use watchpost_spool::Position;

use crate::digest::{Job, prepared};
use crate::ingest::{Encoding, Endpoint, RecordHead, framing, inflate, stored_json};
use crate::store::{Batch, NewItem};

/// What became of a body.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Events that would be stored.
    pub events: usize,
    /// Other items that would be stored or counted.
    pub items: usize,
    /// Rows of spans, logs and metrics.
    pub rows: usize,
    /// The longest body that would be stored, inflated.
    pub longest: usize,
}

/// Takes a body as it comes over the wire: `encoding` 0 identity, 1 gzip, 2 deflate, 3 brotli, 4 zstd; `store` for the
/// legacy endpoint. `None` for a body that is refused.
pub fn take(encoding: u8, store: bool, wire: &[u8], max_bytes: usize) -> Option<Taken> {
    let encoding = Encoding::from_code(encoding % 5)?;
    let inflated = inflate(encoding, wire, max_bytes).ok()?.unwrap_or_else(|| wire.to_vec());
    assert!(inflated.len() <= max_bytes || encoding == Encoding::Identity, "a cap is a cap");
    let endpoint = if store { Endpoint::Store } else { Endpoint::Envelope };
    match endpoint {
        Endpoint::Store => drop(stored_json(&inflated, max_bytes).ok()?),
        Endpoint::Envelope => drop(framing(&inflated).ok()?),
    }
    let head = RecordHead {
        endpoint,
        encoding,
        project: 1,
        received: 1_795_370_400_000_000,
        id: [7; 16],
        address: None,
        user_agent: None,
        limited: 0,
    };
    let mut record = head.encode();
    record.extend_from_slice(wire);
    assert_eq!(
        RecordHead::decode(&record),
        Some((head.clone(), wire)),
        "the spool gives back what it was given"
    );
    let job = Job { position: Position::from_u64(1 << 32), head, inflated: Bytes::from(inflated) };
    let batch = prepared(&job, max_bytes);
    Some(summary(&batch))
}

fn summary(batch: &Batch) -> Taken {
    let mut taken = Taken { events: batch.events.len(), items: batch.items.len(), ..Taken::default() };
    assert!(taken.events + taken.items <= NewItem::PER_ENVELOPE as usize, "rows are bounded");
    let bodies = batch.events.iter().filter_map(|event| event.body.as_ref());
    let bodies =
        bodies.chain(batch.items.iter().filter_map(|item| item.kept.as_ref().map(|kept| &kept.body)));
    for body in bodies {
        let inflated = zstd::decode_all(&body[..]).map(|body| body.len()).unwrap_or_default();
        taken.longest = taken.longest.max(inflated);
    }
    let rows = batch.events.iter().map(|event| &event.rows).chain(batch.items.iter().map(|item| &item.rows));
    for rows in rows {
        taken.rows += rows.spans.len() + rows.logs.len() + rows.metrics.len();
    }
    taken
}
