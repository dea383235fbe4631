//! What the data sets of telemetry have in common: they are read in pieces, newest first, with their attributes where
//! somebody asks for one.

use serde_json::{Map, Value, json};

use super::fields::{self, Row};
use super::taker::Taker;
use super::{Ask, PIECE};
use crate::auth::hex;
use crate::instant::rfc3339;
use crate::search::Expr;
use crate::store::{Common, Page, PageRequest, Place, Store, StoreError, TelemetryFilter};

/// A data set.
pub(super) struct Set<T> {
    pub(super) list: fn(&dyn Store, &TelemetryFilter) -> Result<Page<T>, StoreError>,
    pub(super) common: fn(&T) -> &Common,
    /// The columns that are its own.
    pub(super) row: fn(&T) -> Vec<(&'static str, Value)>,
    /// The attributes that the entry at an index of what was sent has.
    pub(super) attributes: fn(&Value, usize) -> Vec<(String, Value)>,
}

impl<T> Set<T> {
    pub(super) fn read(&self, store: &dyn Store, ask: &Ask, taker: &mut Taker) -> Result<(), StoreError> {
        let mut filter = TelemetryFilter {
            since: ask.since,
            until: ask.until,
            ..TelemetryFilter::newest(ask.scope.clone(), PIECE)
        };
        let mut sources = Sources::new(store, ask);
        loop {
            let page = (self.list)(store, &filter)?;
            for entry in &page.rows {
                let common = (self.common)(entry);
                let mut row = of_common(ask, common);
                row.extend((self.row)(entry).into_iter().map(|(name, value)| (name.to_owned(), value)));
                // Attributes are not columns: only who asks for one pays for reading it.
                let is_unknown = |field: &String| !row.contains_key(field) && !field.ends_with(')');
                if ask.fields.iter().any(is_unknown) || needs_attributes(&ask.expr, &row) {
                    let source = sources.of(common.place)?;
                    for (name, value) in (self.attributes)(source, common.place.index as usize) {
                        row.entry(name).or_insert(value);
                    }
                }
                ask.keep(common.timestamp, row, taker);
            }
            if !taker.wants_more(page.rows.len(), page.has_next) {
                return Ok(());
            }
            filter.page = PageRequest { cursor: page.next, limit: PIECE };
        }
    }
}

/// What rows were made of; the one read last is kept, as neighbours mostly came together.
pub(super) struct Sources<'a> {
    store: &'a dyn Store,
    ask: &'a Ask,
    last: Option<(u64, Value)>,
}

impl<'a> Sources<'a> {
    pub(super) fn new(store: &'a dyn Store, ask: &'a Ask) -> Self {
        Self { store, ask, last: None }
    }

    /// Null where it is gone.
    pub(super) fn of(&mut self, place: Place) -> Result<&Value, StoreError> {
        if self.last.as_ref().is_none_or(|(item, _)| *item != place.item) {
            let source = self.store.source(&self.ask.scope, place)?;
            let parsed = source.and_then(|source| serde_json::from_slice(&source).ok());
            self.last = Some((place.item, parsed.unwrap_or_default()));
        }
        Ok(self.last.as_ref().map_or(&Value::Null, |(_, source)| source))
    }
}

/// Whether a search names something that is no column.
fn needs_attributes(expr: &Expr, row: &Row) -> bool {
    use crate::search::Ask;
    match expr {
        Expr::All(all) | Expr::Any(all) => all.iter().any(|expr| needs_attributes(expr, row)),
        Expr::Term(term) => match &term.ask {
            Ask::Has(key) | Ask::Filter { key, .. } => fields::field(row, key).is_none(),
            Ask::Text(_) | Ask::Is(_) => false,
        },
    }
}

/// The attributes of an entry of a container.
pub(super) fn of_entry(source: &Value, index: usize) -> Vec<(String, Value)> {
    let entry = source.get("items").and_then(|items| items.get(index)).unwrap_or(source);
    let named = ["attributes", "data"].iter().find_map(|key| entry.get(*key)?.as_object());
    named.map(plain).unwrap_or_default()
}

/// Attributes without their types.
pub(super) fn plain(attributes: &Map<String, Value>) -> Vec<(String, Value)> {
    let bare = |value: &Value| value.get("value").cloned().unwrap_or_else(|| value.clone());
    attributes.iter().map(|(name, value)| (name.clone(), bare(value))).collect()
}

/// A number for an entry, which is none of the client's.
pub(super) fn item_id(place: Place) -> String {
    format!("{:032x}", u128::from(place.item) << 32 | u128::from(place.index))
}

fn of_common(ask: &Ask, common: &Common) -> Row {
    let row = json!({
        "timestamp": rfc3339(common.timestamp),
        "trace": common.trace.map(|trace| hex(&trace)),
        "span_id": common.span.map(|span| hex(&span)),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_with_and_without_their_types() {
        let source = json!({ "items": [
            { "attributes": { "a": { "value": 1, "type": "integer" }, "b": "bare" } }, { "data": { "c": true } }, {}
        ] });
        let of = |index| of_entry(&source, index);
        assert_eq!(of(0), [("a".to_owned(), json!(1)), ("b".to_owned(), json!("bare"))]);
        assert_eq!(of(1), [("c".to_owned(), json!(true))]);
        assert!(of(2).is_empty());
        assert!(of_entry(&Value::Null, 0).is_empty());
    }
}
