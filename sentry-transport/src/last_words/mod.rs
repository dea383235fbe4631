//! What this process would leave behind, and what others have left.

mod ends;
mod identity;
mod path;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use watchpost_core::{Ending, LastWords, Timestamp, Vanished};
use watchpost_spool::{LeftBehind, StateFile};

pub use self::ends::mark_crashed;
pub use self::identity::process_identity;
use self::path::SharedPath;
use crate::config::Config;

/// The file of one process generation.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    kept: Mutex<Kept>,
    path: SharedPath,
}

#[derive(Debug, Default)]
struct Kept {
    file: Option<StateFile>,
    revision: u64,
    is_given_up: bool,
}

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct Record<W> {
    process: String,
    words: W,
}

impl Keeper {
    /// Writes the words, unless newer ones are written.
    pub(crate) fn keep(&self, config: &Config, words: &LastWords) {
        let mut kept = self.kept();
        if words.revision <= kept.revision || kept.is_given_up {
            return;
        }
        kept.revision = words.revision;
        let record = Record { process: process_identity(), words };
        let Ok(state) = serde_json::to_vec(&record) else { return };
        let file = match kept.file.take() {
            Some(file) => Ok(file),
            None => self.create(config),
        };
        match file.and_then(|file| file.write(&state).map(|()| file)) {
            Ok(file) => kept.file = Some(file),
            Err(why) => {
                kept.is_given_up = true;
                config.diagnostic.say(|| format!("if this process vanishes, nobody will know: {why}"));
            }
        }
    }

    /// Deletes them.
    pub(crate) fn forget(&self, config: &Config) {
        if let Some(Err(error)) = self.kept().file.take().map(StateFile::remove) {
            config.diagnostic.say(|| format!("cannot delete the state of this process: {error}"));
        }
    }

    /// Where the file is or was. For a forked child, on the keeper of its parent: takes no lock.
    pub(crate) fn path_in_child(&self) -> Option<PathBuf> {
        self.path.read_in_child()
    }

    fn create(&self, config: &Config) -> watchpost_spool::Result<StateFile> {
        let mut last = None;
        for folder in &config.folders {
            match StateFile::create(folder) {
                Ok(file) => {
                    ends::watch(config.mark_sigterm);
                    self.path.set(file.path());
                    return Ok(file);
                }
                Err(error) => last = Some(error),
            }
        }
        // Without a folder there is no spool and nothing to say about it.
        last.map_or_else(|| StateFile::create(Path::new("")), Err)
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hands over what processes that are gone have left in the folders of this transport.
pub(crate) fn take_vanished(config: &Config, report: &mut dyn FnMut(Vanished)) {
    for folder in &config.folders {
        match StateFile::left_behind(folder) {
            Ok(left) => left.into_iter().for_each(|left| take_one(config, left, report)),
            Err(error) => config.diagnostic.say(|| format!("cannot look for vanished processes: {error}")),
        }
    }
}

fn take_one(config: &Config, left: LeftBehind, report: &mut dyn FnMut(Vanished)) {
    let record = left.state.as_deref().map(serde_json::from_slice::<Record<LastWords>>);
    if let Some(Ok(Record { process, words })) = record
        && let Some(ending) = ending(&left, &process)
    {
        report(Vanished { process, words, ending });
    }
    if let Err(error) = left.forget() {
        config.diagnostic.say(|| format!("cannot delete what a vanished process left: {error}"));
    }
}

/// How a process ended; `None` if that cannot be told.
fn ending(left: &LeftBehind, process: &str) -> Option<Ending> {
    if left.has_crashed {
        return Some(Ending::Crashed(Timestamp::from(left.modified)));
    }
    // It called exec: this is what became of it.
    let is_this = process == process_identity();
    if left.is_marked || left.has_heirs || is_this {
        return Some(Ending::Announced(Timestamp::from(left.modified)));
    }
    // After a start of the machine nobody knows whether it was the process that failed.
    left.is_of_this_boot.then_some(Ending::Silent)
}
