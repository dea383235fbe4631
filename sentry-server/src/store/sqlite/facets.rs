//! What lists are narrowed by, and the files of an issue.

use rusqlite::{Connection, params};

use super::days::Days;
use super::{SqliteStore, events};
use crate::store::{
    EventKey, Facets, IssueId, ProjectId, ProjectScope, Result, StoredItem, TagKey, TagValue,
};

impl Facets for SqliteStore {
    fn environments(&self, scope: &ProjectScope) -> Result<Vec<String>> {
        self.read_meta(|meta| environments(meta, scope))
    }

    fn tag_keys(&self, scope: &ProjectScope) -> Result<Vec<TagKey>> {
        self.read_meta(|meta| tag_keys(meta, scope))
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
        self.read_meta(|meta| tag_values(meta, scope, key, max))
    }
}

fn environments(meta: &Connection, scope: &ProjectScope) -> Result<Vec<String>> {
    let sql = format!(
        "SELECT value FROM issue_tags WHERE key = 'environment' AND issue_id IN (SELECT id FROM issues WHERE {0}) \
         UNION SELECT environment FROM session_hours WHERE {0} ORDER BY 1",
        projects(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    Ok(statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?)
}

fn tag_keys(meta: &Connection, scope: &ProjectScope) -> Result<Vec<TagKey>> {
    // A key of an issue has totals from its second value on.
    let sql = format!(
        "SELECT own.key, sum(own.events), (SELECT count(DISTINCT t.value) FROM issue_tags t WHERE t.key = own.key \
         AND t.issue_id IN (SELECT id FROM issues WHERE {0})) \
         FROM (SELECT k.key, k.events FROM issue_tag_keys k WHERE k.issue_id IN (SELECT id FROM issues WHERE {0}) \
         UNION ALL SELECT t.key, t.events FROM issue_tags t WHERE t.issue_id IN (SELECT id FROM issues WHERE {0}) \
         AND NOT EXISTS (SELECT 1 FROM issue_tag_keys k WHERE k.issue_id = t.issue_id AND k.key = t.key)) own \
         GROUP BY own.key ORDER BY own.key",
        projects(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let rows = statement.query_map([], |row| {
        Ok(TagKey { key: row.get(0)?, total: row.get(1)?, unique: row.get(2)?, top: Vec::new() })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn tag_values(meta: &Connection, scope: &ProjectScope, key: &str, max: usize) -> Result<Vec<TagValue>> {
    let sql = format!(
        "SELECT value, sum(events), min(first_seen), max(last_seen) FROM issue_tags WHERE key = ?1 \
         AND issue_id IN (SELECT id FROM issues WHERE {}) GROUP BY value ORDER BY 2 DESC, value LIMIT ?2",
        projects(scope)
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let rows = statement.query_map(params![key, max as i64], |row| {
        Ok(TagValue {
            value: row.get(0)?,
            count: row.get(1)?,
            first_seen: row.get(2)?,
            last_seen: row.get(3)?,
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
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

/// Numbers only, so they may stand in the text.
pub(super) fn projects(scope: &ProjectScope) -> String {
    let ids: Vec<String> = scope.ids().iter().map(ProjectId::to_string).collect();
    format!("project_id IN ({})", ids.join(", "))
}

/// Events of an issue that are looked at for files.
const MAX_EVENTS: usize = 1_000;
