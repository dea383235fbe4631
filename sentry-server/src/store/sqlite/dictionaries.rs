//! The dictionaries of a day, which its file keeps: whoever has the file can read it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use super::days::Days;
use crate::store::dictionary::{Dictionary, unpacked};
use crate::store::{Result, StoreError};

/// Those that were used last, for reading.
#[derive(Debug, Default)]
pub(super) struct Cache(Mutex<HashMap<i64, Arc<Dictionary>>>);

/// Makes sure that a file has it.
pub(super) fn put(file: &Connection, dictionary: &Dictionary) -> Result<()> {
    file.prepare_cached("INSERT OR IGNORE INTO dictionaries (id, bytes) VALUES (?1, ?2)")?
        .execute(params![dictionary.id, dictionary.bytes])?;
    Ok(())
}

/// The one that a file's newest events use.
pub(super) fn newest(days: &Days) -> Result<Option<Arc<Dictionary>>> {
    for day in days.newest_first() {
        let found = days.read(day, |file| {
            let sql = "SELECT dictionary FROM events ORDER BY seq DESC LIMIT 1";
            let id: Option<i64> = file.query_row(sql, [], |row| row.get(0)).optional()?;
            id.filter(|id| *id != 0).map(|id| days.dictionaries.get(file, id)).transpose()
        })?;
        if let Some(found) = found {
            return Ok(found);
        }
    }
    Ok(None)
}

impl Cache {
    /// A body as it was before it was packed; dictionary 0 is none.
    pub(super) fn unpack(&self, file: &Connection, dictionary: i64, body: &[u8]) -> Result<Vec<u8>> {
        let dictionary = match dictionary {
            0 => None,
            id => Some(self.get(file, id)?),
        };
        unpacked(body, dictionary.as_deref()).map_err(|error| StoreError::new("stored body", error))
    }

    fn get(&self, file: &Connection, id: i64) -> Result<Arc<Dictionary>> {
        if let Some(known) = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&id) {
            return Ok(Arc::clone(known));
        }
        let sql = "SELECT bytes FROM dictionaries WHERE id = ?1";
        let bytes: Vec<u8> = file.prepare_cached(sql)?.query_row([id], |row| row.get(0))?;
        let made = Dictionary::new(bytes).ok_or_else(|| StoreError::new("dictionary", "no memory"))?;
        let made = Arc::new(made);
        let mut cache = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MAX_CACHED {
            cache.clear();
        }
        cache.insert(id, Arc::clone(&made));
        Ok(made)
    }
}

/// Some 300 kB each.
const MAX_CACHED: usize = 32;
