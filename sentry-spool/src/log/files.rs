//! The log's folder and its segment files.

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::record::{self, Kind};
use crate::scan::{Lost, Scan, Step};
use rustix::fs::{FlockOperation, OFlags, flock};
use rustix::io::Errno;
use std::fs::{File, OpenOptions};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The folder, held for this process by a lock on a file in it.
#[derive(Debug)]
pub(super) struct LogFolder {
    folder: Folder,
    _lock: File,
}

impl LogFolder {
    pub(super) fn open(path: &Path) -> Result<LogFolder> {
        let folder = Folder::prepare(path)?;
        // The folder may have been made just now, and records in it are to be found after a power cut.
        if let Some(parent) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent)
                .and_then(|parent| parent.sync_all())
                .map_err(|error| Error::system("cannot make the log's folder durable", error))?;
        }
        let lock = options()
            .open(path.join("log.lock"))
            .map_err(|error| Error::system("cannot make the log's lock file", error))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(LogFolder { folder, _lock: lock }),
            Err(Errno::WOULDBLOCK) => Err(Error::locked("another process has this log open")),
            Err(errno) => Err(Error::system("cannot lock the log's folder", errno)),
        }
    }

    /// All segments, oldest first.
    pub(super) fn segments(&self) -> Result<Vec<Arc<LogFile>>> {
        let mut segments = Vec::new();
        for (name, metadata) in self.folder.list(|name| number_of(name).is_some())? {
            let Some(number) = number_of(&name) else { continue };
            let file = options()
                .create(false)
                .open(self.folder.path().join(&name))
                .map_err(|error| Error::system("cannot open a segment of the log", error))?;
            segments.push(Arc::new(LogFile::new(file, name, number, metadata.len())));
        }
        segments.sort_by_key(|segment| segment.number);
        Ok(segments)
    }

    /// Makes a new segment, durably.
    pub(super) fn create(&self, number: u32) -> Result<LogFile> {
        let random = getrandom::u64().map_err(|_| Error::unavailable("the system gives no random bytes"))?;
        let name = format!("{number:08x}-{random:016x}.log");
        let file = options()
            .create_new(true)
            .open(self.folder.path().join(&name))
            .map_err(|error| Error::system("cannot create a segment of the log", error))?;
        self.folder.sync()?;
        Ok(LogFile::new(file, name, number, 0))
    }

    pub(super) fn remove(&self, file: &LogFile) -> Result<()> {
        self.folder.remove(&file.name)
    }
}

/// One segment. `length` is written under the log's mutex only.
#[derive(Debug)]
pub(super) struct LogFile {
    pub(super) number: u32,
    file: File,
    name: String,
    salt: u32,
    length: AtomicU64,
}

impl LogFile {
    fn new(file: File, name: String, number: u32, length: u64) -> LogFile {
        let salt = record::salt_of(&name);
        LogFile { number, file, name, salt, length: AtomicU64::new(length) }
    }

    pub(super) fn length(&self) -> u64 {
        self.length.load(Relaxed)
    }

    /// Where the record starts. After an error, call [`LogFile::cut_back`].
    pub(super) fn append(&self, kind: Kind, parts: &[&[u8]]) -> Result<u64> {
        let at = self.length();
        let written = record::write(self.file.as_fd(), at, kind, self.salt, parts)?;
        self.length.store(at + written, Relaxed);
        Ok(at)
    }

    /// Data records, one behind the other, by one write. After an error, call [`LogFile::cut_back`].
    pub(super) fn append_all<const N: usize>(&self, records: &[[&[u8]; N]]) -> Result<()> {
        let at = self.length();
        let written = record::write_all(self.file.as_fd(), at, self.salt, records)?;
        self.length.store(at + written, Relaxed);
        Ok(())
    }

    pub(super) fn cut_back(&self) -> Result<()> {
        self.file
            .set_len(self.length())
            .map_err(|error| Error::system("cannot cut a torn record off the log", error))
    }

    /// Cuts off what follows the last whole record, durably. Returns all damage found in the segment's tail.
    pub(super) fn recover(&self) -> Result<Lost> {
        let mut scan = self.scan(0, self.length());
        let (mut end, mut torn, mut payload) = (0, Lost::default(), Vec::new());
        while let Some(step) = scan.step(&mut payload)? {
            match step {
                Step::Record { .. } => (end, torn) = (scan.offset(), Lost::default()),
                Step::Damage { lost, .. } => torn += lost,
            }
        }
        if end < self.length() {
            self.length.store(end, Relaxed);
            self.cut_back()?;
            self.sync()?;
        }
        Ok(torn)
    }

    pub(super) fn sync(&self) -> Result<()> {
        self.file.sync_data().map_err(|error| Error::system("cannot make the log durable", error))
    }

    pub(super) fn scan(&self, from: u64, end: u64) -> Scan<'_> {
        Scan::new(self.file.as_fd(), self.salt, from, end)
    }
}

/// Read, append, 0600, closed on exec (std does), never through a symbolic link.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    let nofollow = i32::try_from(OFlags::NOFOLLOW.bits()).unwrap_or(0);
    options.read(true).append(true).create(true).mode(0o600).custom_flags(nofollow);
    options
}

/// The number in `{number}-{random}.log`.
fn number_of(name: &str) -> Option<u32> {
    let (number, random) = name.strip_suffix(".log")?.split_once('-')?;
    if number.len() != 8 || random.len() != 16 {
        return None;
    }
    u64::from_str_radix(random, 16).ok()?;
    u32::from_str_radix(number, 16).ok()
}
