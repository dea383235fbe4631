//! What lists are narrowed by, and the files of an issue.

use rusqlite::{Connection, params};

use super::days::Days;
use super::{SqliteStore, events, issues, tags};
use crate::store::{
    EventKey, Facets, IssueId, ProjectId, ProjectScope, Result, StoredItem, TagKey, TagValue,
};

impl Facets for SqliteStore {
    fn environments(&self, scope: &ProjectScope) -> Result<Vec<String>> {
        self.read_meta(|meta| environments(meta, scope))
    }

    fn tag_keys(&self, scope: &ProjectScope) -> Result<Vec<TagKey>> {
        self.read_meta(|meta| tags::keys(meta, scope))
    }

    fn issue_attachments(
        &self,
        project: ProjectId,
        issue: IssueId,
        max: usize,
    ) -> Result<Vec<(EventKey, StoredItem)>> {
        let days = self.read_meta(|meta| events::issue_days(meta, issue))?;
        attachments(&self.days, &days, (project, issue), max)
    }

    fn tag_values(&self, scope: &ProjectScope, key: &str, max: usize) -> Result<Vec<TagValue>> {
        let mut all = self.read_meta(|meta| tags::values(meta, scope, key))?;
        all.sort_unstable_by(|one, other| {
            other.count.cmp(&one.count).then_with(|| one.value.cmp(&other.value))
        });
        all.truncate(max);
        Ok(all)
    }
}

fn environments(meta: &Connection, scope: &ProjectScope) -> Result<Vec<String>> {
    let of_events = tags::values(meta, scope, "environment")?;
    let mut all: Vec<String> = of_events.into_iter().map(|value| value.value).collect();
    let sql = format!("SELECT DISTINCT environment FROM session_hours WHERE {}", issues::in_scope(scope));
    let mut statement = meta.prepare_cached(&sql)?;
    all.extend(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()?);
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn attachments(
    days: &Days,
    newest_first: &[i64],
    (project, issue): (ProjectId, IssueId),
    max: usize,
) -> Result<Vec<(EventKey, StoredItem)>> {
    let mut all = Vec::new();
    let mut looked_at = 0;
    for day in newest_first {
        let found = days.read(*day, |file| {
            let mut find = file.prepare_cached(
                "SELECT event_id FROM events WHERE issue_id = ?1 ORDER BY seq DESC LIMIT ?2",
            )?;
            let rows = find.query_map(params![issue, (MAX_EVENTS - looked_at) as i64], |row| row.get(0))?;
            Ok(rows.collect::<rusqlite::Result<Vec<EventKey>>>()?)
        })?;
        for event in found.unwrap_or_default() {
            looked_at += 1;
            let items = events::items(days, project, &event)?;
            all.extend(items.into_iter().filter(|item| item.kind == "attachment").map(|item| (event, item)));
            if all.len() >= max {
                all.truncate(max);
                return Ok(all);
            }
        }
        if looked_at >= MAX_EVENTS {
            break;
        }
    }
    Ok(all)
}

/// Events of an issue that are looked at for files.
const MAX_EVENTS: usize = 1_000;
