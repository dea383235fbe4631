//! Copying a data folder, also while a server writes to it.
//!
//! The order is what makes the copy whole. First the spool's segments are opened, so that none can vanish; then `meta.db`
//! is copied as of one moment; then what the spool has; then the day files, which may be ahead of `meta.db` (their rows
//! are "written, not yet counted") and never behind it. A copy that starts reads from the spool what `meta.db` does not know.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;
use std::path::Path;

use rusqlite::Connection;

use super::{days, open};
use crate::files::copy_blobs;
use crate::store::{Result, StoreError};

/// Copies the folder `from` into the folder `to`, which must not exist or be empty. Returns the bytes written.
pub(super) fn copy(from: &Path, to: &Path) -> Result<u64> {
    if std::fs::read_dir(to).is_ok_and(|mut entries| entries.next().is_some()) {
        return Err(StoreError::new("backup", format!("{} is not empty; name a new folder", to.display())));
    }
    std::fs::create_dir_all(to.join(SPOOL))?;
    // Before, since a file may go when nothing refers to it any more; and again after, for those that came.
    let mut bytes = copy_blobs(from, to)?;
    for attempt in 0.. {
        let mut segments = opened(&from.join(SPOOL), BTreeMap::new())?;
        let meta = to.join(META);
        snapshot(&from.join(META), &meta)?;
        segments = opened(&from.join(SPOOL), segments)?;
        if is_whole(&meta, &segments)? {
            let first = resumes_in(&meta)?;
            segments.retain(|name, _| number(name).is_none_or(|number| number >= first));
            copy_segments(segments, &to.join(SPOOL))?;
            break;
        }
        // A whole segment came and went in between: the copy of meta.db is too old for the spool.
        if attempt == MAX_ATTEMPTS {
            return Err(StoreError::new(
                "backup",
                "the server digests faster than meta.db is copied; try again later",
            ));
        }
        std::fs::remove_file(&meta)?;
    }
    for entry in std::fs::read_dir(from)? {
        let name = entry?.file_name();
        if name.to_str().and_then(days::parse_name).is_some() {
            snapshot(&from.join(&name), &to.join(&name))?;
        }
    }
    bytes += copy_blobs(from, to)?;
    for folder in [to.to_owned(), to.join(SPOOL)] {
        for entry in std::fs::read_dir(&folder)? {
            let data = entry?.metadata()?;
            bytes += if data.is_file() { data.len() } else { 0 };
        }
        File::open(&folder)?.sync_all()?;
    }
    Ok(bytes)
}

/// A database as of one moment, in a file of its own that is on disk.
fn snapshot(from: &Path, to: &Path) -> Result<()> {
    let source = open::reader(from)?;
    let name = to.to_str().ok_or_else(|| StoreError::new("backup", "the folder's name is not UTF-8"))?;
    source.execute("VACUUM INTO ?1", [name])?;
    File::open(to)?.sync_all()?;
    Ok(())
}

/// Segments by file name, with those that are known already.
fn opened(spool: &Path, mut segments: BTreeMap<String, File>) -> Result<BTreeMap<String, File>> {
    let Ok(entries) = std::fs::read_dir(spool) else { return Ok(segments) };
    for entry in entries {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.ends_with(".log") && !segments.contains_key(&name) {
            match File::open(entry.path()) {
                Ok(file) => drop(segments.insert(name, file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(segments)
}

/// Whether no segment is missing from where the copied `meta.db` resumes.
fn is_whole(meta: &Path, segments: &BTreeMap<String, File>) -> Result<bool> {
    let first = resumes_in(meta)?;
    let numbers: Vec<u32> = segments.keys().filter_map(|name| number(name)).filter(|n| *n >= first).collect();
    Ok(numbers.windows(2).all(|pair| pair[1] - pair[0] <= 1))
}

/// The segment that a start on this `meta.db` reads first.
fn resumes_in(meta: &Path) -> Result<u32> {
    let connection: Connection = open::reader(meta)?;
    let resume_at: i64 = connection.query_row("SELECT resume_at FROM spool", [], |row| row.get(0))?;
    Ok((resume_at as u64 >> 32) as u32)
}

/// `0000001a-25c6b6433649e89e.log`: hexadecimal, as the spool names its segments.
fn number(name: &str) -> Option<u32> {
    u32::from_str_radix(name.split('-').next()?, 16).ok()
}

fn copy_segments(segments: BTreeMap<String, File>, to: &Path) -> Result<()> {
    for (name, mut file) in segments {
        let mut copy = File::create(to.join(name))?;
        std::io::copy(&mut file, &mut copy)?;
        copy.flush()?;
        copy.sync_all()?;
    }
    Ok(())
}

const META: &str = "meta.db";
const SPOOL: &str = "spool";
const MAX_ATTEMPTS: u32 = 5;
