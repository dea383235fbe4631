//! Taking an issue apart: the events of some of its hashes become an issue of their own.
//!
//! Two files cannot be committed together, so it is done in steps that can be repeated: the new issue and a note of what
//! is to move, the events in their day files, then all counts together with the end of the note. A start goes on where
//! a crash was.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params, params_from_iter};
use serde_json::json;

use super::days::Days;
use super::tally::Tally;
use super::{Writer, events, hashes, triage};
use crate::auth::hex;
use crate::files::debug_key;
use crate::instant::Micros;
use crate::store::{IssueId, Result, Unmerged, UserId};

pub(super) fn unmerge(
    writer: &mut Writer,
    days: &Days,
    issue: IssueId,
    gone: &[[u8; 16]],
    (by, now): (Option<UserId>, Micros),
) -> Result<Unmerged> {
    let own = hashes::list(&writer.meta, issue)?;
    let moving: Vec<[u8; 16]> = own.iter().map(|own| own.hash).filter(|hash| gone.contains(hash)).collect();
    if moving.len() == own.len() {
        return Ok(Unmerged::NoneLeft);
    }
    if moving.is_empty() || !has_events(&writer.meta, days, issue, &moving)? {
        let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
        hashes::drop_of(&transaction, issue, Some(&moving))?;
        transaction.commit()?;
        return Ok(Unmerged::Detached);
    }
    let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let destination = found(&transaction, issue)?;
    let names: Vec<String> = moving.iter().map(|hash| hex(hash)).collect();
    transaction.execute(
        "INSERT INTO unmerges (source, destination, hashes) VALUES (?1, ?2, ?3)",
        params![issue, destination, json!(names).to_string()],
    )?;
    let to = json!({ "issue": destination.to_string(), "hashes": names });
    triage::record(&transaction, issue, "unmerge_source", by, &to, now)?;
    let from = json!({ "issue": issue.to_string(), "hashes": names });
    triage::record(&transaction, destination, "unmerge_destination", by, &from, now)?;
    transaction.commit()?;
    resume(writer, days)?;
    Ok(Unmerged::Into(destination))
}

/// Ends what was begun.
pub(super) fn resume(writer: &mut Writer, days: &Days) -> Result<()> {
    let begun: Vec<(i64, IssueId, IssueId, String)> = {
        let mut statement =
            writer.meta.prepare_cached("SELECT id, source, destination, hashes FROM unmerges ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
        rows.collect::<rusqlite::Result<_>>()?
    };
    for (id, source, destination, names) in begun {
        let names: Vec<String> = serde_json::from_str(&names).unwrap_or_default();
        let moving: Vec<[u8; 16]> = names.iter().filter_map(|name| debug_key(name)).collect();
        let mut moved = Tally::default();
        for day in events::issue_days(&writer.meta, source)? {
            let file = &days.writer(&mut writer.days, day)?.file;
            let sql = format!(
                "UPDATE events SET issue_id = ?1 WHERE issue_id = ?2 AND hash IN ({})",
                places(&moving, 3)
            );
            file.execute(&sql, params_from_iter(arguments(&[destination, source], &moving)))?;
            moved.read(file, &days.dictionaries, destination)?;
        }
        let mut left = Tally::default();
        for day in events::issue_days(&writer.meta, source)? {
            let file = &days.writer(&mut writer.days, day)?.file;
            left.read_without_tags(file, &days.dictionaries, source)?;
        }
        let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
        // Another process that opened the folder may have ended it.
        if transaction.execute("DELETE FROM unmerges WHERE id = ?1", [id])? == 0 {
            continue;
        }
        let mut point =
            transaction.prepare("UPDATE issue_hashes SET issue_id = ?1 WHERE issue_id = ?2 AND hash = ?3")?;
        for hash in &moving {
            point.execute(params![destination, source, hash])?;
        }
        drop(point);
        moved.add_to(&transaction, destination)?;
        moved.take_from(&transaction, source, &left)?;
        transaction.commit()?;
    }
    Ok(())
}

/// An issue like another, without events.
pub(super) fn found(meta: &Connection, like: IssueId) -> Result<IssueId> {
    let number: i64 = meta.query_row(
        "UPDATE projects SET last_number = last_number + 1 WHERE id = (SELECT project_id FROM issues WHERE id = ?1) \
         RETURNING last_number",
        [like],
        |row| row.get(0),
    )?;
    meta.execute(
        "INSERT INTO issues (id, project_id, number, title, culprit, kind, metadata, level, platform, logger, unhandled, \
         substatus, first_seen, last_seen, events, users) \
         SELECT 1 + max((SELECT max(id) FROM issues), (SELECT id FROM last_deleted_issue)), \
         project_id, ?2, title, culprit, kind, metadata, level, platform, logger, 0, 'ongoing', first_seen, last_seen, 0, 0 \
         FROM issues WHERE id = ?1",
        [like, number],
    )?;
    Ok(meta.last_insert_rowid())
}

fn has_events(meta: &Connection, days: &Days, issue: IssueId, moving: &[[u8; 16]]) -> Result<bool> {
    let sql = format!("SELECT 1 FROM events WHERE issue_id = ?1 AND hash IN ({}) LIMIT 1", places(moving, 2));
    for day in events::issue_days(meta, issue)? {
        let found = days.read(day, |file| {
            let mut statement = file.prepare(&sql)?;
            Ok(statement.query_row(params_from_iter(arguments(&[issue], moving)), |_| Ok(())).optional()?)
        })?;
        if found.flatten().is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

fn places(hashes: &[[u8; 16]], first: usize) -> String {
    (first..first + hashes.len()).map(|place| format!("?{place}")).collect::<Vec<_>>().join(",")
}

fn arguments(numbers: &[i64], hashes: &[[u8; 16]]) -> Vec<rusqlite::types::Value> {
    let numbers = numbers.iter().map(|number| rusqlite::types::Value::from(*number));
    numbers.chain(hashes.iter().map(|hash| rusqlite::types::Value::from(hash.to_vec()))).collect()
}
