//! Issues: lists from maintained counters, single ones, changes and hours.

use rusqlite::types::Value as Sql;
use rusqlite::{Connection, OptionalExtension, Row, params, params_from_iter};

use super::{issue_search, page, tags};
use crate::store::{
    Issue, IssueFilter, IssueId, IssueSort, Page, ProjectId, ProjectScope, Result, Status, StoreError,
};

const COLUMNS: &str = "id, project_id, number, title, culprit, kind, metadata, level, platform, logger, unhandled, \
                       status, substatus, first_seen, last_seen, events, users, first_release, last_release, assignee, \
                       priority, status_details";

pub(super) fn list(meta: &Connection, filter: &IssueFilter) -> Result<Page<Issue>> {
    let value = match filter.sort {
        IssueSort::LastSeen => "last_seen",
        IssueSort::FirstSeen => "first_seen",
        IssueSort::Count => "events",
        IssueSort::Users => "users",
    };
    let (start, direction) = page::clause(filter.page, value, "id");
    let (conditions, arguments) = conditions(filter)?;
    let sql = format!(
        "SELECT {COLUMNS} FROM issues WHERE {start} AND {conditions} \
         ORDER BY {value} {direction}, id {direction} LIMIT {}",
        filter.page.limit + 1
    );
    let mut statement = meta.prepare_cached(&sql)?;
    let rows =
        statement.query_map(params_from_iter(arguments), issue)?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(page::build(rows, filter.page, |issue| {
        let value = match filter.sort {
            IssueSort::LastSeen => issue.last_seen,
            IssueSort::FirstSeen => issue.first_seen,
            IssueSort::Count => issue.count,
            IssueSort::Users => issue.users,
        };
        (value, issue.id)
    }))
}

/// How many issues the filter lets through on all pages, counted up to `max`.
pub(super) fn count(meta: &Connection, filter: &IssueFilter, max: usize) -> Result<usize> {
    let (conditions, arguments) = conditions(filter)?;
    let sql = format!("SELECT count(*) FROM (SELECT 1 FROM issues WHERE {conditions} LIMIT {max})");
    let counted: i64 = meta.prepare_cached(&sql)?.query_row(params_from_iter(arguments), |row| row.get(0))?;
    Ok(counted as usize)
}

/// What a filter asks for besides order and page, with the values of its places.
fn conditions(filter: &IssueFilter) -> Result<(String, Vec<Sql>)> {
    let mut sql = in_scope(&filter.scope);
    let search = issue_search::condition(&filter.search, &filter.context)
        .map_err(|error| StoreError::new("search", error))?;
    sql.push_str(&format!(" AND {}", search.sql));
    let mut arguments = search.arguments;
    if let Some(since) = filter.seen_since {
        sql.push_str(" AND last_seen >= ?");
        arguments.push(Sql::from(since));
    }
    if let Some(until) = filter.seen_until {
        sql.push_str(" AND first_seen < ?");
        arguments.push(Sql::from(until));
    }
    if !filter.hashes.is_empty() {
        let places = vec!["?"; filter.hashes.len()].join(",");
        sql.push_str(&format!(
            " AND id IN (SELECT issue_id FROM issue_hashes h WHERE h.project_id = issues.project_id AND h.hash IN ({places}))"
        ));
        arguments.extend(filter.hashes.iter().map(|hash| Sql::from(hash.to_vec())));
    }
    if !filter.environments.is_empty() {
        let one = |environment: &String| {
            let place = ["environment", environment.as_str()].map(|text| Sql::from(text.to_owned()));
            arguments.extend(place.iter().chain(&place).cloned());
            tags::IS
        };
        let any: Vec<&str> = filter.environments.iter().map(one).collect();
        sql.push_str(&format!(" AND ({})", any.join(" OR ")));
    }
    Ok((sql, arguments))
}

pub(super) fn by_id(meta: &Connection, scope: &ProjectScope, id: IssueId) -> Result<Option<Issue>> {
    let sql = format!("SELECT {COLUMNS} FROM issues WHERE id = ?1 AND {}", in_scope(scope));
    Ok(meta.prepare_cached(&sql)?.query_row([id], issue).optional()?)
}

pub(super) fn by_number(meta: &Connection, project: ProjectId, number: i64) -> Result<Option<Issue>> {
    let sql = format!("SELECT {COLUMNS} FROM issues WHERE project_id = ?1 AND number = ?2");
    Ok(meta.prepare_cached(&sql)?.query_row([project, number], issue).optional()?)
}

pub(super) fn hours(meta: &Connection, ids: &[IssueId], since_hour: i64) -> Result<Vec<Vec<(i64, i64)>>> {
    let mut statement = meta.prepare_cached(
        "SELECT hour, events FROM issue_hours WHERE issue_id = ?1 AND hour >= ?2 ORDER BY hour",
    )?;
    ids.iter()
        .map(|id| {
            let rows = statement.query_map(params![id, since_hour], |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(rows.collect::<rusqlite::Result<Vec<_>>>()?)
        })
        .collect()
}

fn issue(row: &Row<'_>) -> rusqlite::Result<Issue> {
    let metadata: String = row.get(6)?;
    let status: String = row.get(11)?;
    let details: Option<String> = row.get(21)?;
    Ok(Issue {
        id: row.get(0)?,
        project: row.get(1)?,
        number: row.get(2)?,
        title: row.get(3)?,
        culprit: row.get(4)?,
        kind: row.get(5)?,
        metadata: serde_json::from_str(&metadata).unwrap_or_default(),
        level: row.get(7)?,
        platform: row.get(8)?,
        logger: row.get(9)?,
        unhandled: row.get(10)?,
        status: Status::parse(&status).unwrap_or(Status::Unresolved),
        substatus: row.get(12)?,
        first_seen: row.get(13)?,
        last_seen: row.get(14)?,
        count: row.get(15)?,
        users: row.get(16)?,
        first_release: row.get(17)?,
        last_release: row.get(18)?,
        assignee: row.get(19)?,
        priority: row.get(20)?,
        details: details
            .and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_else(|| serde_json::json!({})),
    })
}

/// Ids are integers, so they can stand in the text.
pub(super) fn in_scope(scope: &ProjectScope) -> String {
    match scope.ids() {
        [] => "0".to_owned(),
        [one] => format!("project_id = {one}"),
        many => {
            let ids: Vec<String> = many.iter().map(ProjectId::to_string).collect();
            format!("project_id IN ({})", ids.join(","))
        }
    }
}
