//! Records that need no delivery any more, and noting that on disk.

use super::{Outbox, RecordId, Shelf};
use crate::error::Result;
use crate::segment::Segment;
use std::sync::Arc;

impl Outbox {
    /// Marks a record as needing no delivery any more, on disk too. The second time is no error.
    ///
    /// A closed segment without waiting records is deleted, or kept to be written over.
    ///
    /// # Errors
    /// The mark could not be written (disk full, say). This process will not deliver the record again, the next
    /// one may.
    pub fn ack(&self, id: RecordId) -> Result<()> {
        self.ack_up_to(id, 1)
    }

    /// Marks a record as needing no delivery any more, on disk with the next [`Outbox::write_acks`], or once `at_once`
    /// records of its segment are marked. A process that ends before leaves them to be delivered again.
    ///
    /// # Errors
    /// As [`Outbox::ack`].
    pub fn ack_up_to(&self, id: RecordId, at_once: usize) -> Result<()> {
        let mut shelf = self.shelf()?;
        let Some(segment) = shelf.lanes[id.lane.index()].segments.get(&id.segment).map(Arc::clone) else {
            // Evicted while it was being sent: not lost after all.
            if let Some(evicted) = shelf.evicted.iter().find(|evicted| evicted.is(id.lane, id.segment)) {
                evicted.segment.finish(id.offset);
            }
            return Ok(());
        };
        if !segment.finish(id.offset) {
            return Ok(());
        }
        if segment.is_sealed() && segment.pending() == 0 {
            return self.retire(&mut shelf, &segment);
        }
        if segment.remember_ack(id.offset)? < at_once {
            return Ok(());
        }
        self.write_acks_of(&mut shelf, &segment)
    }

    /// Writes what [`Outbox::ack_up_to`] has left to be written.
    ///
    /// # Errors
    /// As [`Outbox::ack`].
    pub fn write_acks(&self) -> Result<()> {
        let mut shelf = self.shelf()?;
        let owing = shelf.lanes.iter().flat_map(|row| row.segments.values());
        let owing: Vec<_> = owing.filter(|segment| segment.owes_acks()).map(Arc::clone).collect();
        owing.iter().try_for_each(|segment| self.write_acks_of(&mut shelf, segment))
    }

    fn write_acks_of(&self, shelf: &mut Shelf, segment: &Segment) -> Result<()> {
        segment.write_acks(self.limits.file_bytes).inspect_err(|_| {
            // What cannot be cut off is skipped by whoever reads; a sealed segment takes no more data.
            if segment.cut_back().is_err() && !segment.is_sealed() {
                self.seal(shelf, segment.lane);
            }
        })
    }
}
