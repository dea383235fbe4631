//! Contribution trees: kept once per day, however many events were grouped for the same reasons.

use std::collections::HashSet;

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::texts::Known;
use crate::store::{GroupingTree, Result, StoreError, packed};

/// Trees on their way into a file; what is new is known for good once the transaction is committed.
pub(super) struct Trees<'a> {
    known: &'a Known,
    fresh: HashSet<i64>,
}

impl<'a> Trees<'a> {
    pub(super) fn new(known: &'a Known) -> Self {
        Self { known, fresh: HashSet::new() }
    }

    /// Makes sure that the file has the tree, if it comes with its text.
    pub(super) fn add(&mut self, file: &Transaction<'_>, tree: &GroupingTree) -> Result<i64> {
        if let Some(json) = &tree.json
            && !self.known.has(tree.id)
            && self.fresh.insert(tree.id)
        {
            let packed = packed(json, None);
            let packed = packed.ok_or_else(|| StoreError::new("a contribution tree", "no memory"))?;
            file.prepare_cached("INSERT OR IGNORE INTO groupings (id, tree) VALUES (?1, ?2)")?
                .execute(params![tree.id, packed])?;
        }
        Ok(tree.id)
    }

    pub(super) fn into_fresh(self) -> HashSet<i64> {
        self.fresh
    }
}

/// The tree of an event.
pub(super) fn of(file: &Connection, seq: i64) -> Result<Option<Vec<u8>>> {
    let mut statement = file.prepare_cached(
        "SELECT g.tree FROM events e JOIN groupings g ON g.id = e.grouping WHERE e.seq = ?1",
    )?;
    let packed: Option<Vec<u8>> = statement.query_row([seq], |row| row.get(0)).optional()?;
    let inflate = |packed: &[u8]| {
        zstd::decode_all(packed).map_err(|error| StoreError::new("a contribution tree", error))
    };
    packed.as_deref().map(inflate).transpose()
}
