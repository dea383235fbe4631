//! Writing a batch: one transaction in each day file it touches, then one in `meta.db`.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{Connection, TransactionBehavior, params};

use super::Writer;
use super::claim::{self, Claims};
use super::days::{DayWriter, Days};
use super::delta::Delta;
use super::rows::Insert;
use super::texts::Interner;
use super::trees::Trees;
use super::{dictionaries, health, monitors, replays, telemetry};
use super::{merge, releases, removal};
use crate::instant;
use crate::store::{Batch, IssueId, NewEvent, NewItem, OutcomeKey, Result, Tells, Written};

pub(super) fn resume_at(meta: &Connection) -> Result<u64> {
    let at: i64 = meta.query_row("SELECT resume_at FROM spool", [], |row| row.get(0))?;
    Ok(at as u64)
}

/// Rows of one day file.
#[derive(Default)]
struct DayRows<'a> {
    events: Vec<(&'a NewEvent, Option<IssueId>)>,
    items: Vec<&'a NewItem>,
}

pub(super) fn batch(writer: &mut Writer, days: &Days, batch: &Batch) -> Result<Written> {
    let mut written = Written::default();
    let Writer { meta, days: writers, known } = writer;
    let meta = meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    known.refresh(&meta)?;
    let mut claims = Claims::new(known);
    let mut deltas: BTreeMap<IssueId, Delta<'_>> = BTreeMap::new();
    let mut outcomes: HashMap<OutcomeKey, i64> = batch.outcomes.clone();
    let mut rows: BTreeMap<i64, DayRows<'_>> = BTreeMap::new();
    let discards = merge::any_discarded(&meta)?;
    let gone = removal::gone_projects(&meta)?;
    for event in batch.events.iter().filter(|event| !gone.contains(&event.project)) {
        if discards && merge::is_discarded(&meta, event)? {
            let key = OutcomeKey {
                outcome: "filtered",
                reason: "discarded-hash".to_owned(),
                ..outcome(event, event.category, true)
            };
            *outcomes.entry(key).or_default() += 1;
            continue;
        }
        let day = instant::day(event.received);
        let counted = claim::take_id(&meta, event, day)?;
        *outcomes.entry(outcome(event, event.category, counted)).or_default() += 1;
        if event.kind == "transaction" {
            // The transaction itself is a span, too.
            let spans = event.rows.spans.len().max(1) as i64;
            *outcomes.entry(outcome(event, "span", counted)).or_default() += spans;
        }
        if !counted {
            written.duplicates += 1;
            continue;
        }
        written.events += 1;
        let issue = match &event.group {
            Some(group) => {
                let issue = claims.issue(&meta, event, group)?;
                deltas.entry(issue).or_insert_with(|| Delta::new(event, group)).add(event, group);
                Some(issue)
            }
            None => None,
        };
        rows.entry(day).or_default().events.push((event, issue));
    }
    let counted_to: i64 = meta.query_row("SELECT items_at FROM spool", [], |row| row.get(0))?;
    for item in batch.items.iter().filter(|item| !gone.contains(&item.project)) {
        let is_copy = item.is_companion && claim::is_copy(&meta, item)?;
        if item.seq as i64 > counted_to {
            count_item(&meta, item, is_copy, &mut outcomes)?;
        }
        if !is_copy && (item.kept.is_some() || !item.rows.is_empty()) {
            rows.entry(instant::day(item.received)).or_default().items.push(item);
        }
    }
    if let Some(last) = batch.items.iter().map(|item| item.seq).max() {
        meta.prepare_cached("UPDATE spool SET items_at = max(items_at, ?1)")?.execute([last as i64])?;
    }
    for (issue, delta) in &mut deltas {
        delta.apply(&meta, *issue, claims.fresh(*issue))?;
    }
    let created = claims.created();
    let met = claims.write(&meta)?;
    mark_first_events(&meta, batch)?;
    mark_releases(&meta, &rows)?;
    add_outcomes(&meta, &outcomes)?;
    if let Some(at) = batch.resume_at {
        meta.prepare_cached("UPDATE spool SET resume_at = ?1")?.execute([at as i64])?;
    }
    for (day, rows) in &rows {
        write_day(days.writer(writers, *day)?, rows)?;
    }
    if !rows.is_empty() {
        fail_point();
    }
    meta.commit()?;
    known.learn(met);
    written.new_issues = created;
    Ok(written)
}

/// Books an item, and tells what it tells.
fn count_item(
    meta: &Connection,
    item: &NewItem,
    is_copy: bool,
    outcomes: &mut HashMap<OutcomeKey, i64>,
) -> Result<()> {
    let mut verdict = if is_copy { ("invalid", "duplicate") } else { ("accepted", "") };
    if !is_copy {
        match &item.tells {
            Tells::Nothing => {}
            Tells::Sessions(sessions) => {
                for session in sessions {
                    health::count(meta, session)?;
                }
            }
            Tells::CheckIn(report) => {
                if !monitors::take(meta, report)? {
                    verdict = ("invalid", "too_many_monitors");
                }
            }
            Tells::Replay(piece) => replays::add(meta, piece)?,
        }
    }
    let (outcome, reason) = verdict;
    for (category, quantity) in &item.counts {
        let key = OutcomeKey {
            project: item.project,
            hour: instant::hour(item.received),
            category: (*category).to_owned(),
            outcome,
            reason: reason.to_owned(),
        };
        *outcomes.entry(key).or_default() += quantity;
    }
    Ok(())
}

fn write_day(day: &mut DayWriter, rows: &DayRows<'_>) -> Result<()> {
    let transaction = day.file.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut texts = Interner::new(&day.texts);
    let mut trees = Trees::new(&mut day.trees);
    let mut last_dictionary = day.dictionary;
    {
        let mut insert = Insert::prepare(
            &transaction,
            "INTO events (seq, project_id, issue_id, event_id, kind, received, timestamp, title, culprit, level, \
             size_bytes, body, dictionary, hash, grouping, user) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)",
        )?;
        for (event, issue) in &rows.events {
            let group = event.group.as_ref();
            let tree = group.map(|group| trees.add(&transaction, &group.tree)).transpose()?;
            let dictionary = event.dictionary.as_deref().map_or(0, |dictionary| dictionary.id);
            if let Some(used) = &event.dictionary
                && dictionary != last_dictionary
            {
                dictionaries::put(&transaction, used)?;
                last_dictionary = dictionary;
            }
            insert.execute(params![
                event.seq as i64,
                event.project,
                issue,
                event.event_id,
                event.kind,
                event.received,
                event.timestamp,
                event.title,
                event.culprit,
                event.level,
                event.size_bytes as i64,
                event.body,
                dictionary,
                group.and_then(|group| group.hashes.first()),
                tree,
                group.and_then(|group| group.user),
            ])?;
            telemetry::write(&transaction, &mut texts, &event.rows)?;
        }
        let mut insert = Insert::prepare(
            &transaction,
            "INTO items (seq, project_id, event_id, kind, received, header, size_bytes, body) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?;
        for item in &rows.items {
            if let Some(kept) = &item.kept {
                insert.execute(params![
                    item.seq as i64,
                    item.project,
                    item.event_id,
                    item.kind,
                    item.received,
                    kept.header,
                    kept.size_bytes as i64,
                    kept.body,
                ])?;
            }
            telemetry::write(&transaction, &mut texts, &item.rows)?;
        }
    }
    let fresh = texts.into_fresh();
    transaction.commit()?;
    trees.learn();
    day.texts.learn(fresh);
    day.dictionary = last_dictionary;
    Ok(())
}

fn mark_first_events(meta: &Connection, batch: &Batch) -> Result<()> {
    let firsts: BTreeMap<i64, i64> =
        batch.events.iter().rev().map(|event| (event.project, event.received)).collect();
    let mut statement =
        meta.prepare_cached("UPDATE projects SET first_event = ?2 WHERE id = ?1 AND first_event IS NULL")?;
    for (project, received) in firsts {
        statement.execute(params![project, received])?;
    }
    Ok(())
}

/// The last event of a batch stands for all of the same release.
fn mark_releases(meta: &Connection, rows: &BTreeMap<i64, DayRows<'_>>) -> Result<()> {
    let mut last: BTreeMap<(i64, &str), &NewEvent> = BTreeMap::new();
    for (event, _) in rows.values().flat_map(|rows| &rows.events) {
        if let Some(version) = event.group.as_ref().and_then(|group| group.release.as_deref()) {
            last.insert((event.project, version), event);
        }
    }
    for ((_, version), event) in last {
        releases::seen(meta, event, version)?;
    }
    Ok(())
}

fn add_outcomes(meta: &Connection, outcomes: &HashMap<OutcomeKey, i64>) -> Result<()> {
    let mut statement = meta.prepare_cached(
        "INSERT INTO outcomes (project_id, hour, category, outcome, reason, quantity) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
         ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity",
    )?;
    for (key, quantity) in outcomes {
        statement.execute(params![key.project, key.hour, key.category, key.outcome, key.reason, quantity])?;
    }
    Ok(())
}

fn outcome(event: &NewEvent, category: &str, counted: bool) -> OutcomeKey {
    let (outcome, reason) = if counted { ("accepted", "") } else { ("invalid", "duplicate") };
    OutcomeKey {
        project: event.project,
        hour: instant::hour(event.received),
        category: category.to_owned(),
        outcome,
        reason: reason.to_owned(),
    }
}

/// Debug builds die here when told to, at the first batch that wrote into a day's file or at the one whose number is given
/// (`between-commits:7`), so that a test can see what a crash between the two commits leaves.
fn fail_point() {
    #[cfg(debug_assertions)]
    {
        use std::sync::atomic::{AtomicU64, Ordering};
        static BATCHES: AtomicU64 = AtomicU64::new(0);
        let Ok(told) = std::env::var("WATCHPOST_TEST_ABORT") else { return };
        let Some(at) = told.strip_prefix("between-commits") else { return };
        let at = at.strip_prefix(':').and_then(|number| number.parse().ok()).unwrap_or(1);
        if BATCHES.fetch_add(1, Ordering::Relaxed) + 1 == at {
            std::process::abort();
        }
    }
}
