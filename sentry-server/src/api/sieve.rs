//! Pages of what a search lets through, of lists that the store cannot search.

use super::discover::Rules;
use crate::error::ApiError;
use crate::search::{Ask, Expr};
use crate::store::{Cursor, Page, PageRequest, StoreError};

/// What passes, and where reading may end.
pub(super) struct Sieve<T> {
    /// Whether a row passes.
    pub(super) keeps: fn(&T, &Rules) -> bool,
    /// Whether no older row can pass.
    pub(super) ends: fn(&T, &Rules) -> bool,
    /// The place of a row, as the store pages by it.
    pub(super) place: fn(&T) -> (i64, i64),
}

/// Reads on until a page is full, all is read, or so much that the next page is to go on.
pub(super) fn page<T>(
    sieve: &Sieve<T>,
    rules: &Rules,
    request: PageRequest,
    read: impl Fn(PageRequest) -> Result<Page<T>, StoreError>,
) -> Result<Page<T>, StoreError> {
    let backwards = request.cursor.is_some_and(|cursor| cursor.backwards);
    let mut rows: Vec<T> = Vec::new();
    let mut ask = PageRequest { cursor: request.cursor, limit: PIECE };
    let mut seen = 0;
    let (end, more) = loop {
        let mut piece = read(ask)?;
        seen += piece.rows.len();
        let (end, mut more) = match backwards {
            true => (piece.previous, piece.has_previous),
            false => (piece.next, piece.has_next),
        };
        if backwards {
            piece.rows.reverse();
        } else if piece.rows.last().is_some_and(|row| (sieve.ends)(row, rules)) {
            more = false;
        }
        rows.extend(piece.rows.into_iter().filter(|row| (sieve.keeps)(row, rules)));
        if !more || rows.len() > request.limit || seen >= MAX_READ {
            break (end, more);
        }
        ask.cursor = end;
    };
    let is_over = rows.len() > request.limit;
    rows.truncate(request.limit);
    let at = |row: Option<&T>, backwards| match row {
        Some(row) => {
            let (value, id) = (sieve.place)(row);
            Some(Cursor { value, id, backwards })
        }
        None => request.cursor.map(|given| Cursor { backwards, ..given }),
    };
    let (begin, last) = (at(rows.first(), !backwards), at(rows.last(), backwards));
    let last = if is_over { last } else { end };
    if backwards {
        rows.reverse();
        return Ok(Page { previous: last, next: begin, has_previous: is_over || more, has_next: true, rows });
    }
    let has_previous = request.cursor.is_some();
    Ok(Page { previous: begin, next: last, has_previous, has_next: is_over || more, rows })
}

/// Refuses a search for what a list does not have.
pub(super) fn check(expr: &Expr, of: &str, known: &[&str]) -> Result<(), ApiError> {
    match expr {
        Expr::All(all) | Expr::Any(all) => all.iter().try_for_each(|expr| check(expr, of, known)),
        Expr::Term(term) => {
            let odd = match &term.ask {
                Ask::Has(key) | Ask::Filter { key, .. } if known.contains(&key.name()) => return Ok(()),
                Ask::Has(key) | Ask::Filter { key, .. } => key.name().to_owned(),
                Ask::Text(text) => format!("free text ({text})"),
                Ask::Is(state) => format!("is:{state}"),
            };
            Err(ApiError::BadRequest(format!(
                "query, column {}: {odd} is nothing that {of} are searched by; there are {}.",
                term.column,
                known.join(", ")
            )))
        }
    }
}

/// Rows that are read at a time, and for one page at most.
const PIECE: usize = 200;
const MAX_READ: usize = 10_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search;

    /// 100 down to 1, of which every third passes.
    fn read(request: PageRequest) -> Result<Page<i64>, StoreError> {
        let all: Vec<i64> = (1..=1_000).rev().collect();
        let limit = request.limit.min(7);
        let (rows, backwards): (Vec<i64>, bool) = match request.cursor {
            None => (all.into_iter().take(limit + 1).collect(), false),
            Some(at) if at.backwards => {
                (all.into_iter().rev().filter(|row| *row > at.id).take(limit + 1).collect(), true)
            }
            Some(at) => (all.into_iter().filter(|row| *row < at.id).take(limit + 1).collect(), false),
        };
        let more = rows.len() > limit;
        let mut rows: Vec<i64> = rows.into_iter().take(limit).collect();
        if backwards {
            rows.reverse();
        }
        let at = |row: Option<&i64>, backwards| row.map(|row| Cursor { value: 0, id: *row, backwards });
        Ok(Page {
            previous: at(rows.first(), true),
            next: at(rows.last(), false),
            has_previous: if backwards { more } else { request.cursor.is_some() },
            has_next: backwards || more,
            rows,
        })
    }

    #[test]
    fn pages_follow_one_another_in_both_directions() {
        let sieve: Sieve<i64> =
            Sieve { keeps: |row, _| row % 30 == 0, ends: |row, _| *row < 500, place: |row| (0, *row) };
        let rules = Rules::none();
        let wanted: Vec<i64> = (510..=990).rev().step_by(30).collect();
        let (mut found, mut cursor, mut last) = (Vec::new(), None, None);
        loop {
            let page = page(&sieve, &rules, PageRequest { cursor, limit: 4 }, read).unwrap();
            found.extend(page.rows.iter().copied().filter(|row| *row > 500));
            if !page.has_next {
                break;
            }
            (cursor, last) = (page.next, page.previous);
        }
        assert_eq!(found, wanted);
        let page = page(&sieve, &rules, PageRequest { cursor: last, limit: 4 }, read).unwrap();
        assert!(page.rows.len() == 4 && page.has_next && page.has_previous, "{:?}", page.rows);
        assert!(page.rows.windows(2).all(|pair| pair[0] - pair[1] == 30), "{:?}", page.rows);
    }

    #[test]
    fn what_is_not_there_to_be_searched_by_is_named() {
        let told = |line: &str| match check(&search::parse(line).unwrap(), "sessions", &["release"]) {
            Err(ApiError::BadRequest(text)) => text,
            other => panic!("{line}: {other:?}"),
        };
        assert!(told("release:1 user.id:2").contains("user.id"));
        assert!(told("hello").contains("hello") && told("is:new").contains("is:new"));
        assert!(
            check(&search::parse("!release:1 OR has:release").unwrap(), "sessions", &["release"]).is_ok()
        );
    }
}
