//! Rows on their way into a file. Many go with one statement: by itself a statement costs as much as several rows.

use std::sync::LazyLock;

use rusqlite::{CachedStatement, Connection, ToSql};

use crate::store::Result;

/// A statement for 1, 2, 4, 8 and 16 rows: those of any number of rows are kept.
pub(super) type Inserts = LazyLock<[String; 5]>;

/// What adds rows to a table; `into` says what becomes of a row that is refused. With `OR FAIL`, where the whole
/// transaction is undone anyway, the statement needs no journal of its own.
pub(super) fn inserts(into: &str, columns: usize) -> [String; 5] {
    let row = format!("({})", vec!["?"; columns].join(", "));
    std::array::from_fn(|power| {
        let rows = vec![row.as_str(); 1 << power].join(", ");
        format!("INSERT {into} VALUES {rows}")
    })
}

/// Adds all rows, in their order.
pub(super) fn insert<const N: usize>(
    meta: &Connection,
    inserts: &Inserts,
    mut rows: &[[&dyn ToSql; N]],
) -> Result<()> {
    while !rows.is_empty() {
        let power = (rows.len().ilog2() as usize).min(inserts.len() - 1);
        let (now, later) = rows.split_at(1 << power);
        meta.prepare_cached(&inserts[power])?.execute(now.as_flattened())?;
        rows = later;
    }
    Ok(())
}

/// Adds rows, in place of one that is there: a batch is written again after a crash between its two commits. That is tried last,
/// because a statement that replaces keeps a copy of each page that it changes.
pub(super) struct Insert<'a> {
    add: CachedStatement<'a>,
    replace: CachedStatement<'a>,
}

impl<'a> Insert<'a> {
    pub(super) fn prepare(file: &'a Connection, into: &str) -> Result<Self> {
        Ok(Self {
            add: file.prepare_cached(&format!("INSERT OR IGNORE {into}"))?,
            replace: file.prepare_cached(&format!("INSERT OR REPLACE {into}"))?,
        })
    }

    pub(super) fn execute(&mut self, row: &[&dyn ToSql]) -> Result<()> {
        if self.add.execute(row)? == 0 {
            self.replace.execute(row)?;
        }
        Ok(())
    }
}
