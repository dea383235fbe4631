//! What was made from uploaded files, within a bound of bytes; what is used least goes first.

use std::sync::{Arc, Mutex, PoisonError};

use super::Reason;
use super::bounded::Bounded;
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

const MAX_TABLE_BYTES: usize = 48 * 1024 * 1024;
const MAX_ANSWER_BYTES: usize = 16 * 1024 * 1024;
/// For the key and the bookkeeping of an entry.
const ROOM: usize = 512;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_good_until_the_next_upload() {
        let cache = Cache::default();
        let wanted = Wanted::DebugId(1, [1; 16]);
        cache.keep_answer(wanted.clone(), 3, Err(Reason::NotAFile));
        assert!(cache.answer(&wanted, 3).is_some());
        assert!(cache.answer(&wanted, 4).is_none());
    }
}
