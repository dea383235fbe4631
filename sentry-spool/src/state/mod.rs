//! What a process says about itself as long as it lives, for whoever comes after it.
//!
//! | offset | bytes | field | meaning |
//! |---|---|---|---|
//! | 0 | 1 | mark | 0: nothing was said about the end; 1: the process said that it ends; 2: it crashed |
//! | 1 | 1 | heirs | 1: a forked child of the process has gone on by itself |
//! | 64, 65600 | 24 | head of a slot | number u64, length u32, checksum u32 of number, length and payload, zeros; little endian |
//! | 88, 65624 | length | payload | the caller's bytes, at most 65,512 |
//!
//! A state is written to the two slots in turn, with one system call; the whole one with the higher number holds. The
//! checksum continues from that of the file's name. The owner holds an exclusive `flock` on the file, as on a segment.

mod slots;

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::outbox::{boot, boot_of_state, state_name};
use rustix::io::{pread, pwrite, retry_on_intr};
use slots::Slot;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

const SLOTS: [u64; 2] = [64, 65_600];
const HEAD: usize = 24;

/// The longest state, in bytes.
pub const MAX_STATE_BYTES: usize = 65_512;

/// The state of this process, in a file of its own, as long as this lives.
///
/// Not fsynced: it survives the process, not the machine. Dropped without [`remove`](Self::remove), it leaves the file to
/// be found.
#[derive(Debug)]
pub struct StateFile {
    folder: Folder,
    name: String,
    slot: Slot,
    number: Mutex<u64>,
}

impl StateFile {
    /// Makes a file in `dir`, which is made 0700 if it is missing.
    ///
    /// # Errors
    /// [`Error::is_unavailable`] if the folder cannot be used, or if the process has 16 such files already.
    pub fn create(dir: &Path) -> Result<StateFile> {
        let folder = Folder::prepare(dir)?;
        let name = state_name()?;
        let taken = Error::unavailable("another process took the new state file");
        let fd = folder.create(&name)?.ok_or(taken)?;
        let Some(slot) = Slot::take(fd) else {
            folder.remove(&name)?;
            return Err(Error::unavailable("the process has as many state files as it may"));
        };
        Ok(StateFile { folder, name, slot, number: Mutex::new(0) })
    }

    /// Puts `state` in the place of what was written before. What was said about the end stays.
    ///
    /// # Errors
    /// [`Error::is_too_large`], [`Error::is_full`], or that the file cannot be written to.
    pub fn write(&self, state: &[u8]) -> Result<()> {
        if state.len() > MAX_STATE_BYTES {
            return Err(Error::too_large("the state is larger than its slot"));
        }
        let mut number = self.number.lock().unwrap_or_else(PoisonError::into_inner);
        *number += 1;
        let mut bytes = Vec::with_capacity(HEAD + state.len());
        bytes.extend(number.to_le_bytes());
        bytes.extend(u32::try_from(state.len()).unwrap_or(0).to_le_bytes());
        bytes.extend(checksum(&self.name, &bytes[..12], state).to_le_bytes());
        bytes.resize(HEAD, 0);
        bytes.extend(state);
        let at = SLOTS[usize::from(number.is_multiple_of(2))];
        let failed = |errno| Error::system("cannot write the state of the process", errno);
        match retry_on_intr(|| pwrite(self.slot.fd(), &bytes, at)).map_err(failed)? {
            written if written == bytes.len() => Ok(()),
            _ => Err(Error::full("the state of the process did not fit")),
        }
    }

    /// Where it is: what a forked child gives to [`StateFile::note_heir`].
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Deletes it: nobody need know.
    ///
    /// # Errors
    /// When the file cannot be deleted. One that is gone is none.
    pub fn remove(self) -> Result<()> {
        self.folder.remove(&self.name)
    }

    /// Says in every state file of this process that it ends. Async-signal-safe: for exit and signal handlers.
    pub fn mark_all() {
        slots::mark_all(slots::ENDS);
    }

    /// Says in every state file of this process that it crashed; an end that is announced later changes nothing about
    /// that. Async-signal-safe: for signal handlers.
    pub fn mark_all_crashed() {
        slots::mark_all(slots::CRASHED);
    }

    /// For a `pthread_atfork` child handler: closes what was inherited, so that the parent's locks end with the parent.
    /// Async-signal-safe. A `StateFile` that the child inherited is dead but harmless.
    pub fn close_in_child() {
        slots::close_in_child();
    }

    /// Says in the file of the parent that this child goes on by itself: that the parent is gone, once it is, need not
    /// mean anything. Nothing happens if the file is gone.
    pub fn note_heir(path: &Path) {
        use std::os::unix::fs::FileExt;
        let file = std::fs::OpenOptions::new().write(true).open(path);
        let _ = file.and_then(|file| file.write_all_at(&[1], 1));
    }

    /// The states of processes that are gone, each for one caller. Files of the living are left alone.
    ///
    /// # Errors
    /// When the folder cannot be listed. A missing one holds nothing.
    pub fn left_behind(dir: &Path) -> Result<Vec<LeftBehind>> {
        let Some(folder) = Folder::existing(dir)? else { return Ok(Vec::new()) };
        let files = folder.list(|name| boot_of_state(name).is_some())?;
        let left = files.into_iter().filter_map(|(name, _)| LeftBehind::seize(&folder, name));
        Ok(left.collect())
    }
}

/// The state that a process left behind. Its lock is held as long as this lives; dropped without
/// [`forget`](Self::forget), it is found again.
#[derive(Debug)]
pub struct LeftBehind {
    /// What it wrote last; `None` if nothing whole is left.
    pub state: Option<Vec<u8>>,
    /// True if it said that it ends.
    pub is_marked: bool,
    /// True if it said that it crashed.
    pub has_crashed: bool,
    /// True if a forked child of it went on by itself.
    pub has_heirs: bool,
    /// True if it ran since the machine was started, as far as the system tells.
    pub is_of_this_boot: bool,
    /// When anything was last written, the mark included.
    pub modified: SystemTime,
    folder: Folder,
    name: String,
    _lock: OwnedFd,
}

impl LeftBehind {
    /// Deletes the file.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn forget(self) -> Result<()> {
        self.folder.remove(&self.name)
    }

    fn seize(folder: &Folder, name: String) -> Option<LeftBehind> {
        let (lock, stat) = folder.seize(&name).ok()??;
        let mut marks = [0; 2];
        let read = retry_on_intr(|| pread(&lock, &mut marks, 0)).ok()?;
        let modified = Duration::new(
            u64::try_from(stat.st_mtime).unwrap_or(0),
            u32::try_from(stat.st_mtime_nsec).unwrap_or(0),
        );
        let boot = boot();
        Some(LeftBehind {
            state: newest(&lock, &name),
            is_marked: read > 0 && marks[0] == slots::ENDS,
            has_crashed: read > 0 && marks[0] == slots::CRASHED,
            has_heirs: read > 1 && marks[1] != 0,
            is_of_this_boot: boot_of_state(&name) == Some(&boot) && boot.bytes().any(|digit| digit != b'0'),
            modified: UNIX_EPOCH + modified,
            folder: folder.clone(),
            name,
            _lock: lock,
        })
    }
}

/// The whole slot with the higher number.
fn newest(file: &OwnedFd, name: &str) -> Option<Vec<u8>> {
    let slots = SLOTS.iter().filter_map(|at| read_slot(file, name, *at));
    slots.max_by_key(|(number, _)| *number).map(|(_, state)| state)
}

fn read_slot(file: &OwnedFd, name: &str, at: u64) -> Option<(u64, Vec<u8>)> {
    let mut head = [0; HEAD];
    read_exact(file, &mut head, at)?;
    let number = u64::from_le_bytes(head[..8].try_into().ok()?);
    let length = u32::from_le_bytes(head[8..12].try_into().ok()?) as usize;
    if number == 0 || length > MAX_STATE_BYTES {
        return None;
    }
    let mut state = vec![0; length];
    read_exact(file, &mut state, at + HEAD as u64)?;
    let sum = u32::from_le_bytes(head[12..16].try_into().ok()?);
    (sum == checksum(name, &head[..12], &state)).then_some((number, state))
}

fn read_exact(file: &OwnedFd, buffer: &mut [u8], at: u64) -> Option<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match retry_on_intr(|| pread(file.as_fd(), &mut buffer[filled..], at + filled as u64)).ok()? {
            0 => return None,
            read => filled += read,
        }
    }
    Some(())
}

fn checksum(name: &str, head: &[u8], state: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in [name.as_bytes(), head, state] {
        hasher.update(part);
    }
    hasher.finalize()
}

#[cfg(test)]
mod tests;
