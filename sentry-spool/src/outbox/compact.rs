//! Joining the many small segments that a crash loop leaves, so that they cost neither a file each nor a place among
//! the segments that may be open.

use super::{FIRST_OWN_NUMBER, Outbox, TABLE_FULL};
use crate::error::{Error, Result};
use crate::policy::Lane;
use crate::segment::Segment;

/// From so many small files on they are joined.
const WORTH_IT: usize = 8;

/// A small segment takes at most this part of a full one.
const SMALL_PART: u64 = 16;

/// Segments are joined only with those of the same day, so that joining makes none more than a day younger.
const DAY_SECS: u64 = 24 * 60 * 60;

/// Joins the small segments that one call of [`Outbox::adopt`] takes over.
#[derive(Debug)]
pub(super) struct Compaction {
    wanted: bool,
    joined: Vec<Segment>,
}

impl Compaction {
    /// `lengths`: those of the files that may be taken over.
    pub(super) fn of(outbox: &Outbox, lengths: impl Iterator<Item = u64>) -> Compaction {
        let small = lengths.filter(|length| outbox.is_small(*length)).count();
        Compaction { wanted: small >= WORTH_IT, joined: Vec::new() }
    }

    /// Moves what waits in `segment` into a joined one and deletes it; false if it is to stay as it is.
    ///
    /// The copy is made first: a crash in between delivers these records twice.
    pub(super) fn take(&mut self, outbox: &Outbox, segment: &Segment) -> bool {
        if !self.wanted || !outbox.is_small(segment.length()) {
            return false;
        }
        let fits = |joined: &Segment| {
            joined.lane == segment.lane
                && joined.modified_secs() / DAY_SECS == segment.modified_secs() / DAY_SECS
                && joined.length() + segment.length() <= outbox.limits.segment_bytes
        };
        let at = match self.joined.iter().position(fits) {
            Some(at) => at,
            None => match outbox.begin_joined(segment.lane, segment.modified_secs()) {
                Ok(joined) => {
                    self.joined.push(joined);
                    self.joined.len() - 1
                }
                Err(_) => return false,
            },
        };
        if self.joined[at].take_pending(segment, outbox.limits.file_bytes).is_err() {
            return false;
        }
        // A file that cannot be deleted is adopted once more: its records come twice, none is lost.
        let _ = outbox.folder.remove(&segment.name);
        true
    }

    /// The joined segments, each with something in it.
    pub(super) fn finish(self, outbox: &Outbox) -> impl Iterator<Item = Segment> {
        self.joined.into_iter().filter(|joined| {
            let useful = joined.pending() > 0;
            if !useful {
                let _ = outbox.folder.remove(&joined.name);
            }
            useful
        })
    }
}

impl Outbox {
    fn is_small(&self, length: u64) -> bool {
        length <= self.limits.segment_bytes / SMALL_PART
    }

    /// An empty, closed segment that is as old as those it is for.
    fn begin_joined(&self, lane: Lane, modified_secs: u64) -> Result<Segment> {
        let mut shelf = self.shelf()?;
        let name = self.namer.name(lane, shelf.next_own - FIRST_OWN_NUMBER);
        shelf.next_own += 1;
        let number = shelf.next_adopted;
        shelf.next_adopted += 1;
        drop(shelf);
        let taken = Error::unavailable("another process took a new segment of the spool folder");
        let fd = self.folder.create(&name)?.ok_or(taken)?;
        let handle = self.table.insert(fd).ok_or(Error::unavailable(TABLE_FULL))?;
        Ok(Segment::left_behind(handle, name, lane, number, 0, modified_secs))
    }
}
