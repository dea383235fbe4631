//! Takes work off the queue, reads from disk what is not in memory, and cuts it into numbered chunks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::SyncSender;

use axum::body::Bytes;
use watchpost_spool::Position;

use super::queue::{Job, Work};
use super::{Chunk, Finishes, Parts};
use crate::ingest::{RecordHead, inflate};
use crate::metrics;

pub(super) fn run(parts: &Parts, chunks: &SyncSender<Chunk>) {
    let mut number = 0;
    let mut send = |jobs: Vec<Job>, until: Option<Position>, finishes: Finishes| {
        let sent = chunks.send(Chunk { number, jobs, until, finishes }).is_ok();
        number += 1;
        sent
    };
    while let Some(work) = parts.queue.take(MAX_JOBS, MAX_BYTES) {
        let going_on = match work {
            Work::Jobs(jobs) => {
                let bytes = jobs.iter().map(|job| job.inflated.len()).sum();
                let entries = jobs.len();
                send(jobs, None, Finishes { entries, bytes })
            }
            Work::Replay(from, before) => replay(parts, from, before, &mut send),
        };
        if !going_on {
            return;
        }
    }
}

/// Feeds a stretch of the spool; its last chunk finishes the queue's entry.
fn replay(
    parts: &Parts,
    from: Position,
    before: Position,
    send: &mut impl FnMut(Vec<Job>, Option<Position>, Finishes) -> bool,
) -> bool {
    let mut jobs = Vec::new();
    let mut bytes = 0;
    let mut reader = parts.log.reader(from);
    // Where the stretch is done with, what was damaged at its end included: that is not met again.
    let mut until = None;
    let mut is_whole = true;
    for entry in &mut reader {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                crate::log::error(format_args!(
                    "spool: {error}; the rest of this stretch waits for a restart"
                ));
                is_whole = false;
                break;
            }
        };
        if entry.position >= before {
            until = Some(before);
            break;
        }
        // A decoder that trips over one record must not stop all others.
        let record = catch_unwind(AssertUnwindSafe(|| read(&entry.bytes, parts.max_body_bytes)));
        match record.unwrap_or_default() {
            Some((head, inflated)) => {
                bytes += inflated.len();
                jobs.push(Job { position: entry.position, head, inflated });
            }
            None => {
                metrics::add(&parts.metrics.invalid_items, 1);
                crate::log::error(format_args!("spool: record at {:?} cannot be read", entry.position));
            }
        }
        if jobs.len() >= MAX_JOBS || bytes >= MAX_BYTES {
            bytes = 0;
            if !send(std::mem::take(&mut jobs), None, Finishes::default()) {
                return false;
            }
        }
    }
    let lost = reader.lost();
    if lost.records > 0 || lost.bytes > 0 {
        crate::log::error(format_args!("spool: skipped {} damaged bytes", lost.bytes));
    }
    let until = until.or_else(|| is_whole.then(|| reader.position().min(before)));
    // A stretch with nothing in it, as at most starts, is nothing to write down.
    let until = until.filter(|until| *until > from);
    send(jobs, until, Finishes { entries: 1, bytes: 0 })
}

/// What an accepted record holds, inflated again.
fn read(record: &[u8], max_bytes: usize) -> Option<(RecordHead, Bytes)> {
    let (head, wire) = RecordHead::decode(record)?;
    let inflated = match inflate(head.encoding, wire, max_bytes).ok()? {
        Some(inflated) => Bytes::from(inflated),
        None => Bytes::copy_from_slice(wire),
    };
    Some((head, inflated))
}

/// Small enough that workers share a burst, large enough that the hand-over costs nothing.
const MAX_JOBS: usize = 32;
const MAX_BYTES: usize = 2 * 1024 * 1024;
