//! Writing over a segment whose records are all delivered, instead of deleting it and beginning a new file.
//!
//! The system finds a page for each part of a new file and gives it back when the file is deleted, which costs several
//! times what copying a record into a page that is there does, on the thread that captures.
//!
//! What was in the file stays behind what is written over it. It is no record any more: each record is tied to its
//! file's name, and the file gets a new one first, in one step. So at every moment a process that dies leaves either
//! the old records or none. The new name says that the file was used before ([`name::is_reused`]): in such a file, what
//! lies behind the last whole record is no loss.

use super::{Ahead, FIRST_OWN_NUMBER, Outbox, Shelf};
use crate::error::Result;
use crate::handle::Handle;
use crate::policy::Lane;
use crate::record;
use crate::segment::Segment;
use std::sync::Arc;

/// A file to write over; its lock is held. At most one for each lane.
#[derive(Debug)]
pub(super) struct Spare {
    handle: Arc<Handle>,
    pub(super) name: String,
    /// How long it is.
    bytes: u64,
}

impl Spare {
    /// What it takes of the outbox's room, as an active segment does: all that it may be filled with.
    pub(super) fn bytes(&self, active_bytes: u64) -> u64 {
        self.bytes.max(active_bytes)
    }
}

impl Outbox {
    /// Keeps the file of a closed segment that is delivered for the next one of its lane, or deletes it.
    ///
    /// It is deleted while somebody may be reading it.
    pub(super) fn retire(&self, shelf: &mut Shelf, segment: &Segment) -> Result<()> {
        match self.ahead.try_lock() {
            Ok(ahead) => self.retire_read(shelf, segment, &ahead),
            Err(_) => self.discard(shelf, segment),
        }
    }

    /// The same for whoever reads: only one can.
    pub(super) fn retire_read(&self, shelf: &mut Shelf, segment: &Segment, _: &Ahead) -> Result<()> {
        match self.renamed(shelf, segment) {
            Some(spare) => {
                let row = segment.lane.index();
                shelf.lanes[row].segments.remove(&segment.number);
                shelf.spares[row] = Some(spare);
                Ok(())
            }
            None => self.discard(shelf, segment),
        }
    }

    /// `None` if the file is of no use, or cannot be renamed.
    fn renamed(&self, shelf: &mut Shelf, segment: &Segment) -> Option<Spare> {
        let bytes = segment.bytes_on_disk();
        // Acknowledgements come on top of a full segment. One that was closed early, or that a single record made
        // larger, is not worth keeping.
        let full = self.limits.segment_bytes;
        let useful = (full / 2..=full + full / 4).contains(&bytes);
        if !useful
            || segment.number < FIRST_OWN_NUMBER
            || shelf.spares[segment.lane.index()].is_some()
            || !segment.handle.is_open()
            || !segment.is_intact().is_ok_and(|intact| intact)
        {
            return None;
        }
        let name = self.namer.reused_name(segment.lane, shelf.next_own - FIRST_OWN_NUMBER, bytes);
        if record::salt_of(&name) == record::salt_of(&segment.name) {
            return None;
        }
        shelf.next_own += 1;
        self.folder.rename(&segment.name, &name).ok()?;
        Some(Spare { handle: Arc::clone(&segment.handle), name, bytes })
    }

    /// The lane's spare file as an empty segment, if there is one that is still in its place and `bytes` fit into it.
    pub(super) fn take_spare(&self, shelf: &mut Shelf, lane: Lane, bytes: u64) -> Option<Segment> {
        if bytes > self.limits.segment_bytes {
            return None;
        }
        let Spare { handle, name, bytes } = shelf.spares[lane.index()].take()?;
        let segment = Segment::over(handle, name, lane, shelf.next_own, bytes);
        if !segment.is_intact().is_ok_and(|intact| intact) {
            let _ = self.folder.remove(&segment.name);
            return None;
        }
        shelf.next_own += 1;
        Some(segment)
    }

    /// Deletes the spare files; how many bytes that frees in [`Shelf::own_bytes`].
    pub(super) fn drop_spares(&self, shelf: &mut Shelf) -> Result<u64> {
        let spares: Vec<Spare> = shelf.spares.iter_mut().filter_map(Option::take).collect();
        spares.iter().try_for_each(|spare| self.folder.remove(&spare.name))?;
        Ok(spares.iter().map(|spare| spare.bytes(self.limits.segment_bytes)).sum())
    }
}
