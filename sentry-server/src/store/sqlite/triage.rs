//! Changes to issues: status, owners, marks, notes.

use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::{Value, json};

use super::{SqliteStore, issues, merge, regression};
use crate::instant::Micros;
use crate::store::{
    Activity, Company, IssueChange, IssueId, Marks, ProjectScope, Resolution, Result, Status, Triage, UserId,
};

impl Triage for SqliteStore {
    fn change_issues(
        &self,
        scope: &ProjectScope,
        ids: &[IssueId],
        change: &IssueChange,
    ) -> Result<Vec<IssueId>> {
        let mut writer = self.writer();
        let transaction = writer.meta.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut changed = Vec::new();
        for id in ids {
            if one(&transaction, scope, *id, change)? {
                changed.push(*id);
            }
        }
        transaction.commit()?;
        Ok(changed)
    }

    fn wake_issues(&self, now: Micros) -> Result<usize> {
        const DUE: &str = "status = 'ignored' AND (wake_at <= ?1 OR events >= wake_events OR users >= wake_users) \
                           AND (wake_at IS NOT NULL OR wake_events IS NOT NULL OR wake_users IS NOT NULL)";
        let sql = format!("SELECT EXISTS (SELECT 1 FROM issues INDEXED BY issues_asleep WHERE {DUE})");
        let due: bool =
            self.read_meta(|meta| Ok(meta.prepare_cached(&sql)?.query_row([now], |row| row.get(0))?))?;
        if !due {
            return Ok(0);
        }
        self.write_meta(|meta| {
            let sql = format!(
                "UPDATE issues SET status = 'unresolved', substatus = 'ongoing', status_details = NULL, wake_at = NULL, \
                 wake_events = NULL, wake_users = NULL WHERE {DUE}"
            );
            Ok(meta.execute(&sql, [now])?)
        })
    }

    fn marks(&self, user: UserId, ids: &[IssueId]) -> Result<Vec<Marks>> {
        self.read_meta(|meta| {
            let mut statement =
                meta.prepare_cached("SELECT mark FROM issue_marks WHERE issue_id = ?1 AND user_id = ?2")?;
            let mut all = Vec::with_capacity(ids.len());
            for id in ids {
                let mut marks = Marks::default();
                let rows = statement.query_map([*id, user], |row| row.get::<_, String>(0))?;
                for mark in rows {
                    match mark?.as_str() {
                        "bookmark" => marks.bookmarked = true,
                        "seen" => marks.seen = true,
                        "subscribe" => marks.subscribed = true,
                        _ => {}
                    }
                }
                all.push(marks);
            }
            Ok(all)
        })
    }

    fn note_counts(&self, ids: &[IssueId]) -> Result<Vec<i64>> {
        self.read_meta(|meta| {
            let sql = "SELECT count(*) FROM issue_activity WHERE issue_id = ?1 AND kind = 'note'";
            let mut statement = meta.prepare_cached(sql)?;
            let counts = ids.iter().map(|id| statement.query_row([id], |row| row.get(0)));
            Ok(counts.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn company(&self, issue: IssueId) -> Result<Company> {
        self.read_meta(|meta| {
            let mut seen = meta.prepare_cached(
                "SELECT u.id, u.username, m.at FROM issue_marks m JOIN users u ON u.id = m.user_id \
                 WHERE m.issue_id = ?1 AND m.mark = 'seen' ORDER BY m.at DESC, u.id",
            )?;
            let seen = seen.query_map([issue], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
            let mut took_part = meta.prepare_cached(
                "SELECT id, username FROM users WHERE id IN (SELECT user_id FROM issue_activity WHERE issue_id = ?1 \
                 UNION SELECT user_id FROM issue_marks WHERE issue_id = ?1 AND mark IN ('bookmark', 'subscribe')) ORDER BY id",
            )?;
            let took_part = took_part.query_map([issue], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(Company {
                seen_by: seen.collect::<rusqlite::Result<_>>()?,
                participants: took_part.collect::<rusqlite::Result<_>>()?,
            })
        })
    }

    fn activity(&self, issue: IssueId) -> Result<Vec<Activity>> {
        self.read_meta(|meta| {
            let mut statement = meta.prepare_cached(
                "SELECT a.id, a.kind, u.id, u.username, a.data, a.created FROM issue_activity a \
                 LEFT JOIN users u ON u.id = a.user_id WHERE a.issue_id = ?1 ORDER BY a.id LIMIT 1000",
            )?;
            let rows = statement.query_map([issue], |row| {
                let (user, name): (Option<UserId>, Option<String>) = (row.get(2)?, row.get(3)?);
                let data: String = row.get(4)?;
                Ok(Activity {
                    id: row.get(0)?,
                    kind: row.get(1)?,
                    user: user.zip(name),
                    data: serde_json::from_str(&data).unwrap_or_default(),
                    created: row.get(5)?,
                })
            })?;
            Ok(rows.collect::<rusqlite::Result<_>>()?)
        })
    }

    fn add_note(&self, issue: IssueId, user: Option<UserId>, text: &str, now: Micros) -> Result<i64> {
        self.write_meta(|meta| {
            record(meta, issue, "note", user, &json!({ "text": text }), now)?;
            Ok(meta.last_insert_rowid())
        })
    }

    fn delete_note(&self, issue: IssueId, id: i64) -> Result<bool> {
        self.write_meta(|meta| {
            let sql = "DELETE FROM issue_activity WHERE issue_id = ?1 AND id = ?2 AND kind = 'note'";
            Ok(meta.execute(sql, [issue, id])? > 0)
        })
    }

    fn merge_issues(
        &self,
        scope: &ProjectScope,
        into: IssueId,
        others: &[IssueId],
        by: Option<UserId>,
        now: Micros,
    ) -> Result<bool> {
        merge::merge(&mut self.writer(), &self.days, scope, (into, others), (by, now))
    }

    fn delete_issues(
        &self,
        scope: &ProjectScope,
        ids: &[IssueId],
        discard: bool,
        now: Micros,
    ) -> Result<usize> {
        let deleted = merge::delete(&mut self.writer().meta, scope, ids, discard, now)?;
        self.remove_events()?;
        Ok(deleted)
    }
}

fn one(meta: &Connection, scope: &ProjectScope, id: IssueId, change: &IssueChange) -> Result<bool> {
    let Some(issue) = issues::by_id(meta, scope, id)? else { return Ok(false) };
    let mut details = change.details.clone();
    if change.status.is_some() || change.substatus.is_some() {
        let wake = change.wake;
        let resolves = change.status == Some(Status::Resolved);
        let resolved = match resolves {
            true => regression::stored(meta, issue.project, &change.resolution)?,
            false => None,
        };
        // Which release was the latest is answered now.
        if let (Resolution::InLatest, Some((_, version))) = (&change.resolution, &resolved) {
            details = Some(json!({ "inRelease": version }).to_string());
        }
        meta.prepare_cached(
            "UPDATE issues SET status = coalesce(?2, status), \
             substatus = iif(?2 IS NULL, coalesce(?3, substatus), ?3), status_details = ?4, wake_at = ?5, \
             wake_events = events + ?6, wake_users = users + ?7, resolved_at = ?8, resolved_how = ?9, resolved_in = ?10 \
             WHERE id = ?1",
        )?
        .execute(params![
            id,
            change.status.map(Status::as_str),
            change.substatus,
            details,
            wake.at,
            wake.events,
            wake.users,
            resolves.then_some(change.at),
            resolved.as_ref().map(|(how, _)| how),
            resolved.as_ref().map(|(_, release)| release),
        ])?;
    }
    if let Some(status) = change.status.filter(|status| *status != issue.status) {
        let kind = match status {
            Status::Unresolved => "set_unresolved",
            Status::Resolved => "set_resolved",
            Status::Ignored => "set_ignored",
        };
        let details = details.as_deref().and_then(|text| serde_json::from_str(text).ok());
        record(meta, id, kind, change.by, &details.unwrap_or_else(|| json!({})), change.at)?;
    }
    if let Some(assignee) = &change.assignee {
        meta.prepare_cached("UPDATE issues SET assignee = ?2 WHERE id = ?1")?
            .execute(params![id, assignee])?;
        if *assignee != issue.assignee {
            let kind = if assignee.is_some() { "assigned" } else { "unassigned" };
            record(meta, id, kind, change.by, &json!({ "assignee": assignee }), change.at)?;
        }
    }
    if let Some(priority) = &change.priority {
        meta.prepare_cached("UPDATE issues SET priority = ?2 WHERE id = ?1")?
            .execute(params![id, priority])?;
    }
    for (mark, on) in
        [("bookmark", change.bookmarked), ("seen", change.seen), ("subscribe", change.subscribed)]
    {
        let (Some(on), Some(user)) = (on, change.by) else { continue };
        let sql = if on {
            "INSERT OR REPLACE INTO issue_marks (issue_id, user_id, mark, at) VALUES (?1, ?2, ?3, ?4)"
        } else {
            "DELETE FROM issue_marks WHERE issue_id = ?1 AND user_id = ?2 AND mark = ?3 AND ?4 IS NOT NULL"
        };
        meta.prepare_cached(sql)?.execute(params![id, user, mark, change.at])?;
    }
    Ok(true)
}

/// Adds to an issue's history.
pub(super) fn record(
    meta: &Connection,
    issue: IssueId,
    kind: &str,
    by: Option<UserId>,
    data: &Value,
    now: Micros,
) -> Result<()> {
    meta.prepare_cached(
        "INSERT INTO issue_activity (issue_id, kind, user_id, data, created) VALUES (?1, ?2, ?3, ?4, ?5)",
    )?
    .execute(params![issue, kind, by, data.to_string(), now])?;
    Ok(())
}
