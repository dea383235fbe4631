//! `backup`, `restore` and `check` of a data folder.

use std::path::Path;

use watchpost_spool::{Log, LogConfig, Position};

use crate::app::{StartError, open_store};
use crate::files::missing_blobs;
use crate::store::{Checked, Files as _, Store};

/// Copies a data folder, also while a server writes to it. What was answered with 200 before the call is in the copy.
/// `to` must not exist or be empty. Returns the bytes written.
///
/// # Errors
/// When a folder cannot be read or written.
pub fn backup(data: &Path, to: &Path) -> Result<u64, StartError> {
    let store = open_existing(data)?;
    store.backup(to).map_err(|error| StartError::new(format!("the backup in {}", to.display()), error))
}

/// Makes a data folder of a backup, after the backup was checked. `data` must not exist or be empty.
///
/// # Errors
/// When the backup is damaged, or a folder cannot be read or written.
pub fn restore(backup: &Path, data: &Path) -> Result<u64, StartError> {
    let name = || format!("the backup in {}", backup.display());
    let found = check(backup)?;
    if let Some(problem) = found.problems.first() {
        return Err(StartError::new(name(), format!("it is damaged: {problem}")));
    }
    let store = open_existing(backup)?;
    store.backup(data).map_err(|error| StartError::new(format!("the data folder {}", data.display()), error))
}

/// Looks whether a data folder is sound: every database, the counts against the rows, and what the spool holds. The
/// spool is left out while a server has it.
///
/// # Errors
/// When the folder cannot be read at all.
pub fn check(data: &Path) -> Result<Checked, StartError> {
    let store = open_existing(data)?;
    let fail = |error| StartError::new(format!("the store in {}", data.display()), error);
    let mut checked = store.check().map_err(fail)?;
    let missing = missing_blobs(data, &store.blobs().map_err(fail)?);
    if missing > 0 {
        checked.problems.push(format!("files: {missing} uploaded files are missing or cut short"));
    }
    let resume_at = Position::from_u64(store.resume_at().map_err(fail)?);
    let spool = data.join("spool");
    if spool.is_dir() {
        match Log::open(LogConfig { after: resume_at, ..LogConfig::new(spool) }) {
            Ok(log) => {
                let mut reader = log.reader(resume_at);
                for entry in &mut reader {
                    match entry {
                        Ok(_) => checked.waiting += 1,
                        Err(error) => {
                            checked.problems.push(format!("spool: {error}"));
                            break;
                        }
                    }
                }
                let lost = reader.lost();
                if lost.records > 0 || lost.bytes > 0 {
                    checked.problems.push(format!("spool: {} damaged bytes", lost.bytes));
                }
            }
            Err(error) if error.is_locked() => {}
            Err(error) => checked.problems.push(format!("spool: {error}")),
        }
    }
    Ok(checked)
}

/// A folder that is none must not be made by looking at it.
fn open_existing(data: &Path) -> Result<crate::store::sqlite::SqliteStore, StartError> {
    if !data.join("meta.db").is_file() {
        let name = format!("the data folder {}", data.display());
        return Err(StartError::new(name, "there is no meta.db in it"));
    }
    open_store(data)
}
