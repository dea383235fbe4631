//! The data set of logs.

use serde_json::{Value, json};

use super::fields::Row;
use super::{Ask, Found, PIECE};
use crate::auth::hex;
use crate::instant::rfc3339;
use crate::store::{Common, LogRow, PageRequest, Store, StoreError, TelemetryFilter};

pub(super) fn read(store: &dyn Store, ask: &Ask, most: usize) -> Result<Found, StoreError> {
    let mut filter = TelemetryFilter {
        since: ask.since,
        until: ask.until,
        ..TelemetryFilter::newest(ask.scope.clone(), PIECE)
    };
    let (mut rows, mut seen) = (Vec::new(), 0);
    loop {
        let page = store.logs(&filter)?;
        seen += page.rows.len();
        for log in &page.rows {
            let row = row(store, ask, log)?;
            ask.keep(row, &mut rows);
        }
        let full = rows.len() >= most || seen >= super::MAX_ROWS;
        if full || !page.has_next {
            rows.truncate(most);
            return Ok(Found { rows, partial: page.has_next });
        }
        filter.page = PageRequest { cursor: page.next, limit: PIECE };
    }
}

fn row(store: &dyn Store, ask: &Ask, log: &LogRow) -> Result<Row, StoreError> {
    let mut row = common(ask, &log.common);
    let item = u128::from(log.common.place.item) << 32 | u128::from(log.common.place.index);
    row.insert("sentry.item_id".to_owned(), format!("{item:032x}").into());
    row.insert("id".to_owned(), format!("{item:032x}").into());
    row.insert("severity".to_owned(), severity(log.severity).into());
    row.insert("severity_number".to_owned(), log.severity.into());
    row.insert("message".to_owned(), log.body.clone().into());
    // Attributes are not columns: only who asks for one pays for reading it.
    let unknown = ask.fields.iter().any(|field| !row.contains_key(field) && !field.ends_with(')'));
    if unknown || needs_attributes(&ask.expr, &row) {
        for (name, value) in attributes(store, ask, &log.common)? {
            row.entry(name).or_insert(value);
        }
    }
    Ok(row)
}

/// Whether a search names something that is no column.
pub(super) fn needs_attributes(expr: &crate::search::Expr, row: &Row) -> bool {
    use crate::search::{Ask, Expr};
    match expr {
        Expr::All(all) | Expr::Any(all) => all.iter().any(|expr| needs_attributes(expr, row)),
        Expr::Term(term) => match &term.ask {
            Ask::Has(key) | Ask::Filter { key, .. } => super::fields::field(row, key).is_none(),
            Ask::Text(_) | Ask::Is(_) => false,
        },
    }
}

/// The attributes that the entry was sent with.
fn attributes(store: &dyn Store, ask: &Ask, common: &Common) -> Result<Vec<(String, Value)>, StoreError> {
    let Some(source) = store.source(&ask.scope, common.place)? else { return Ok(Vec::new()) };
    let Ok(source) = serde_json::from_slice::<Value>(&source) else { return Ok(Vec::new()) };
    let entry =
        source.get("items").and_then(|items| items.get(common.place.index as usize)).unwrap_or(&source);
    let Some(attributes) = entry.get("attributes").and_then(Value::as_object) else { return Ok(Vec::new()) };
    let plain = |value: &Value| value.get("value").cloned().unwrap_or_else(|| value.clone());
    Ok(attributes.iter().map(|(name, value)| (name.clone(), plain(value))).collect())
}

pub(super) fn common(ask: &Ask, common: &Common) -> Row {
    let row = json!({
        "timestamp": rfc3339(common.timestamp),
        "trace": common.trace.map(|trace| hex(&trace)),
        "project": ask.project(common.project),
        "project.id": common.project,
        "release": common.release,
        "environment": common.environment,
    });
    match row {
        Value::Object(row) => row,
        _ => Row::new(),
    }
}

/// By the severity numbers of OpenTelemetry.
fn severity(number: u8) -> &'static str {
    match number {
        0..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        _ => "fatal",
    }
}
