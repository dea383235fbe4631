//! The day files: one database per day of receipt, opened when needed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use rusqlite::Connection;

use super::dictionaries::Cache;
use super::open;
use super::texts::Known;
use super::trees::Shelf;
use crate::instant;
use crate::store::Result;

/// All day files of a data folder.
#[derive(Debug)]
pub(super) struct Days {
    dir: PathBuf,
    known: RwLock<BTreeSet<i64>>,
    readers: Mutex<HashMap<i64, Vec<Connection>>>,
    pub(super) dictionaries: Cache,
}

/// The day files that are open for writing; owned by the one writer.
#[derive(Debug, Default)]
pub(super) struct DayWriters(BTreeMap<i64, DayWriter>);

/// One day file that is open for writing.
#[derive(Debug)]
pub(super) struct DayWriter {
    pub(super) file: Connection,
    pub(super) texts: Known,
    /// Contribution trees.
    pub(super) trees: Shelf,
    /// The dictionary that was written last.
    pub(super) dictionary: i64,
}

impl Days {
    /// Files that an older version wrote are migrated, as readers cannot.
    pub(super) fn open(dir: &Path) -> Result<Self> {
        let mut known = BTreeSet::new();
        for entry in std::fs::read_dir(dir)? {
            let name = entry?.file_name();
            if let Some(day) = name.to_str().and_then(parse_name) {
                known.insert(day);
            }
        }
        let days = Self {
            dir: dir.to_owned(),
            known: RwLock::new(known),
            readers: Mutex::default(),
            dictionaries: Cache::default(),
        };
        for day in days.newest_first() {
            open::migrated(&days.path(day), PAGE_BYTES, open::DAY)?;
        }
        Ok(days)
    }

    /// The connection to write a day with.
    pub(super) fn writer<'a>(&self, writers: &'a mut DayWriters, day: i64) -> Result<&'a mut DayWriter> {
        // Yesterday's late events and today's: more than that open is a replay, which moves forward.
        while writers.0.len() > OPEN_WRITERS && !writers.0.contains_key(&day) {
            writers.0.pop_first();
        }
        match writers.0.entry(day) {
            std::collections::btree_map::Entry::Occupied(open) => Ok(open.into_mut()),
            std::collections::btree_map::Entry::Vacant(slot) => {
                let file = open::writer(&self.path(day), PAGE_BYTES, open::DAY)?;
                self.known.write().unwrap_or_else(PoisonError::into_inner).insert(day);
                let writer =
                    DayWriter { file, texts: Known::default(), trees: Shelf::default(), dictionary: 0 };
                Ok(slot.insert(writer))
            }
        }
    }

    /// Runs a read on a day's file; `None` when there is no such day.
    pub(super) fn read<T>(&self, day: i64, read: impl FnOnce(&Connection) -> Result<T>) -> Result<Option<T>> {
        if !self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&day) {
            return Ok(None);
        }
        let pooled = self.readers().get_mut(&day).and_then(Vec::pop);
        let connection = match pooled {
            Some(connection) => connection,
            None => open::reader(&self.path(day))?,
        };
        let answer = read(&connection)?;
        // Deleted meanwhile: the connection is to a file that is no longer there.
        if !self.known.read().unwrap_or_else(PoisonError::into_inner).contains(&day) {
            return Ok(Some(answer));
        }
        let mut readers = self.readers();
        if readers.len() >= OPEN_READER_DAYS && !readers.contains_key(&day) {
            readers.clear();
        }
        let pool = readers.entry(day).or_default();
        if pool.len() < READERS_PER_DAY {
            pool.push(connection);
        }
        Ok(Some(answer))
    }

    /// Days that have a file, newest first.
    pub(super) fn newest_first(&self) -> Vec<i64> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).iter().rev().copied().collect()
    }

    /// What a day takes on disk.
    pub(super) fn bytes(&self, day: i64) -> Result<u64> {
        let mut bytes = 0;
        for path in self.files(day) {
            bytes += std::fs::metadata(path).map_or(0, |data| data.len());
        }
        Ok(bytes)
    }

    /// Deletes a day. Readers that are at it still read to their end. Returns the bytes it took.
    pub(super) fn remove(&self, writers: &mut DayWriters, day: i64) -> Result<u64> {
        let bytes = self.bytes(day)?;
        self.known.write().unwrap_or_else(PoisonError::into_inner).remove(&day);
        writers.0.remove(&day);
        self.readers().remove(&day);
        for path in self.files(day) {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
                _ => {}
            }
        }
        Ok(bytes)
    }

    /// The database and what SQLite keeps beside it.
    fn files(&self, day: i64) -> [PathBuf; 3] {
        let beside = |end: &str| {
            let mut name = self.path(day).into_os_string();
            name.push(end);
            PathBuf::from(name)
        };
        [self.path(day), beside("-wal"), beside("-shm")]
    }

    fn path(&self, day: i64) -> PathBuf {
        self.dir.join(format!("events-{}.db", instant::day_name(day)))
    }

    fn readers(&self) -> MutexGuard<'_, HashMap<i64, Vec<Connection>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// `events-2026-11-22.db` as days since the epoch.
pub(super) fn parse_name(name: &str) -> Option<i64> {
    let date = name.strip_prefix("events-")?.strip_suffix(".db")?;
    let mut parts = date.splitn(3, '-');
    let year: i32 = parts.next()?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let date = parts.next()?.parse().ok()?;
    let date = time::Date::from_calendar_date(year, time::Month::try_from(month).ok()?, date).ok()?;
    Some((date - time::Date::from_ordinal_date(1970, 1).ok()?).whole_days())
}

/// Bodies are 1 to 4 kB: on 4 kB pages most of them would leave half a page empty.
const PAGE_BYTES: u32 = 16_384;
const OPEN_WRITERS: usize = 3;
const OPEN_READER_DAYS: usize = 32;
const READERS_PER_DAY: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_and_its_day_agree() {
        assert_eq!(parse_name("events-1970-01-02.db"), Some(1));
        for day in [0, 20_000, 20_779] {
            assert_eq!(parse_name(&format!("events-{}.db", instant::day_name(day))), Some(day));
        }
        for other in ["meta.db", "events-2026-11-22.db-wal", "events-2026-13-01.db", "events-x.db"] {
            assert_eq!(parse_name(other), None, "{other}");
        }
    }
}
