//! Getting a batch into the store: waiting while the store cannot write, leaving out rows that it will never take.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::Parts;
use crate::instant;
use crate::metrics;
use crate::store::{Batch, NewEvent, NewItem, OutcomeKey, Written};

/// Stores all that can be stored. A row that the store refuses is counted as `invalid` for `store_refused`, and its
/// neighbours are stored without it. `None` when the server is to stop while the store cannot write.
///
/// After a crash on the way, the parts stored already come again: their events are known by their ids then.
pub(super) fn write(parts: &Parts, batch: Batch) -> Option<Written> {
    let error = match attempt(parts, &batch)? {
        Ok(written) => return Some(written),
        Err(error) => error,
    };
    crate::log::error(format_args!("digest: {error}; looking for the row at fault"));
    let Batch { events, items, mut outcomes, resume_at } = batch;
    let mut all = Written::default();
    let mut refused = 0;
    // Halves of events or of items, never of both; the topmost is the oldest.
    let mut rest = vec![Batch { items, ..Batch::default() }, Batch { events, ..Batch::default() }];
    while let Some(mut part) = rest.pop() {
        if part.is_empty() {
            continue;
        }
        match attempt(parts, &part)? {
            Ok(written) => {
                all.events += written.events;
                all.duplicates += written.duplicates;
                all.new_issues += written.new_issues;
            }
            Err(error) if part.events.len() + part.items.len() == 1 => {
                let found = part.events.first().map(event_key).or(part.items.first().map(item_key));
                if let Some((key, seq)) = found {
                    let project = key.project;
                    crate::log::error(format_args!(
                        "digest: row {seq} of project {project} left out: {error}"
                    ));
                    *outcomes.entry(key).or_default() += 1;
                }
                refused += 1;
            }
            Err(_) => {
                let events = part.events.split_off(part.events.len() / 2);
                let items = part.items.split_off(part.items.len() / 2);
                rest.push(Batch { events, items, ..Batch::default() });
                rest.push(part);
            }
        }
    }
    metrics::add(&parts.metrics.invalid_items, refused);
    conclude(parts, outcomes, resume_at)?;
    Some(all)
}

/// Counts, and moves on in the spool whether or not the counts can be stored.
fn conclude(parts: &Parts, outcomes: HashMap<OutcomeKey, i64>, resume_at: Option<u64>) -> Option<()> {
    let batch = Batch { outcomes, resume_at, ..Batch::default() };
    if attempt(parts, &batch)?.is_ok() {
        return Some(());
    }
    for (key, quantity) in batch.outcomes {
        let text = format!("{key:?}");
        let one = Batch { outcomes: HashMap::from([(key, quantity)]), ..Batch::default() };
        if let Err(error) = attempt(parts, &one)? {
            crate::log::error(format_args!("digest: count {text} left out: {error}"));
        }
    }
    if let Err(error) = attempt(parts, &Batch { resume_at, ..Batch::default() })? {
        crate::log::error(format_args!("digest: {error}; the next batch tells where the spool resumes"));
    }
    Some(())
}

/// Tries until the store takes the batch or refuses what is in it: it is in the spool, so nothing is lost by waiting,
/// and ingest says "full" once the spool is. `None` when the server is to stop meanwhile.
fn attempt(parts: &Parts, batch: &Batch) -> Option<Result<Written, String>> {
    let mut pause = Duration::from_millis(100);
    loop {
        let began = Instant::now();
        // The store's transaction is undone when a panic passes it.
        let error = match catch_unwind(AssertUnwindSafe(|| parts.store.write(batch))) {
            Ok(Ok(written)) => {
                parts.metrics.wrote(began.elapsed());
                return Some(Ok(written));
            }
            Ok(Err(error)) if error.is_refused_row() => Err(error.to_string()),
            Ok(Err(error)) => Ok(error),
            Err(_) => Err("the store panicked".to_owned()),
        };
        parts.metrics.write_errors.fetch_add(1, Ordering::Relaxed);
        let error = match error {
            Ok(error) => error,
            Err(refused) => return Some(Err(refused)),
        };
        crate::log::error(format_args!("digest: {error}; trying again in {pause:?}"));
        if parts.queue.is_closed() {
            return None;
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(MAX_PAUSE);
    }
}

fn event_key(event: &NewEvent) -> (OutcomeKey, u64) {
    (refused(event.project, event.received, event.category), event.seq)
}

fn item_key(item: &NewItem) -> (OutcomeKey, u64) {
    let category = item.counts.first().map_or("default", |(category, _)| category);
    (refused(item.project, item.received, category), item.seq)
}

fn refused(project: i64, received: i64, category: &str) -> OutcomeKey {
    OutcomeKey {
        project,
        hour: instant::hour(received),
        category: category.to_owned(),
        outcome: "invalid",
        reason: "store_refused".to_owned(),
    }
}

const MAX_PAUSE: Duration = Duration::from_secs(10);
