//! Contribution trees: kept once per day, however many events were grouped for the same reasons.

use std::collections::{HashSet, VecDeque};

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::dictionaries::{self, Cache};
use super::texts::Known;
use crate::store::dictionary::Dictionary;
use crate::store::{GroupingTree, Result, StoreError, packed};

/// The trees of a day's file that its writer knows of, and what new ones are packed against: trees like them.
#[derive(Debug)]
pub(super) struct Shelf {
    known: Known,
    dictionary: Option<Dictionary>,
    /// The number of the dictionary that the file has; 0 is none.
    stored: i64,
    /// For the next dictionary: the newest trees, how many there were, and at how many it is made.
    samples: VecDeque<Vec<u8>>,
    bytes: usize,
    seen: usize,
    next: usize,
}

impl Default for Shelf {
    fn default() -> Self {
        Self {
            known: Known::default(),
            dictionary: None,
            stored: 0,
            samples: VecDeque::new(),
            bytes: 0,
            seen: 0,
            next: FIRST_AT,
        }
    }
}

impl Shelf {
    fn offer(&mut self, tree: &[u8]) {
        self.seen += 1;
        if tree.len() <= MAX_SAMPLE_BYTES {
            self.bytes += tree.len();
            self.samples.push_back(tree.to_vec());
            while self.bytes > MAX_BYTES
                && let Some(oldest) = self.samples.pop_front()
            {
                self.bytes -= oldest.len();
            }
        }
        if self.seen >= self.next && !self.samples.is_empty() {
            self.next = self.seen.saturating_mul(GROWTH);
            let made = Dictionary::new(self.samples.make_contiguous().concat());
            self.dictionary = made.or(self.dictionary.take());
        }
    }
}

/// Trees on their way into a file; what is new is known for good once the transaction is committed.
pub(super) struct Trees<'a> {
    shelf: &'a mut Shelf,
    fresh: HashSet<i64>,
    stored: i64,
}

impl<'a> Trees<'a> {
    pub(super) fn new(shelf: &'a mut Shelf) -> Self {
        let stored = shelf.stored;
        Self { shelf, fresh: HashSet::new(), stored }
    }

    /// Makes sure that the file has the tree, if it comes with its text.
    pub(super) fn add(&mut self, file: &Transaction<'_>, tree: &GroupingTree) -> Result<i64> {
        if let Some(json) = &tree.json
            && !self.shelf.known.has(tree.id)
            && self.fresh.insert(tree.id)
        {
            let dictionary = self.shelf.dictionary.as_ref();
            if let Some(used) = dictionary
                && used.id != self.stored
            {
                dictionaries::put(file, used)?;
                self.stored = used.id;
            }
            let packed = packed(json, dictionary);
            let packed = packed.ok_or_else(|| StoreError::new("a contribution tree", "no memory"))?;
            file.prepare_cached(
                "INSERT OR IGNORE INTO groupings (id, tree, dictionary) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![
                tree.id,
                packed,
                dictionary.map_or(0, |dictionary| dictionary.id)
            ])?;
            self.shelf.offer(json);
        }
        Ok(tree.id)
    }

    /// The transaction is committed.
    pub(super) fn learn(self) {
        self.shelf.known.learn(self.fresh);
        self.shelf.stored = self.stored;
    }
}

/// The tree of an event.
pub(super) fn of(file: &Connection, dictionaries: &Cache, seq: i64) -> Result<Option<Vec<u8>>> {
    let mut statement = file.prepare_cached(
        "SELECT g.tree, g.dictionary FROM events e JOIN groupings g ON g.id = e.grouping WHERE e.seq = ?1",
    )?;
    let row: Option<(Vec<u8>, i64)> =
        statement.query_row([seq], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    row.map(|(packed, dictionary)| dictionaries.unpack(file, dictionary, &packed)).transpose()
}

/// The first dictionary is made of so many trees, the next when there were so many times as many.
const FIRST_AT: usize = 16;
const GROWTH: usize = 4;
/// What a dictionary has at most: some trees of each of a dozen kinds.
const MAX_BYTES: usize = 64 * 1024;
/// Larger trees are not worth the place of several others.
const MAX_SAMPLE_BYTES: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::open;

    fn tree(n: i64) -> Vec<u8> {
        let frames: Vec<String> = (0..40).map(|at| format!("\"function_{}\"", at * at * 31 % 997)).collect();
        format!("{{\"id\":\"exception\",\"v\":[\"Kind{n}\",{}]}}", frames.join(",")).into_bytes()
    }

    fn add(file: &mut Connection, shelf: &mut Shelf, numbers: std::ops::Range<i64>, commits: bool) {
        let transaction = file.transaction().unwrap();
        let mut trees = Trees::new(shelf);
        for n in numbers {
            let id = trees.add(&transaction, &GroupingTree { id: n, json: Some(tree(n)) }).unwrap();
            let row = "INSERT OR REPLACE INTO events (seq, project_id, event_id, kind, received, timestamp, title, culprit, \
                       level, size_bytes, grouping) VALUES (?1, 1, x'00', '', 0, 0, '', '', '', 0, ?1)";
            transaction.execute(row, [id]).unwrap();
        }
        if commits {
            transaction.commit().unwrap();
            trees.learn();
        }
    }

    #[test]
    fn trees_are_packed_against_others_and_read_back() {
        let dir = tempfile::tempdir().unwrap();
        let mut file = open::writer(&dir.path().join("day.db"), 4_096, open::DAY).unwrap();
        let mut shelf = Shelf::default();
        add(&mut file, &mut shelf, 1..41, true);
        // The dictionary of a batch that was undone goes with the batch, and comes again with the next.
        let mut other = Shelf::default();
        add(&mut file, &mut other, 101..141, false);
        add(&mut file, &mut other, 101..141, true);
        add(&mut file, &mut other, 121..201, true);
        for n in (1..41).chain(101..201) {
            assert_eq!(of(&file, &Cache::default(), n).unwrap(), Some(tree(n)), "{n}");
        }
        let longest = |sql: &str| -> (i64, i64) {
            let sql = format!("SELECT count(*), max(length(tree)) FROM groupings WHERE {sql}");
            file.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
        };
        let (alone, shared) = (longest("dictionary = 0"), longest("dictionary <> 0"));
        assert!(alone.0 >= 16 && shared.0 >= 100 && shared.1 * 2 < alone.1, "{alone:?} {shared:?}");
    }
}
