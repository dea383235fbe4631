//! One segment of an outbox: a file of records and of the acknowledgements for them.

use crate::error::{Error, Result};
use crate::folder::linked_length;
use crate::handle::Handle;
use crate::outbox::is_reused;
use crate::policy::Lane;
use crate::record::{self, ACK_BYTES, HEADER_BYTES, Kind};
use crate::scan::{Lost, Scan, Step, Window};
use rustix::fs::{Timespec, Timestamps, UTIME_OMIT, fstat, ftruncate, futimens};
use std::collections::BTreeSet;
use std::os::fd::AsFd;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A segment whose lock this process holds.
///
/// `length`, `total` and `sealed_secs` are written under the outbox's lock only.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) handle: Arc<Handle>,
    pub(crate) name: String,
    pub(crate) lane: Lane,
    pub(crate) number: u64,
    salt: u32,
    length: AtomicU64,
    /// How long the file was when it began to be written over; from there on it is no longer than `length`.
    before: AtomicU64,
    total: AtomicU64,
    done: AtomicU64,
    sealed_secs: AtomicU64,
    reading: Mutex<Reading>,
}

#[derive(Debug, Default)]
struct Reading {
    /// Everything before this offset is finished.
    head: u64,
    /// Offsets at or after `head` that are finished: acknowledged, or damaged and counted.
    finished: BTreeSet<u64>,
    /// Where the record that was read last begins and ends.
    read: (u64, u64),
    /// What is finished, but not yet on disk.
    unwritten: Vec<u32>,
}

/// How far a segment was written at one moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Extent {
    length: u64,
    total: u64,
}

impl Segment {
    pub(crate) fn new(handle: Handle, name: String, lane: Lane, number: u64) -> Segment {
        Segment::over(Arc::new(handle), name, lane, number, 0)
    }

    /// One that is written over what is in a file of so many bytes, none of which are records under this name.
    pub(crate) fn over(handle: Arc<Handle>, name: String, lane: Lane, number: u64, before: u64) -> Segment {
        let salt = record::salt_of(&name);
        let zero = AtomicU64::default;
        let (length, total, done, sealed_secs) = (zero(), zero(), zero(), zero());
        let (before, reading) = (before.into(), Mutex::default());
        Segment { handle, name, lane, number, salt, length, before, total, done, sealed_secs, reading }
    }

    /// A closed segment that another process left, as long as it is now; [`Segment::recover`] reads it.
    pub(crate) fn left_behind(
        handle: Handle,
        name: String,
        lane: Lane,
        number: u64,
        length: u64,
        modified_secs: u64,
    ) -> Segment {
        let segment = Segment::new(handle, name, lane, number);
        segment.length.store(length, Relaxed);
        segment.sealed_secs.store(modified_secs.max(1), Relaxed);
        segment
    }

    /// Counts what is in the file and cuts a torn tail off.
    pub(crate) fn recover(&self) -> Result<Lost> {
        let found = Found::read(self)?;
        let mut lost = Lost::default();
        let mut reading = self.reading();
        reading.finished = found.data.iter().copied().filter(|at| found.acked.contains(at)).collect();
        self.total.store(found.data.len() as u64, Relaxed);
        self.done.store(reading.finished.len() as u64, Relaxed);
        for (at, damage) in &found.damaged {
            reading.finished.insert(*at);
            // What was delivered before it was damaged is no loss.
            let records = if found.acked.contains(at) { 0 } else { damage.records };
            lost += Lost { records, bytes: damage.bytes };
        }
        if found.end < self.length() {
            self.length.store(found.end, Relaxed);
            self.cut_back()?;
            self.restore_age();
        }
        Ok(lost)
    }

    /// Appends a data record, all or nothing. After an error, ask [`Segment::cut_back`].
    pub(crate) fn append(&self, parts: &[&[u8]], file_bytes: u64) -> Result<()> {
        self.check_room(HEADER_BYTES + u64::from(record::payload_bytes(parts)?), file_bytes)?;
        let at = self.length();
        let written = record::write(self.handle.as_fd(), at, Kind::Data, self.salt, parts)?;
        self.length.store(at + written, Relaxed);
        self.total.fetch_add(1, Relaxed);
        Ok(())
    }

    /// Appends what waits in another segment, all or nothing, and becomes as young as that if it was older.
    pub(crate) fn take_pending(&self, from: &Segment, file_bytes: u64) -> Result<()> {
        let mut records = Vec::new();
        from.for_each_pending(|record| records.push(record.to_vec()))?;
        let before = self.extent();
        for record in &records {
            if let Err(error) = self.append(&[record], file_bytes) {
                self.length.store(before.length, Relaxed);
                self.total.store(before.total, Relaxed);
                self.cut_back()?;
                return Err(error);
            }
        }
        self.sealed_secs.fetch_max(from.modified_secs(), Relaxed);
        self.restore_age();
        Ok(())
    }

    /// Notes that the record at `offset`, which is finished, is to be acknowledged on disk; how many are.
    pub(crate) fn remember_ack(&self, offset: u64) -> Result<usize> {
        // Segments are far below 4 GiB: a quarter of the cap, itself in practice some megabytes.
        let offset = u32::try_from(offset).map_err(|_| Error::too_large("the segment is over 4 GiB"))?;
        let mut reading = self.reading();
        reading.unwritten.push(offset);
        Ok(reading.unwritten.len())
    }

    /// Whether something noted is not yet on disk.
    pub(crate) fn owes_acks(&self) -> bool {
        !self.reading().unwritten.is_empty()
    }

    /// Writes what was noted with [`Segment::remember_ack`]. Does not make the segment younger.
    ///
    /// After an error, ask [`Segment::cut_back`]; it is not tried again.
    pub(crate) fn write_acks(&self, file_bytes: u64) -> Result<()> {
        let offsets = std::mem::take(&mut self.reading().unwritten);
        if offsets.is_empty() {
            return Ok(());
        }
        self.check_room(offsets.len() as u64 * ACK_BYTES, file_bytes)?;
        let at = self.length();
        let written = record::write_acks(self.handle.as_fd(), at, self.salt, &offsets)?;
        self.length.store(at + written, Relaxed);
        self.restore_age();
        Ok(())
    }

    /// Removes whatever a failed write left after the last whole record.
    pub(crate) fn cut_back(&self) -> Result<()> {
        ftruncate(&self.handle, self.length())
            .map_err(|errno| Error::system("cannot cut a torn record off its segment", errno))?;
        self.before.store(0, Relaxed);
        Ok(())
    }

    /// Takes no more data records from now on.
    pub(crate) fn seal(&self) {
        self.sealed_secs.store(self.modified_secs().max(1), Relaxed);
    }

    pub(crate) fn is_sealed(&self) -> bool {
        self.sealed_secs.load(Relaxed) != 0
    }

    /// When the last data record was written, in seconds since 1970.
    pub(crate) fn modified_secs(&self) -> u64 {
        match self.sealed_secs.load(Relaxed) {
            0 => fstat(&self.handle).map_or(0, |stat| u64::try_from(stat.st_mtime).unwrap_or(0)),
            secs => secs,
        }
    }

    /// Whether the file is still in its folder and nobody else wrote to it.
    pub(crate) fn is_intact(&self) -> Result<bool> {
        Ok(linked_length(&self.handle)? == (true, self.bytes_on_disk()))
    }

    /// How long the file is.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        self.length().max(self.before.load(Relaxed))
    }

    pub(crate) fn length(&self) -> u64 {
        self.length.load(Relaxed)
    }

    pub(crate) fn extent(&self) -> Extent {
        Extent { length: self.length(), total: self.total.load(Relaxed) }
    }

    /// Records that still need delivery.
    pub(crate) fn pending(&self) -> u64 {
        self.total.load(Relaxed).saturating_sub(self.done.load(Relaxed))
    }

    /// The first unfinished record, or the first after the one at `after`. Damage met on the way is finished.
    pub(crate) fn first_pending(
        &self,
        after: Option<u64>,
        extent: Extent,
        window: &mut Window,
        lost: &mut Lost,
    ) -> Result<Option<(u64, Vec<u8>)>> {
        let mut reading = self.reading();
        let start = reading.head.max(after.unwrap_or(0));
        let mut scan = Scan::new(self.handle.as_fd(), self.salt, start, extent.length).ahead(window);
        if let Some(after) = after {
            scan.seek(after + 1)?;
        }
        let mut payload = Vec::new();
        while let Some(step) = scan.step(&mut payload)? {
            let mut moves_head = after.is_none();
            match step {
                Step::Record { at, kind: Kind::Data } => {
                    if !reading.finished.contains(&at) {
                        reading.read = (at, scan.offset());
                        return Ok(Some((at, payload)));
                    }
                    if moves_head {
                        reading.finished.remove(&at);
                    }
                }
                Step::Record { .. } => {}
                Step::Damage { at, lost: damage } => {
                    if reading.finished.insert(at) {
                        self.give_up(damage, extent, lost);
                    }
                    // Stays in `finished`: a later scan that starts before it must not count it again.
                    moves_head = moves_head && reading.finished.remove(&at);
                }
            }
            if moves_head {
                reading.head = scan.offset();
            }
        }
        if after.is_none() {
            // What damaged framing hid is known only now, by what is missing.
            let hidden = extent.total.saturating_sub(self.done.load(Relaxed));
            self.give_up(Lost { records: hidden, bytes: 0 }, extent, lost);
        }
        Ok(None)
    }

    /// Marks the record at `offset` finished; false if it was already.
    pub(crate) fn finish(&self, offset: u64) -> bool {
        let mut reading = self.reading();
        let news = if offset == reading.head && reading.read.0 == offset && reading.read.1 > offset {
            // The usual case: what is the oldest was read last, and need not be stepped over again.
            reading.head = reading.read.1;
            !reading.finished.remove(&offset)
        } else {
            offset >= reading.head && reading.finished.insert(offset)
        };
        if news {
            self.done.fetch_add(1, Relaxed);
        }
        news
    }

    /// Calls `each` with every record that was never finished. Returns what was unreadable.
    pub(crate) fn for_each_pending(&self, mut each: impl FnMut(&[u8])) -> Result<Lost> {
        let found = Found::read(self)?;
        let (head, finished) = {
            let reading = self.reading();
            (reading.head, reading.finished.clone())
        };
        let is_pending = |at: &u64| *at >= head && !finished.contains(at) && !found.acked.contains(at);
        let mut payload = Vec::new();
        for at in found.data.iter().filter(|at| is_pending(at)) {
            let mut scan = Scan::new(self.handle.as_fd(), self.salt, *at, self.length());
            if let Some(Step::Record { .. }) = scan.step(&mut payload)? {
                each(&payload);
            }
        }
        let mut lost = Lost::default();
        for (_, damage) in found.damaged.iter().filter(|(at, _)| is_pending(at)) {
            lost += *damage;
        }
        Ok(lost)
    }

    fn check_room(&self, bytes: u64, file_bytes: u64) -> Result<()> {
        if self.length() + bytes > file_bytes {
            return Err(Error::full("the process's file size limit (RLIMIT_FSIZE) is reached"));
        }
        Ok(())
    }

    fn give_up(&self, damage: Lost, extent: Extent, lost: &mut Lost) {
        let left = extent.total.saturating_sub(self.done.load(Relaxed));
        let records = damage.records.min(left);
        self.done.fetch_add(records, Relaxed);
        *lost += Lost { records, bytes: damage.bytes };
    }

    /// The age of a closed segment is read from its modification time; writing acknowledgements keeps it.
    fn restore_age(&self) {
        if let Ok(secs) = i64::try_from(self.sealed_secs.load(Relaxed))
            && secs != 0
        {
            let last_modification = Timespec { tv_sec: secs, tv_nsec: 0 };
            let last_access = Timespec { tv_sec: 0, tv_nsec: UTIME_OMIT };
            // Only an expiry date hangs on it: a file system that cannot do it keeps the segment longer.
            let _ = futimens(&self.handle, &Timestamps { last_access, last_modification });
        }
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Everything in a file, by offset.
struct Found {
    data: Vec<u64>,
    acked: BTreeSet<u64>,
    damaged: Vec<(u64, Lost)>,
    /// Where the last whole record ends.
    end: u64,
}

impl Found {
    fn read(segment: &Segment) -> Result<Found> {
        let mut found = Found { data: Vec::new(), acked: BTreeSet::new(), damaged: Vec::new(), end: 0 };
        let mut scan = Scan::new(segment.handle.as_fd(), segment.salt, 0, segment.length());
        let mut payload = Vec::new();
        while let Some(step) = scan.step(&mut payload)? {
            match step {
                Step::Record { at, kind } => {
                    found.end = scan.offset();
                    match (kind, payload.as_slice()) {
                        (Kind::Data, _) => found.data.push(at),
                        (Kind::Ack, &[a, b, c, d]) => {
                            found.acked.insert(u32::from_le_bytes([a, b, c, d]).into());
                        }
                        _ => {}
                    }
                }
                Step::Damage { at, lost } => found.damaged.push((at, lost)),
            }
        }
        if is_reused(&segment.name)
            && let Some((at, damage)) =
                found.damaged.pop_if(|(at, damage)| *at + damage.bytes == segment.length())
            && let Some(torn) = scan.header_at(at)?
        {
            // What was in the file before follows, and is no loss.
            let bytes = HEADER_BYTES + u64::from(torn.length);
            found.damaged.push((at, Lost { bytes, ..damage }));
        }
        Ok(found)
    }
}
