//! What was made from uploaded files, within a bound of bytes; what is used least goes first.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use super::Reason;
use crate::store::{BlobHash, ProjectId};

/// How a file is looked for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Wanted {
    DebugId(ProjectId, [u8; 16]),
    Url { project: ProjectId, release: String, dist: Option<String>, url: String },
}

/// A lookup table made from a map.
#[derive(Debug)]
pub(super) struct Table {
    /// In the form of `symbolic`'s caches.
    pub(super) bytes: Vec<u8>,
    /// What sources are relative to.
    pub(super) base: String,
    /// The map's name.
    pub(super) name: String,
}

pub(super) type Answer = Result<Arc<Table>, Reason>;
/// A file in an archive, or a whole file.
pub(super) type Source = (BlobHash, Option<String>);

/// Tables by what they were made of, and answers by what was asked.
#[derive(Debug)]
pub(super) struct Cache {
    tables: Mutex<Bounded<Source, Answer>>,
    answers: Mutex<Bounded<Wanted, (u64, Answer)>>,
}

impl Default for Cache {
    fn default() -> Self {
        Self {
            tables: Mutex::new(Bounded::new(MAX_TABLE_BYTES)),
            answers: Mutex::new(Bounded::new(MAX_ANSWER_BYTES)),
        }
    }
}

impl Cache {
    pub(super) fn table(&self, source: &Source) -> Option<Answer> {
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).get(source).cloned()
    }

    pub(super) fn keep_table(&self, source: Source, answer: Answer) {
        let bytes = answer.as_ref().map_or(0, |table| table.bytes.len());
        self.tables.lock().unwrap_or_else(PoisonError::into_inner).put(source, answer, bytes + ROOM);
    }

    /// An answer, unless something was uploaded since it was given.
    pub(super) fn answer(&self, wanted: &Wanted, generation: u64) -> Option<Answer> {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let (given, answer) = answers.get(wanted)?;
        (*given == generation).then(|| answer.clone())
    }

    pub(super) fn keep_answer(&self, wanted: Wanted, generation: u64, answer: Answer) {
        // A table in use is accounted here again, so that this bound holds by itself.
        let bytes = answer.as_ref().map_or(0, |table| table.bytes.len());
        self.answers.lock().unwrap_or_else(PoisonError::into_inner).put(
            wanted,
            (generation, answer),
            bytes + ROOM,
        );
    }
}

#[derive(Debug)]
struct Bounded<K, V> {
    entries: HashMap<K, Entry<V>>,
    bytes: usize,
    most: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, most, clock: 0 }
    }

    fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(&entry.value)
    }

    fn put(&mut self, key: K, value: V, bytes: usize) {
        if bytes > self.most {
            return;
        }
        self.clock += 1;
        if let Some(old) = self.entries.insert(key, Entry { value, bytes, used: self.clock }) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
        while self.bytes > self.most {
            let Some(oldest) =
                self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone())
            else {
                break;
            };
            if let Some(gone) = self.entries.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

const MAX_TABLE_BYTES: usize = 48 * 1024 * 1024;
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// For the key and the bookkeeping of an entry.
const ROOM: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_least_goes_first() {
        let mut bounded = Bounded::new(10);
        bounded.put("a", 1, 4);
        bounded.put("b", 2, 4);
        assert_eq!(bounded.get(&"a"), Some(&1));
        bounded.put("c", 3, 4);
        assert_eq!(["a", "b", "c"].map(|key| bounded.get(&key).copied()), [Some(1), None, Some(3)]);
        bounded.put("d", 4, 11);
        assert_eq!((bounded.get(&"d").copied(), bounded.bytes), (None, 8));
        bounded.put("a", 5, 2);
        assert_eq!((bounded.get(&"a").copied(), bounded.bytes), (Some(5), 6));
    }

    #[test]
    fn an_answer_is_good_until_the_next_upload() {
        let cache = Cache::default();
        let wanted = Wanted::DebugId(1, [1; 16]);
        cache.keep_answer(wanted.clone(), 3, Err(Reason::NotAFile));
        assert!(cache.answer(&wanted, 3).is_some());
        assert!(cache.answer(&wanted, 4).is_none());
    }
}
