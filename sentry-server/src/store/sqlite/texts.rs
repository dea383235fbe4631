//! Texts that many rows of a day repeat, kept once: a row has a number made of the text itself.

use std::collections::HashSet;

use rusqlite::Transaction;

use crate::store::Result;

/// The number of a text: 63 bits of its BLAKE3. Two of a million texts share one with a chance of 1 in 10 million.
pub(super) fn id(text: &str) -> i64 {
    let hash = blake3::hash(text.as_bytes());
    let mut short = [0; 8];
    short.copy_from_slice(&hash.as_bytes()[..8]);
    i64::from_le_bytes(short) & i64::MAX
}

/// Numbers that a day's file is known to have.
#[derive(Debug, Default)]
pub(super) struct Known(HashSet<i64>);

/// Texts on their way into a file; what is new is known for good once the transaction is committed.
pub(super) struct Interner<'a> {
    known: &'a Known,
    fresh: HashSet<i64>,
}

impl<'a> Interner<'a> {
    pub(super) fn new(known: &'a Known) -> Self {
        Self { known, fresh: HashSet::new() }
    }

    /// The text's number, after making sure that the file has the text.
    pub(super) fn add(&mut self, file: &Transaction<'_>, text: &str) -> Result<i64> {
        let id = id(text);
        if !self.known.0.contains(&id) && self.fresh.insert(id) {
            file.prepare_cached("INSERT OR IGNORE INTO texts (id, text) VALUES (?1, ?2)")?
                .execute(rusqlite::params![id, text])?;
        }
        Ok(id)
    }

    pub(super) fn add_some(&mut self, file: &Transaction<'_>, text: Option<&str>) -> Result<Option<i64>> {
        text.map(|text| self.add(file, text)).transpose()
    }

    pub(super) fn into_fresh(self) -> HashSet<i64> {
        self.fresh
    }
}

impl Known {
    pub(super) fn has(&self, id: i64) -> bool {
        self.0.contains(&id)
    }

    pub(super) fn learn(&mut self, fresh: HashSet<i64>) {
        if self.0.len() + fresh.len() > MAX_KNOWN {
            self.0.clear();
        }
        self.0.extend(fresh);
    }
}

/// Eight bytes each; forgetting costs one vain insert per text.
const MAX_KNOWN: usize = 100_000;
