//! Keyset paging over rows ordered by (value, id), newest or largest first.

use crate::store::{Cursor, Page, PageRequest};

/// The `WHERE` part and the direction that fetch a page's rows; `value` is a column name, never a caller's text.
pub(super) fn clause(request: PageRequest, value: &str, id: &str) -> (String, &'static str) {
    match request.cursor {
        None => (String::from("1"), "DESC"),
        Some(Cursor { value: at, id: last, backwards }) => {
            let (operator, direction) = if backwards { (">", "ASC") } else { ("<", "DESC") };
            (format!("({value}, {id}) {operator} ({at}, {last})"), direction)
        }
    }
}

/// Turns up to `limit + 1` rows, in the order they were fetched, into a page in display order.
pub(super) fn build<T>(mut rows: Vec<T>, request: PageRequest, key: impl Fn(&T) -> (i64, i64)) -> Page<T> {
    let more = rows.len() > request.limit;
    rows.truncate(request.limit);
    let backwards = request.cursor.is_some_and(|cursor| cursor.backwards);
    if backwards {
        rows.reverse();
    }
    let at = |row: Option<&T>, backwards| match (row.map(&key), request.cursor) {
        (Some((value, id)), _) => Some(Cursor { value, id, backwards }),
        (None, given) => given.map(|given| Cursor { backwards, ..given }),
    };
    Page {
        previous: at(rows.first(), true),
        next: at(rows.last(), false),
        has_previous: if backwards { more } else { request.cursor.is_some() },
        has_next: backwards || more,
        rows,
    }
}
