//! The server's spool: one ordered log of records, durable when the caller says so.

mod files;
mod position;
mod reader;

pub use position::Position;
pub use reader::{Entry, LogReader};

use crate::error::{Error, Result};
use crate::record::{self, HEADER_BYTES, Kind};
use crate::scan::Lost;
use files::{LogFile, LogFolder};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a log lies and how much it may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogConfig {
    /// The folder, made 0700 if it is missing. One process at a time.
    pub dir: PathBuf,
    /// Size at which a segment is closed and the next begun, in bytes. Default 64 MiB, at most 2 GiB.
    pub segment_bytes: u64,
    /// Cap on all segments, in bytes. Default 4 GiB.
    pub max_bytes: u64,
    /// Every position given out is after this one. Give what the reader of the log has stored as done, so that
    /// a log whose folder was lost does not start again below it.
    pub after: Position,
}

impl LogConfig {
    /// The defaults, in this folder.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> LogConfig {
        const MIB: u64 = 1024 * 1024;
        let dir = dir.into();
        LogConfig { dir, segment_bytes: 64 * MIB, max_bytes: 4096 * MIB, after: Position::START }
    }
}

/// An append-only log of records.
///
/// Any thread may call any method. [`Log::append`] takes a mutex for the length of one `writev` (once per segment
/// also for making a file and one fsync of the folder); [`Log::sync`] does its fsync outside of that mutex, so
/// appending goes on meanwhile. All of it blocks: from async code, call it on a blocking thread.
///
/// Group commit is the caller's: append, wait until a `sync` that began after the append has returned, answer.
#[derive(Debug)]
pub struct Log {
    config: LogConfig,
    folder: LogFolder,
    recovered: Lost,
    tail: Mutex<Tail>,
    /// Held for the length of an fsync, so that a second caller does not return before the first one's is done.
    syncing: Mutex<()>,
    failed: AtomicBool,
}

/// What the mutex guards.
#[derive(Debug)]
struct Tail {
    /// All segments, oldest first; the last takes the appends unless `sealed`.
    segments: Vec<Arc<LogFile>>,
    sealed: bool,
    next_number: u32,
    /// The record that was appended last.
    last: Position,
    /// Segments with records that no fsync covered yet.
    unsynced: Vec<Arc<LogFile>>,
}

impl Log {
    /// Opens the log, cuts off the torn record that a crash may have left at its end, and takes the folder for
    /// this process alone.
    ///
    /// Appends go to a new segment, so a position is never given out twice, whatever was cut off.
    ///
    /// # Errors
    /// [`Error::is_locked`] if another process has it, [`Error::is_unavailable`] if the folder cannot be used.
    pub fn open(mut config: LogConfig) -> Result<Log> {
        config.segment_bytes = config.segment_bytes.clamp(1, 1 << 31);
        let folder = LogFolder::open(&config.dir)?;
        let segments = folder.segments()?;
        let recovered = match segments.last() {
            Some(last) => last.recover()?,
            None => Lost::default(),
        };
        let newest = segments.last().map_or(0, |last| last.number).max(config.after.segment());
        let next_number = newest.checked_add(1).ok_or(Error::too_large(OUT_OF_NUMBERS))?;
        let last = Position::START;
        let tail = Tail { segments, sealed: true, next_number, last, unsynced: Vec::new() };
        let (tail, syncing, failed) = (Mutex::new(tail), Mutex::new(()), AtomicBool::new(false));
        Ok(Log { config, folder, recovered, tail, syncing, failed })
    }

    /// What was damaged at the end of the last segment when the log was opened. Damage elsewhere is met, skipped
    /// and counted by the [`LogReader`].
    #[must_use]
    pub fn recovered(&self) -> Lost {
        self.recovered
    }

    /// Appends one record, whose bytes are the parts joined, by one `writev`. It survives the end of the process;
    /// [`Log::sync`] makes it survive the machine's.
    ///
    /// Limits: a record is at most 1 GiB. Up to 14 parts cost no allocation.
    ///
    /// # Errors
    /// [`Error::is_full`] if the disk or `max_bytes` is reached, [`Error::is_too_large`], [`Error::is_unavailable`].
    /// Nothing of the record stays behind. [`Error::is_io`] for good after a failed [`Log::sync`].
    pub fn append(&self, parts: &[&[u8]]) -> Result<Position> {
        self.check_sound()?;
        let bytes = HEADER_BYTES + u64::from(record::payload_bytes(parts)?);
        let mut tail = self.tail();
        let (file, _) = self.room(&mut tail, bytes)?;
        let offset = file.append(Kind::Data, parts).inspect_err(|_| {
            if file.cut_back().is_err() {
                tail.sealed = true;
            }
        })?;
        tail.appended(&file, offset);
        Ok(tail.last)
    }

    /// Appends records as [`Log::append`] does, as many with one `writev` as the segment and the system take, and adds the
    /// position of each to `positions`. Returns at the first that cannot be appended: those before it are.
    ///
    /// # Errors
    /// As [`Log::append`]. Of several that were to be written at once none stays behind, also if one of them would have
    /// fitted.
    pub fn append_all<const N: usize>(
        &self,
        mut records: &[[&[u8]; N]],
        positions: &mut Vec<Position>,
    ) -> Result<()> {
        let mut tail = self.tail();
        while let [first, ..] = records {
            self.check_sound()?;
            let mut bytes = HEADER_BYTES + u64::from(record::payload_bytes(first)?);
            let (file, room) = self.room(&mut tail, bytes)?;
            let mut offset = file.length();
            let mut count = 1;
            positions.push(Position::new(file.number, offset));
            for parts in records.iter().take(record::most_at_once(N)).skip(1) {
                let more = HEADER_BYTES + record::payload_bytes(parts).map_or(room, u64::from);
                if bytes + more > room {
                    break;
                }
                offset = file.length() + bytes;
                positions.push(Position::new(file.number, offset));
                bytes += more;
                count += 1;
            }
            let (now, later) = records.split_at(count);
            if let Err(error) = file.append_all(now) {
                positions.truncate(positions.len() - count);
                tail.sealed |= file.cut_back().is_err();
                return Err(error);
            }
            tail.appended(&file, offset);
            records = later;
        }
        Ok(())
    }

    /// Makes everything durable whose append returned before this call, and returns the end of it: each of those
    /// records has a smaller position.
    ///
    /// # Errors
    /// [`Error::is_io`] or [`Error::is_full`]: none of it can be called durable. A system may forget what it failed
    /// to write and report success the next time, so from then on every append and sync fails. Confirm nothing,
    /// and call [`Log::begin_anew`], or drop the log and open it again.
    pub fn sync(&self) -> Result<Position> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        self.check_sound()?;
        let (files, end) = {
            let mut tail = self.tail();
            (std::mem::take(&mut tail.unsynced), tail.end())
        };
        for file in &files {
            file.sync().inspect_err(|_| self.failed.store(true, Ordering::Release))?;
        }
        Ok(end)
    }

    /// Goes on after a failed [`Log::sync`], in a new segment that was tried out by a write and an fsync.
    ///
    /// Sound if the caller confirmed none of the records that no successful sync covered: those stay behind in their
    /// segments, where a reader may still find them, or finds damage and skips it. What was confirmed is not touched,
    /// and a file that never failed has no failed write to forget.
    ///
    /// # Errors
    /// The folder still does not take writes; the log is as before.
    pub fn begin_anew(&self) -> Result<()> {
        let _one_at_a_time = self.syncing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut tail = self.tail();
        let file = self.begin_segment(&mut tail)?;
        if let Err(error) = file.append(Kind::Unknown, &[&[0; 4096]]).and_then(|_| file.sync()) {
            tail.sealed = true;
            // An empty file that cannot be removed either costs nothing but its name.
            if self.folder.remove(&file).is_ok() {
                tail.segments.pop();
            }
            return Err(error);
        }
        tail.unsynced.clear();
        self.failed.store(false, Ordering::Release);
        Ok(())
    }

    /// The records from `from` on, oldest first, up to what is appended at each moment.
    #[must_use]
    pub fn reader(&self, from: Position) -> LogReader<'_> {
        LogReader::new(self, from)
    }

    /// Deletes the segments all of whose records are before `position`. Returns how many. The one that takes the
    /// appends stays while it is small; one over 4 MiB goes, too, and the next append begins a new one.
    ///
    /// # Errors
    /// A file could not be deleted; those before it are gone.
    pub fn truncate_before(&self, position: Position) -> Result<usize> {
        self.remove_before(position, RECLAIMED_BYTES)
    }

    /// The same, but the segment that takes the appends goes whatever its size, so that nothing stays of what is done
    /// with. For a log that is idle: the next append begins a file.
    ///
    /// # Errors
    /// As [`Log::truncate_before`].
    pub fn retire_before(&self, position: Position) -> Result<usize> {
        self.remove_before(position, 0)
    }

    fn remove_before(&self, position: Position, active_bytes: u64) -> Result<usize> {
        let mut removed = 0;
        let mut tail = self.tail();
        while let Some(oldest) = tail.segments.first() {
            let active = tail.segments.len() == 1 && !tail.sealed;
            let is_done = if active {
                oldest.length() >= active_bytes && tail.last < position
            } else {
                Position::new(oldest.number, oldest.length()) <= position
            };
            if !is_done {
                break;
            }
            self.folder.remove(oldest)?;
            tail.segments.remove(0);
            tail.sealed |= active;
            removed += 1;
        }
        Ok(removed)
    }

    /// Where the next record goes, or before it: every record so far has a smaller position.
    #[must_use]
    pub fn end(&self) -> Position {
        self.tail().end()
    }

    /// Bytes in the log's segments.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.tail().segments.iter().map(|file| file.length()).sum()
    }

    /// The oldest segment numbered at least `number`, its length, and whether that is final.
    fn segment_from(&self, number: u32) -> Option<(Arc<LogFile>, u64, bool)> {
        let tail = self.tail();
        let at = tail.segments.partition_point(|file| file.number < number);
        let file = tail.segments.get(at)?;
        let closed = tail.sealed || at + 1 < tail.segments.len();
        Some((Arc::clone(file), file.length(), closed))
    }

    fn check_sound(&self) -> Result<()> {
        if self.failed.load(Ordering::Acquire) {
            return Err(Error::broken("an earlier sync of the log failed; open it again"));
        }
        Ok(())
    }

    /// The segment that takes so many bytes more, and how many it takes at most.
    fn room(&self, tail: &mut Tail, bytes: u64) -> Result<(Arc<LogFile>, u64)> {
        let used: u64 = tail.segments.iter().map(|file| file.length()).sum();
        let left = self.config.max_bytes.saturating_sub(used);
        if bytes > left {
            return Err(Error::full("the log has reached max_bytes"));
        }
        let file = match tail.segments.last() {
            Some(last) if !tail.sealed && last.length() + bytes <= self.config.segment_bytes => {
                Arc::clone(last)
            }
            _ => self.begin_segment(tail)?,
        };
        let room = self.config.segment_bytes.saturating_sub(file.length()).min(left);
        Ok((file, room))
    }

    fn begin_segment(&self, tail: &mut Tail) -> Result<Arc<LogFile>> {
        let number = tail.next_number;
        let next_number = number.checked_add(1).ok_or(Error::too_large(OUT_OF_NUMBERS))?;
        let file = Arc::new(self.folder.create(number)?);
        tail.next_number = next_number;
        tail.sealed = false;
        tail.segments.push(Arc::clone(&file));
        Ok(file)
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tail {
    /// Notes that records up to the one at an offset are in a file, and not yet on the disk.
    fn appended(&mut self, file: &Arc<LogFile>, offset: u64) {
        if self.unsynced.last().is_none_or(|last| last.number != file.number) {
            self.unsynced.push(Arc::clone(file));
        }
        self.last = Position::new(file.number, offset);
    }

    fn end(&self) -> Position {
        match self.segments.last() {
            Some(last) if !self.sealed => Position::new(last.number, last.length()),
            _ => Position::new(self.next_number, 0),
        }
    }
}

/// A file that is begun anew costs an fsync of the folder, which so many bytes are worth.
const RECLAIMED_BYTES: u64 = 4 * 1024 * 1024;

const OUT_OF_NUMBERS: &str = "the log has used up its segment numbers";

#[cfg(test)]
mod tests;
