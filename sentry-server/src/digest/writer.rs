//! The one writer: puts chunks back in order and stores as many as are ready in one transaction.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use watchpost_spool::Position;

use super::{Finishes, Parts, Prepared, attempt, trees};
use crate::metrics;
use crate::store::{Batch, Written};

pub(super) fn run(parts: &Parts, prepared: &Receiver<Prepared>) {
    let mut early: BTreeMap<u64, Prepared> = BTreeMap::new();
    let mut next = 0;
    let mut open = true;
    let mut idle = Idle::default();
    while open || !early.is_empty() {
        let mut gathered = Gathered::default();
        // What comes shortly after goes into the same transaction: nobody waits for it, and what a batch costs by itself (two
        // commits, the pages of indexes, a row for each counter of each issue) is shared by more.
        let mut began: Option<Instant> = None;
        while open && gathered.rows() < MAX_ROWS {
            let wait = began.map_or(LEDGER_INTERVAL, |began| left(began.elapsed()));
            match prepared.recv_timeout(wait) {
                Ok(chunk) => {
                    early.insert(chunk.number, chunk);
                    while let Some(chunk) = early.remove(&next) {
                        gathered.add(chunk);
                        next += 1;
                    }
                    if gathered.chunks > 0 {
                        began.get_or_insert_with(Instant::now);
                    }
                }
                Err(RecvTimeoutError::Timeout) => break,
                Err(RecvTimeoutError::Disconnected) => open = false,
            }
        }
        for (key, quantity) in parts.ledger.take() {
            *gathered.batch.outcomes.entry(key).or_default() += quantity;
        }
        if gathered.chunks > 0 {
            idle = Idle { done: gathered.done.or(idle.done), since: Instant::now() };
        } else if idle.since.elapsed() >= IDLE {
            idle.retire(parts);
        }
        if gathered.chunks > 0 || !gathered.batch.outcomes.is_empty() {
            if !store(parts, gathered) {
                crate::log::error(format_args!(
                    "digest: what is not stored is in the spool, for the next start"
                ));
                return;
            }
        } else if !open {
            // Numbers are missing for good: a worker died. What it had is still in the spool.
            break;
        }
    }
    idle.retire(parts);
}

/// Since when nothing came, and how far the spool is done with.
struct Idle {
    done: Option<Position>,
    since: Instant,
}

impl Default for Idle {
    fn default() -> Self {
        Self { done: None, since: Instant::now() }
    }
}

impl Idle {
    /// The spool has bodies as they came, with what is masked in the store: none of them outlives a pause or a stop.
    fn retire(&mut self, parts: &Parts) {
        let Some(done) = self.done.take() else { return };
        if let Err(error) = parts.log.retire_before(done) {
            crate::log::error(format_args!("spool: {error}"));
        }
        parts.metrics.spool_bytes.store(parts.log.bytes(), Ordering::Relaxed);
    }
}

/// How long a batch of this age waits for one more chunk.
fn left(age: Duration) -> Duration {
    LINGER.saturating_sub(age).max(GAP.min(MAX_LINGER.saturating_sub(age)))
}

#[derive(Default)]
struct Gathered {
    batch: Batch,
    done: Option<Position>,
    finishes: Finishes,
    chunks: usize,
}

impl Gathered {
    fn add(&mut self, chunk: Prepared) {
        self.batch.events.extend(chunk.batch.events);
        self.batch.items.extend(chunk.batch.items);
        for (key, quantity) in chunk.batch.outcomes {
            *self.batch.outcomes.entry(key).or_default() += quantity;
        }
        self.batch.resume_at = chunk.batch.resume_at.or(self.batch.resume_at);
        self.done = chunk.done.or(self.done);
        self.finishes.entries += chunk.finishes.entries;
        self.finishes.bytes += chunk.finishes.bytes;
        self.chunks += 1;
    }

    fn rows(&self) -> usize {
        self.batch.events.len() + self.batch.items.len()
    }
}

/// False when the store failed until the server was told to stop.
fn store(parts: &Parts, gathered: Gathered) -> bool {
    let (events, trees) = (gathered.batch.events.len(), trees::fresh(&gathered.batch.events));
    let written = if gathered.batch.is_empty() {
        Some(Written::default())
    } else {
        attempt::write(parts, gathered.batch)
    };
    let Some(written) = written else { return false };
    // An event that was left out, as a copy or for another reason, has not brought its tree.
    if written.events == events {
        parts.trees.learn(trees);
    }
    metrics::add(&parts.metrics.digested_events, written.events);
    metrics::add(&parts.metrics.duplicate_events, written.duplicates);
    metrics::add(&parts.metrics.new_issues, written.new_issues);
    if let Some(done) = gathered.done {
        if let Err(error) = parts.log.truncate_before(done) {
            crate::log::error(format_args!("spool: {error}"));
        }
        parts.metrics.spool_bytes.store(parts.log.bytes(), Ordering::Relaxed);
    }
    parts.queue.finish(gathered.finishes.entries, gathered.finishes.bytes);
    true
}

const MAX_ROWS: usize = 2_000;
/// How long a batch waits for more at least; while more comes without a pause, up to the second.
const LINGER: Duration = Duration::from_millis(50);
const MAX_LINGER: Duration = Duration::from_millis(250);
/// What counts as a pause.
const GAP: Duration = Duration::from_millis(10);
/// After so long without anything new the spool is emptied, which costs the next request a file.
const IDLE: Duration = Duration::from_secs(3);
const LEDGER_INTERVAL: Duration = Duration::from_secs(1);
