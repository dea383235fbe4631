//! Lookup tables of debug files: made once by a thread of their own, kept on disk, mapped into memory.
//!
//! Whoever needs one waits, but never longer than [`PATIENCE`] after it was first asked for: the digest stores events in
//! order, and no file may hold all others up.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::Builder;
use std::time::{Duration, Instant};

use symbolic::common::ByteView;

use super::build;
use crate::auth::hex;
use crate::files::FileStore;
use crate::store::BlobHash;
use crate::symbolicate::bounded::Bounded;

/// What a table tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::symbolicate) enum Kind {
    /// Functions, files and lines by address; in the form of `symbolic`'s caches.
    Names,
    /// How to get from a frame to its caller; see [`super::Unwinding`].
    Unwinding,
}

/// A table of one object in an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) blob: BlobHash,
    /// As the store has it: an archive holds an object for every processor.
    pub(super) debug_id: String,
    pub(super) kind: Kind,
}

/// Why there is no table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// The file is damaged, or of a kind that cannot be read.
    Broken(String),
    NotReady,
}

/// All tables.
#[derive(Debug)]
pub(in crate::symbolicate) struct Tables {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    files: Arc<FileStore>,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    open: Bounded<Key, ByteView<'static>>,
    broken: Bounded<Key, String>,
    /// With the time at which it was first asked for.
    underway: HashMap<Key, Instant>,
    queue: VecDeque<Key>,
    closed: bool,
}

impl Tables {
    /// Starts the thread that makes them; it ends with this.
    pub(in crate::symbolicate) fn start(files: Arc<FileStore>) -> io::Result<Self> {
        let state = State {
            open: Bounded::new(MAX_MAPPED_BYTES),
            broken: Bounded::new(MAX_BROKEN_BYTES),
            underway: HashMap::new(),
            queue: VecDeque::new(),
            closed: false,
        };
        let shared = Arc::new(Shared { files, state: Mutex::new(state), changed: Condvar::new() });
        let own = Arc::clone(&shared);
        // What reads nested structures of strangers gets room for them; only what is touched is taken.
        Builder::new().name("debug-files".to_owned()).stack_size(STACK_BYTES).spawn(move || own.work())?;
        Ok(Self { shared })
    }

    /// A table. Blocks while it is made, within [`PATIENCE`].
    pub(super) fn get(&self, key: &Key) -> Result<ByteView<'static>, Missing> {
        let mut state = self.shared.state();
        let mut is_asked = false;
        loop {
            if let Some(known) = state.known(key) {
                return known;
            }
            // It was tried, and could not be kept.
            if is_asked && !state.underway.contains_key(key) {
                return Err(Missing::NotReady);
            }
            is_asked = true;
            let Some(began) = self.shared.ask(&mut state, key) else { return Err(Missing::NotReady) };
            let Some(left) = PATIENCE.checked_sub(began.elapsed()) else { return Err(Missing::NotReady) };
            if state.closed {
                return Err(Missing::NotReady);
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Has a table made, without waiting for it.
    pub(super) fn expect(&self, key: &Key) {
        let mut state = self.shared.state();
        if state.known(key).is_none() {
            self.shared.ask(&mut state, key);
        }
    }
}

impl Drop for Tables {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
    }
}

impl State {
    fn known(&mut self, key: &Key) -> Option<Result<ByteView<'static>, Missing>> {
        if let Some(view) = self.open.get(key) {
            return Some(Ok(view.clone()));
        }
        self.broken.get(key).map(|why| Err(Missing::Broken(why.clone())))
    }
}

impl Shared {
    /// Puts a table on the list unless it is there; `None` when the list is full.
    fn ask(&self, state: &mut State, key: &Key) -> Option<Instant> {
        if let Some(began) = state.underway.get(key) {
            return Some(*began);
        }
        if state.queue.len() >= MAX_QUEUE {
            return None;
        }
        let now = Instant::now();
        state.underway.insert(key.clone(), now);
        state.queue.push_back(key.clone());
        self.changed.notify_all();
        Some(now)
    }

    fn work(&self) {
        while let Some(key) = self.next() {
            let made = self.make(&key);
            let mut state = self.state();
            state.underway.remove(&key);
            match made {
                Ok(view) => {
                    let bytes = view.len() + ROOM;
                    state.open.put(key, view, bytes);
                }
                Err(Missing::Broken(why)) => {
                    let bytes = why.len() + ROOM;
                    state.broken.put(key, why, bytes);
                }
                // The disk's fault: whoever asks again has it tried again.
                Err(Missing::NotReady) => {}
            }
            drop(state);
            self.changed.notify_all();
        }
    }

    fn next(&self) -> Option<Key> {
        let mut state = self.state();
        loop {
            if state.closed {
                return None;
            }
            if let Some(key) = state.queue.pop_front() {
                return Some(key);
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn make(&self, key: &Key) -> Result<ByteView<'static>, Missing> {
        let name = key.file_name();
        if let Some(view) = self.files.derived().view(&name) {
            return Ok(view);
        }
        let failed = |error: io::Error| {
            crate::log::error(format_args!("symbolication: {name}: {error}"));
            Missing::NotReady
        };
        let file = self.files.view(&key.blob).map_err(failed)?;
        // A parser that trips over one file must not stop the reading of all others.
        let made = catch_unwind(AssertUnwindSafe(|| build::table(&file, &key.debug_id, key.kind)));
        let made = made.unwrap_or_else(|_| Err("its parser gave up".to_owned())).map_err(Missing::Broken)?;
        self.files.derived().keep(&name, &made).map_err(failed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    /// With the form's version: after an update tables are made anew.
    fn file_name(&self) -> String {
        let ending = match self.kind {
            Kind::Names => "names-1",
            Kind::Unwinding => "unwinding-1",
        };
        // The store has ids from files; only what cannot leave the folder becomes part of a name.
        let id: String = self.debug_id.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        format!("{}.{id}.{ending}", hex(&self.blob))
    }
}

/// Far more than a debug file of some hundred megabytes takes.
const PATIENCE: Duration = Duration::from_secs(20);
const MAX_QUEUE: usize = 1_024;
const STACK_BYTES: usize = 64 * 1024 * 1024;
/// Address space, not memory.
const MAX_MAPPED_BYTES: usize = 8 * 1024 * 1024 * 1024;
const MAX_BROKEN_BYTES: usize = 1024 * 1024;
/// For the key and the bookkeeping of an entry.
const ROOM: usize = 512;
