//! Rows as maps of fields: how they are searched, sorted and named.

use serde_json::{Map, Value};

use crate::search::{Ask, Expr, Key, Test};

/// One row: field to value.
pub(super) type Row = Map<String, Value>;

/// Whether a row is what a search asks for.
pub(super) fn matches(expr: &Expr, row: &Row) -> bool {
    match expr {
        Expr::All(all) => all.iter().all(|expr| matches(expr, row)),
        Expr::Any(all) => all.iter().any(|expr| matches(expr, row)),
        Expr::Term(term) => asks(&term.ask, row) != term.negated,
    }
}

fn asks(ask: &Ask, row: &Row) -> bool {
    match ask {
        Ask::Text(text) => {
            let text = text.to_lowercase();
            let texts = ["message", "title", "span.description", "transaction", "metric.name"]
                .iter()
                .filter_map(|name| row.get(*name)?.as_str());
            texts.map(str::to_lowercase).any(|own| own.contains(&text))
        }
        // Only issues have states.
        Ask::Is(_) => false,
        Ask::Has(key) => field(row, key).is_some_and(|value| !text(value).is_empty()),
        Ask::Filter { key, test } => {
            let own = field(row, key).cloned().unwrap_or(Value::Null);
            fits(test, &own)
        }
    }
}

/// A field by its name or one of the names that clients have for it.
pub(super) fn field<'a>(row: &'a Row, key: &Key) -> Option<&'a Value> {
    let name = key.name();
    let other = match name {
        "severity" => "level",
        "level" => "severity",
        "trace" | "trace_id" => "trace",
        "span_id" | "id" => "id",
        "transaction" => "transaction",
        "project.name" | "project.slug" => "project",
        "error.type" => "error.type",
        "span.status" => "span.status",
        _ => name,
    };
    row.get(name).or_else(|| row.get(other)).filter(|value| !value.is_null())
}

fn fits(test: &Test, own: &Value) -> bool {
    if let Value::Array(several) = own {
        return several.iter().any(|one| fits(test, one));
    }
    let compare = |with: &str| match (number(own), duration_or_number(with)) {
        (Some(own), Some(with)) => own.partial_cmp(&with),
        _ => Some(text(own).as_str().cmp(with)),
    };
    match test {
        Test::Any(patterns) => {
            let own = text(own);
            patterns.iter().any(|pattern| pattern.matches(&own))
        }
        Test::Above(with) => compare(with).is_some_and(|order| order.is_gt()),
        Test::AtLeast(with) => compare(with).is_some_and(|order| order.is_ge()),
        Test::Below(with) => compare(with).is_some_and(|order| order.is_lt()),
        Test::AtMost(with) => compare(with).is_some_and(|order| order.is_le()),
        Test::Range(from, to) => {
            compare(from).is_some_and(|order| order.is_ge()) && compare(to).is_some_and(|order| order.is_le())
        }
    }
}

/// `300`, or `300ms`, `2s`, `1m`, `1h` as milliseconds.
fn duration_or_number(text: &str) -> Option<f64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let units = [("ms", 1.0), ("us", 0.001), ("s", 1_000.0), ("m", 60_000.0), ("h", 3_600_000.0)];
    units.iter().find_map(|(unit, factor)| Some(text.strip_suffix(unit)?.parse::<f64>().ok()? * factor))
}

pub(super) fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// By a field, downwards with a `-` before it. Rows that are equal stay in their order.
pub(super) fn sort(rows: &mut [Row], by: &str) {
    let (name, down) = by.strip_prefix('-').map_or((by, false), |name| (name, true));
    let name = super::aggregate::spelled(name);
    let key = |row: &Row| row.get(&name).cloned().unwrap_or(Value::Null);
    rows.sort_by(|a, b| {
        let (a, b) = (key(a), key(b));
        let order = match (number(&a), number(&b)) {
            (Some(a), Some(b)) => a.total_cmp(&b),
            _ => text(&a).cmp(&text(&b)),
        };
        if down { order.reverse() } else { order }
    });
}

/// The fields of a row that were asked for, `null` where it has none, and what tells which row it is.
pub(super) fn chosen(row: &Row, wanted: &[String]) -> Row {
    let names = wanted.iter().map(String::as_str).chain(["id", "project"]);
    names.map(|name| (name.to_owned(), row.get(name).cloned().unwrap_or_default())).collect()
}

/// What a field holds, for clients that format it.
pub(super) fn kind(field: &str) -> &'static str {
    match field {
        "timestamp" | "last_seen()" | "first_seen()" => "date",
        "value" => "number",
        name if name.contains("duration") => "duration",
        name if name.starts_with("count") => "integer",
        name if name.ends_with(')') => "number",
        _ => "string",
    }
}
