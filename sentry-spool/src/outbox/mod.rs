//! The SDK's spool: two lanes of segments that several processes share one folder for.

mod acks;
mod adopt;
mod compact;
mod evicted;
mod name;
mod reuse;
mod room;

pub use adopt::Adopted;
pub use evicted::{Cause, Evicted};

use evicted::Counter;

use crate::error::{Error, Result};
use crate::folder::Folder;
use crate::handle::Table;
use crate::policy::{Lane, Limits, OutboxConfig};
use crate::record::{self, HEADER_BYTES};
use crate::scan::{Lost, Window};
use crate::segment::Segment;
use name::Namer;
pub(crate) use name::{boot, boot_of_state, is_reused, state_name};
use reuse::Spare;
use std::collections::{BTreeMap, VecDeque};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Adopted segments are numbered from 1 and own ones from here, so that what is older is delivered first.
const FIRST_OWN_NUMBER: u64 = 1 << 32;

/// Names a record for as long as this [`Outbox`] lives. Ordered by age within a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RecordId {
    lane: Lane,
    segment: u64,
    offset: u64,
}

impl RecordId {
    /// The lane the record waits in.
    #[must_use]
    pub fn lane(self) -> Lane {
        self.lane
    }
}

/// A stored record that waits for delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// What to give to [`Outbox::ack`].
    pub id: RecordId,
    /// The lane it waits in.
    pub lane: Lane,
    /// The bytes as they were appended, parts joined.
    pub bytes: Vec<u8>,
}

/// The records of one process that wait for delivery, and those it took over from processes that died.
///
/// Any thread may append; one worker peeks, acknowledges and adopts. Appending takes a mutex for the length of one
/// `fstat` and one `pwritev`; once per segment also for listing the folder and opening a file, or, where one is delivered
/// that can be written over, for renaming that. Nothing is fsynced:
/// the records survive the process, not the machine.
///
/// Make a new `Outbox` in a forked child; the parent's is closed there by [`Outbox::close_in_child`].
#[derive(Debug)]
pub struct Outbox {
    limits: Limits,
    folder: Folder,
    table: Arc<Table>,
    namer: Namer,
    counter: Counter,
    shelf: Mutex<Shelf>,
    ahead: Mutex<Ahead>,
}

/// What was read of the segment that is being delivered. Taken before the shelf, never after.
#[derive(Debug, Default)]
struct Ahead {
    segment: u64,
    window: Window,
}

/// What the mutex guards.
#[derive(Debug)]
struct Shelf {
    lanes: [Row; 2],
    spares: [Option<Spare>; 2],
    next_adopted: u64,
    next_own: u64,
    evicted: VecDeque<Evicted>,
    lost: Lost,
}

/// The segments of one lane by number; the active one is among them.
#[derive(Debug, Default)]
struct Row {
    segments: BTreeMap<u64, Arc<Segment>>,
    active: Option<Arc<Segment>>,
}

impl Outbox {
    /// Makes the folder if needed, and checks that it is ours alone to write. Creates no segment yet.
    ///
    /// # Errors
    /// [`Error::is_unavailable`] if the folder cannot be made or opened, belongs to another user, or can be written
    /// by others.
    pub fn open(config: OutboxConfig) -> Result<Outbox> {
        Ok(Outbox {
            limits: Limits::of(&config),
            folder: Folder::prepare(&config.dir)?,
            table: Arc::new(Table::new()),
            namer: Namer::new()?,
            counter: Counter::default(),
            shelf: Mutex::new(Shelf {
                lanes: Default::default(),
                spares: Default::default(),
                next_adopted: 1,
                next_own: FIRST_OWN_NUMBER,
                evicted: VecDeque::new(),
                lost: Lost::default(),
            }),
            ahead: Mutex::default(),
        })
    }

    /// The same outbox, with somebody who counts records whose segment has to be forgotten before
    /// [`Outbox::take_evicted`] asked for it. Called on the appending thread; must not block, panic or append.
    #[must_use]
    pub fn with_counter(mut self, count: impl Fn(&[u8]) + Send + Sync + 'static) -> Outbox {
        self.counter = Counter(Some(Box::new(count)));
        self
    }

    /// Whether the folder holds segments of any process: one `readdir`, nothing is opened or made.
    ///
    /// Asked before the process has segments of its own, it says whether there may be something to adopt.
    #[must_use]
    pub fn has_orphans(dir: &Path) -> bool {
        std::fs::read_dir(dir).is_ok_and(|mut entries| {
            entries.any(|entry| {
                entry.is_ok_and(|entry| entry.file_name().to_str().and_then(name::lane_of).is_some())
            })
        })
    }

    /// Stores one record, whose bytes are the parts joined, by one `pwritev`.
    ///
    /// When it returns, the record survives the end of this process, however sudden.
    ///
    /// Limits: a record is at most a quarter of `max_bytes`. Up to 14 parts cost no allocation.
    ///
    /// # Errors
    /// [`Error::is_full`] if there is no room and nothing left to evict, [`Error::is_unavailable`] if the folder
    /// cannot be used (any more), [`Error::is_too_large`]. Nothing of the record stays behind.
    pub fn append(&self, lane: Lane, parts: &[&[u8]]) -> Result<()> {
        let bytes = HEADER_BYTES + u64::from(record::payload_bytes(parts)?);
        self.limits.check_record(bytes)?;
        let mut shelf = self.shelf()?;
        let segment = match &shelf.lanes[lane.index()].active {
            Some(segment)
                if segment.length() + bytes <= self.limits.segment_bytes && segment.is_intact()? =>
            {
                Arc::clone(segment)
            }
            _ => self.rotate(&mut shelf, lane, bytes)?,
        };
        segment.append(parts, self.limits.file_bytes).inspect_err(|_| {
            if segment.cut_back().is_err() {
                self.seal(&mut shelf, lane);
            }
        })
    }

    /// The oldest record that waits, the urgent lane first.
    ///
    /// # Errors
    /// [`Error::is_io`] if a segment cannot be read. Damaged records are skipped and counted, not an error.
    pub fn peek(&self) -> Result<Option<Record>> {
        for lane in Lane::ALL {
            if let Some(record) = self.peek_after(lane, None)? {
                return Ok(Some(record));
            }
        }
        Ok(None)
    }

    /// The oldest record of a lane that waits, or the next after `after`, to step past one that must wait longer.
    ///
    /// # Errors
    /// As [`Outbox::peek`].
    pub fn peek_after(&self, lane: Lane, after: Option<RecordId>) -> Result<Option<Record>> {
        let mut number = after.map_or(0, |id| id.segment);
        self.check_open()?;
        let mut ahead = self.ahead.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let (segment, extent) = match self.shelf()?.lanes[lane.index()].segments.range(number..).next() {
                Some((_, segment)) => (Arc::clone(segment), segment.extent()),
                None => return Ok(None),
            };
            let offset = after.filter(|id| id.segment == segment.number).map(|id| id.offset);
            let mut lost = Lost::default();
            let found = match segment.pending() {
                0 => None,
                _ => segment.first_pending(offset, extent, ahead.of(&segment), &mut lost)?,
            };
            let mut shelf = self.shelf()?;
            shelf.lost += lost;
            if let Some((offset, bytes)) = found {
                let id = RecordId { lane, segment: segment.number, offset };
                return Ok(Some(Record { id, lane, bytes }));
            }
            if segment.is_sealed() && segment.pending() == 0 {
                self.retire_read(&mut shelf, &segment, &ahead)?;
            }
            number = segment.number + 1;
        }
    }

    /// The place in a lane before which lies everything that was appended or adopted so far.
    ///
    /// # Errors
    /// [`Error::is_unavailable`] in a forked child.
    pub fn end(&self, lane: Lane) -> Result<RecordId> {
        let shelf = self.shelf()?;
        Ok(match &shelf.lanes[lane.index()].active {
            Some(segment) => RecordId { lane, segment: segment.number, offset: segment.length() },
            None => RecordId { lane, segment: shelf.next_own, offset: 0 },
        })
    }

    /// Whether a record before this place still waits.
    ///
    /// # Errors
    /// [`Error::is_unavailable`] in a forked child; [`Error::is_io`] if a segment cannot be read.
    pub fn waits_before(&self, end: RecordId) -> Result<bool> {
        let partly = {
            let shelf = self.shelf()?;
            let segments = &shelf.lanes[end.lane.index()].segments;
            if segments.range(..end.segment).any(|(_, segment)| segment.pending() > 0) {
                return Ok(true);
            }
            segments.get(&end.segment).is_some_and(|segment| segment.pending() > 0)
        };
        if !partly {
            return Ok(false);
        }
        Ok(self.peek_after(end.lane, None)?.is_some_and(|record| record.id < end))
    }

    /// Records that wait for delivery by this process.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.shelf().map_or(0, |shelf| {
            let segments = shelf.lanes.iter().flat_map(|row| row.segments.values());
            usize::try_from(segments.map(|segment| segment.pending()).sum::<u64>()).unwrap_or(usize::MAX)
        })
    }

    /// Segments given up since the last call, for the caller to count what was in them.
    ///
    /// Their disk space is free once they are dropped, so take them soon. At most eight wait; of a ninth the records
    /// are counted by [`Outbox::with_counter`] at once, or else in [`Outbox::take_lost`].
    #[must_use]
    pub fn take_evicted(&self) -> Vec<Evicted> {
        self.shelf().map_or(Vec::new(), |mut shelf| shelf.evicted.drain(..).collect())
    }

    /// What was found damaged since the last call, and, without a counter, what was evicted beyond what
    /// [`Outbox::take_evicted`] keeps.
    #[must_use]
    pub fn take_lost(&self) -> Lost {
        self.shelf().map_or(Lost::default(), |mut shelf| std::mem::take(&mut shelf.lost))
    }

    /// For a `pthread_atfork` child handler: closes what was inherited, so that the parent's locks end with the
    /// parent. Async-signal-safe: atomics and close(2), no lock, no allocation.
    ///
    /// Every other method answers [`Error::is_unavailable`] from then on. Leak the value rather than drop it: its
    /// mutex may be held by a thread that does not exist here, and its memory is the allocator's, which may be
    /// locked just as well.
    pub fn close_in_child(&self) {
        self.table.close_all();
    }

    fn check_open(&self) -> Result<()> {
        if self.table.is_closed() {
            return Err(Error::unavailable("this outbox belongs to the parent process; open another"));
        }
        Ok(())
    }

    fn shelf(&self) -> Result<MutexGuard<'_, Shelf>> {
        // First: in a forked child the lock may be held by a thread that does not exist.
        self.check_open()?;
        Ok(self.shelf.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Closes the active segment of a lane and begins the next.
    fn rotate(&self, shelf: &mut Shelf, lane: Lane, bytes: u64) -> Result<Arc<Segment>> {
        self.seal(shelf, lane);
        if let Some(segment) = self.take_spare(shelf, lane, bytes) {
            return Ok(shelf.begin(segment));
        }
        self.make_room(shelf, lane, bytes.max(self.limits.segment_bytes))?;
        // Another process may take the lock of a file it sees appear; then the next name is tried.
        for _ in 0..8 {
            let number = shelf.next_own;
            shelf.next_own += 1;
            let name = self.namer.name(lane, number - FIRST_OWN_NUMBER);
            let Some(fd) = self.folder.create(&name)? else { continue };
            let handle = self.table.insert(fd).ok_or(Error::unavailable(TABLE_FULL))?;
            return Ok(shelf.begin(Segment::new(handle, name, lane, number)));
        }
        Err(Error::unavailable("another process keeps taking new segments of the spool folder"))
    }

    fn seal(&self, shelf: &mut Shelf, lane: Lane) {
        if let Some(segment) = shelf.lanes[lane.index()].active.take() {
            segment.seal();
            if segment.pending() == 0 {
                // A file that cannot be deleted now is found, empty of waiting records, by the next adopter.
                let _ = self.retire(shelf, &segment);
            }
        }
    }

    /// Forgets a segment and deletes its file.
    fn discard(&self, shelf: &mut Shelf, segment: &Segment) -> Result<()> {
        shelf.lanes[segment.lane.index()].segments.remove(&segment.number);
        if segment.handle.is_open() { self.folder.remove(&segment.name) } else { Ok(()) }
    }
}

impl Shelf {
    /// Makes a segment the active one of its lane.
    fn begin(&mut self, segment: Segment) -> Arc<Segment> {
        let segment = Arc::new(segment);
        let row = &mut self.lanes[segment.lane.index()];
        row.segments.insert(segment.number, Arc::clone(&segment));
        row.active = Some(Arc::clone(&segment));
        segment
    }
}

impl Ahead {
    /// What was read of this segment; of another it is forgotten.
    fn of(&mut self, segment: &Segment) -> &mut Window {
        if self.segment != segment.number {
            self.segment = segment.number;
            self.window.forget();
        }
        &mut self.window
    }
}

impl Drop for Outbox {
    /// Leaves waiting records to the next process, and no file without any.
    fn drop(&mut self) {
        if self.table.is_closed() {
            return;
        }
        let shelf = self.shelf.get_mut().unwrap_or_else(PoisonError::into_inner);
        for spare in shelf.spares.iter().flatten() {
            let _ = self.folder.remove(&spare.name);
        }
        for segment in shelf.lanes.iter().flat_map(|row| row.segments.values()) {
            if segment.pending() == 0 {
                let _ = self.folder.remove(&segment.name);
            } else {
                // What cannot be written is delivered once more.
                let _ = segment.write_acks(self.limits.file_bytes);
            }
        }
    }
}

const TABLE_FULL: &str = "the outbox has as many segments open as it may";

#[cfg(test)]
mod tests;
