//! Spans, logs, metrics and profiles: how their rows are written and read.

use rusqlite::types::{ToSql, Value};
use rusqlite::{Row, Transaction, params_from_iter};

use super::days::Days;
use super::rows::Insert;
use super::texts::{self, Interner};
use super::{page, telemetry_query as query};
use crate::store::{
    Common, LogRow, MetricRow, Page, Place, ProfileRow, ProjectScope, Result, Rows, SpanRow, TelemetryFilter,
    TraceKey,
};

/// A kind of row: its table, its own columns, and both directions.
pub(super) trait Telemetry: Sized {
    const TABLE: &'static str;
    /// Columns beyond the common ones; `~name` is one that holds a text's number.
    const COLUMNS: &'static [&'static str];
    fn common(&self) -> &Common;
    /// The values of `COLUMNS`.
    fn values(&self, texts: &mut dyn FnMut(&str) -> Result<i64>) -> Result<Vec<Value>>;
    /// `row` has the values of `COLUMNS` from `first` on, texts as texts.
    fn read(common: Common, row: &Row<'_>, first: usize) -> rusqlite::Result<Self>;
}

/// Writes all rows of an event or item.
pub(super) fn write(file: &Transaction<'_>, texts: &mut Interner<'_>, rows: &Rows) -> Result<()> {
    put(file, texts, &rows.spans)?;
    put(file, texts, &rows.logs)?;
    put(file, texts, &rows.metrics)?;
    put(file, texts, rows.profile.as_slice())?;
    if let Some(feedback) = &rows.feedback {
        super::feedback::write(file, feedback)?;
    }
    Ok(())
}

fn put<T: Telemetry>(file: &Transaction<'_>, texts: &mut Interner<'_>, rows: &[T]) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    let columns: Vec<&str> = T::COLUMNS.iter().map(|column| column.trim_start_matches('~')).collect();
    let marks = vec!["?"; COMMON + columns.len()].join(", ");
    let sql = format!(
        "INTO {} (item, place, project_id, timestamp, trace, span, release, environment, {}) \
         VALUES ({marks})",
        T::TABLE,
        columns.join(", "),
    );
    let mut insert = Insert::prepare(file, &sql)?;
    for row in rows {
        let common = row.common();
        let mut values: Vec<Value> = vec![
            Value::from(common.place.item as i64),
            Value::from(common.place.index),
            Value::from(common.project),
            Value::from(common.timestamp),
            Value::from(common.trace.map(|trace| trace.to_vec())),
            Value::from(common.span.map(|span| span.to_vec())),
            Value::from(texts.add_some(file, common.release.as_deref())?),
            Value::from(texts.add_some(file, common.environment.as_deref())?),
        ];
        values.extend(row.values(&mut |text| texts.add(file, text))?);
        let values: Vec<&dyn ToSql> = values.iter().map(|value| -> &dyn ToSql { value }).collect();
        insert.execute(&values)?;
    }
    Ok(())
}

/// One page, newest first, from as many days as it takes.
pub(super) fn list<T: Telemetry>(days: &Days, filter: &TelemetryFilter) -> Result<Page<T>> {
    let query = query::of::<T>(filter);
    let mut rows: Vec<T> = Vec::new();
    let mut newest_first = days.newest_first();
    // What happened on a day arrives on that day or later; a clock may be a minute ahead.
    if let Some(since) = filter.since {
        newest_first.retain(|day| *day >= crate::instant::day(since) - 1);
    }
    if filter.page.cursor.is_some_and(|cursor| cursor.backwards) {
        newest_first.reverse();
    }
    // Rows are in order of time within a day, and days overlap by what arrives late: the rows of two days are merged.
    for day in newest_first {
        let found: Option<Vec<T>> = days.read(day, |file| {
            let mut statement = file.prepare_cached(&query.sql)?;
            let found = statement.query_map(params_from_iter(&query.parameters), row)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })?;
        rows.extend(found.unwrap_or_default());
        if rows.len() > filter.page.limit && is_settled(&rows, day, filter) {
            break;
        }
    }
    let key = |row: &T| (row.common().timestamp, id(row.common().place));
    rows.sort_by_key(key);
    if !filter.page.cursor.is_some_and(|cursor| cursor.backwards) {
        rows.reverse();
    }
    rows.truncate(filter.page.limit + 1);
    Ok(page::build(rows, filter.page, key))
}

/// Whether no earlier day can hold anything newer than what a page has already.
fn is_settled<T: Telemetry>(rows: &[T], day: i64, filter: &TelemetryFilter) -> bool {
    let backwards = filter.page.cursor.is_some_and(|cursor| cursor.backwards);
    if backwards {
        return false;
    }
    let start_of_day = day * crate::instant::DAY;
    rows.iter().filter(|row| row.common().timestamp >= start_of_day).count() > filter.page.limit
}

/// All spans of a trace, in order of time.
pub(super) fn trace(days: &Days, scope: &ProjectScope, trace: &TraceKey, max: usize) -> Result<Vec<SpanRow>> {
    let mut rows: Vec<SpanRow> = Vec::new();
    let sql = query::of_trace::<SpanRow>(scope);
    for day in days.newest_first() {
        let left = max - rows.len();
        let found: Option<Vec<SpanRow>> = days.read(day, |file| {
            let mut statement = file.prepare_cached(&sql)?;
            let found = statement.query_map(rusqlite::params![trace, left as i64], row)?;
            Ok(found.collect::<rusqlite::Result<_>>()?)
        })?;
        rows.extend(found.unwrap_or_default());
        if rows.len() >= max {
            break;
        }
    }
    rows.sort_by_key(|row| (row.common.timestamp, row.common.place.index));
    Ok(rows)
}

/// A row's id for paging: unique, as no two rows of a kind share a place.
pub(super) fn id(place: Place) -> i64 {
    // Wraps for numbers beyond 2^51, as SQLite does: then it still tells rows of one moment apart.
    ((place.item as i64) << 12).wrapping_add(i64::from(place.index))
}

fn row<T: Telemetry>(row: &Row<'_>) -> rusqlite::Result<T> {
    let item: i64 = row.get(0)?;
    let common = Common {
        place: Place { item: item as u64, index: row.get(1)? },
        project: row.get(2)?,
        timestamp: row.get(3)?,
        trace: row.get(4)?,
        span: row.get(5)?,
        release: row.get(6)?,
        environment: row.get(7)?,
    };
    T::read(common, row, COMMON)
}

impl Telemetry for SpanRow {
    const TABLE: &'static str = "spans";
    const COLUMNS: &'static [&'static str] =
        &["parent", "~segment", "is_segment", "~op", "~description", "~status", "duration"];

    fn common(&self) -> &Common {
        &self.common
    }

    fn values(&self, texts: &mut dyn FnMut(&str) -> Result<i64>) -> Result<Vec<Value>> {
        Ok(vec![
            Value::from(self.parent.map(|parent| parent.to_vec())),
            texts(&self.segment)?.into(),
            self.is_segment.into(),
            texts(&self.op)?.into(),
            texts(&self.description)?.into(),
            texts(&self.status)?.into(),
            self.duration.into(),
        ])
    }

    fn read(common: Common, row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            common,
            parent: row.get(first)?,
            segment: row.get(first + 1)?,
            is_segment: row.get(first + 2)?,
            op: row.get(first + 3)?,
            description: row.get(first + 4)?,
            status: row.get(first + 5)?,
            duration: row.get(first + 6)?,
        })
    }
}

impl Telemetry for LogRow {
    const TABLE: &'static str = "logs";
    const COLUMNS: &'static [&'static str] = &["severity", "body"];

    fn common(&self) -> &Common {
        &self.common
    }

    fn values(&self, _: &mut dyn FnMut(&str) -> Result<i64>) -> Result<Vec<Value>> {
        Ok(vec![Value::from(self.severity), Value::from(self.body.clone())])
    }

    fn read(common: Common, row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self { common, severity: row.get(first)?, body: row.get(first + 1)? })
    }
}

impl Telemetry for MetricRow {
    const TABLE: &'static str = "metrics";
    const COLUMNS: &'static [&'static str] = &["~name", "~kind", "value", "~unit"];

    fn common(&self) -> &Common {
        &self.common
    }

    fn values(&self, texts: &mut dyn FnMut(&str) -> Result<i64>) -> Result<Vec<Value>> {
        let unit = self.unit.as_deref().map(&mut *texts).transpose()?;
        Ok(vec![texts(&self.name)?.into(), texts(&self.kind)?.into(), self.value.into(), Value::from(unit)])
    }

    fn read(common: Common, row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            common,
            name: row.get(first)?,
            kind: row.get(first + 1)?,
            value: row.get(first + 2)?,
            unit: row.get(first + 3)?,
        })
    }
}

impl Telemetry for ProfileRow {
    const TABLE: &'static str = "profiles";
    const COLUMNS: &'static [&'static str] = &["~kind", "profile", "~segment", "~platform"];

    fn common(&self) -> &Common {
        &self.common
    }

    fn values(&self, texts: &mut dyn FnMut(&str) -> Result<i64>) -> Result<Vec<Value>> {
        Ok(vec![
            texts(&self.kind)?.into(),
            Value::from(self.profile.map(|profile| profile.to_vec())),
            texts(&self.segment)?.into(),
            texts(&self.platform)?.into(),
        ])
    }

    fn read(common: Common, row: &Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            common,
            kind: row.get(first)?,
            profile: row.get(first + 1)?,
            segment: row.get(first + 2)?,
            platform: row.get(first + 3)?,
        })
    }
}

/// A text's number as a parameter.
pub(super) fn number(text: &str) -> Box<dyn ToSql> {
    Box::new(texts::id(text))
}

/// Columns that every row has.
pub(super) const COMMON: usize = 8;
