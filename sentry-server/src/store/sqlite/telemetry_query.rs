//! The SQL that lists of telemetry are read with.

use rusqlite::types::ToSql;

use super::page;
use super::telemetry::{self, Telemetry};
use crate::store::{ProjectScope, TelemetryFilter};

pub(super) struct Query {
    pub(super) sql: String,
    pub(super) parameters: Vec<Box<dyn ToSql>>,
}

/// One day's part of a page.
pub(super) fn of<T: Telemetry>(filter: &TelemetryFilter) -> Query {
    let mut conditions = vec![projects(&filter.scope)];
    let mut parameters: Vec<Box<dyn ToSql>> = Vec::new();
    let mut add = |condition: &str, parameter: Box<dyn ToSql>| {
        parameters.push(parameter);
        conditions.push(condition.replace('?', &format!("?{}", parameters.len())));
    };
    if let Some(since) = filter.since {
        add("t.timestamp >= ?", Box::new(since));
    }
    if let Some(until) = filter.until {
        add("t.timestamp < ?", Box::new(until));
    }
    if let Some(trace) = filter.trace {
        add("t.trace = ?", Box::new(trace));
    }
    if let Some(name) = &filter.name {
        let column = if T::TABLE == "metrics" { "name" } else { "segment" };
        add(&format!("t.{column} = ?"), telemetry::number(name));
    }
    if let Some(release) = &filter.release {
        add("t.release = ?", telemetry::number(release));
    }
    if let Some(environment) = &filter.environment {
        add("t.environment = ?", telemetry::number(environment));
    }
    if T::TABLE == "spans"
        && let Some(op) = &filter.op
    {
        add("t.op = ?", telemetry::number(op));
    }
    if T::TABLE == "logs" {
        if let Some(severity) = filter.severity {
            add("t.severity >= ?", Box::new(severity));
        }
        for word in &filter.words {
            add("t.body LIKE ? ESCAPE '\\'", Box::new(contains(word)));
        }
    }
    if T::TABLE == "spans" && filter.segments_only {
        conditions.push("t.is_segment = 1".to_owned());
    }
    if T::TABLE == "logs" && filter.severity.is_some_and(|severity| severity >= 13) {
        // Said twice, so that the planner finds the index of the severe ones.
        conditions.push("t.severity >= 13".to_owned());
    }
    let (start, direction) = page::clause(filter.page, "t.timestamp", ROW_ID);
    conditions.push(start);
    let (columns, joins) = columns::<T>();
    let sql = format!(
        "SELECT {columns} FROM {} t {joins} WHERE {} ORDER BY t.timestamp {direction}, {ROW_ID} {direction} LIMIT {}",
        T::TABLE,
        conditions.join(" AND "),
        filter.page.limit + 1,
    );
    Query { sql, parameters }
}

/// One day's part of a trace; parameters are the trace and how many rows.
pub(super) fn of_trace<T: Telemetry>(scope: &ProjectScope) -> String {
    let (columns, joins) = columns::<T>();
    let projects = projects(scope);
    format!(
        "SELECT {columns} FROM {} t {joins} WHERE t.trace = ?1 AND {projects} ORDER BY t.timestamp LIMIT ?2",
        T::TABLE
    )
}

fn columns<T: Telemetry>() -> (String, String) {
    let mut columns = "t.item, t.place, t.project_id, t.timestamp, t.trace, t.span".to_owned();
    let mut joins = String::new();
    for column in ["~release", "~environment"].iter().chain(T::COLUMNS) {
        match column.strip_prefix('~') {
            Some(name) => {
                columns.push_str(&format!(", x_{name}.text"));
                joins.push_str(&format!("LEFT JOIN texts x_{name} ON x_{name}.id = t.{name} "));
            }
            None => columns.push_str(&format!(", t.{column}")),
        }
    }
    (columns, joins)
}

/// Numbers only, so they may stand in the text.
fn projects(scope: &ProjectScope) -> String {
    match scope.ids() {
        [one] => format!("t.project_id = {one}"),
        many => {
            let many: Vec<String> = many.iter().map(i64::to_string).collect();
            format!("t.project_id IN ({})", many.join(", "))
        }
    }
}

fn contains(word: &str) -> String {
    let mut pattern = String::with_capacity(word.len() + 2);
    pattern.push('%');
    for letter in word.chars() {
        if matches!(letter, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern.push('%');
    pattern
}

/// As [`telemetry::id`] makes it.
const ROW_ID: &str = "((t.item << 12) + t.place)";
