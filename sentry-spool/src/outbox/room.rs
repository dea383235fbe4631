//! Keeping the folder under its cap: whole segments go, the oldest bulk one first.

use super::{Cause, Outbox, Shelf, name};
use crate::error::{Error, Result};
use crate::policy::Lane;
use crate::segment::Segment;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

/// A segment that may go. Ordered: bulk before urgent, older before newer.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    urgent: bool,
    modified_secs: u64,
    place: Place,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    /// Left by another process. Its name, and its size.
    Foreign(String, u64),
    /// Ours, by number.
    Own(u64),
}

impl Outbox {
    /// Evicts until `need` bytes fit under the cap.
    ///
    /// Locked segments of living processes count but stay. Own active segments, and files kept to be written over, count
    /// as full.
    pub(super) fn make_room(&self, shelf: &mut Shelf, lane: Lane, need: u64) -> Result<()> {
        let Some(goal) = self.limits.max_bytes.checked_sub(need) else { return Err(Error::full(FULL)) };
        let foreign = self.folder.list(|file| name::lane_of(file).is_some() && !shelf.owns(file))?;
        let mut used: u64 = shelf.own_bytes(self.limits.segment_bytes);
        used += foreign.iter().map(|(_, metadata)| metadata.len()).sum::<u64>();
        if used > goal {
            used = used.saturating_sub(self.drop_spares(shelf)?);
        }
        if used <= goal {
            return Ok(());
        }

        let foreign = foreign.into_iter().filter_map(|(file, metadata)| {
            let urgent = name::lane_of(&file)? == Lane::Urgent;
            let modified_secs = u64::try_from(metadata.mtime()).unwrap_or(0);
            Some(Candidate { urgent, modified_secs, place: Place::Foreign(file, metadata.len()) })
        });
        let own = shelf.lanes.iter().flat_map(|row| row.segments.values()).filter(|own| own.is_sealed());
        let own = own.map(|own| Candidate {
            urgent: own.lane == Lane::Urgent,
            modified_secs: own.modified_secs(),
            place: Place::Own(own.number),
        });
        let mut candidates: Vec<Candidate> = foreign.chain(own).collect();
        candidates.sort();
        for candidate in candidates {
            if used <= goal {
                break;
            }
            used = used.saturating_sub(self.evict(shelf, &candidate)?);
        }
        if used > goal && lane == Lane::Urgent {
            used = used.saturating_sub(self.evict_active_bulk(shelf)?);
        }
        if used <= goal { Ok(()) } else { Err(Error::full(FULL)) }
    }

    /// Returns the bytes that are free now: none if the segment's owner turns out to be alive.
    fn evict(&self, shelf: &mut Shelf, candidate: &Candidate) -> Result<u64> {
        let lane = if candidate.urgent { Lane::Urgent } else { Lane::Bulk };
        let (segment, bytes) = match &candidate.place {
            Place::Own(number) => {
                let Some(segment) = shelf.lanes[lane.index()].segments.get(number).map(Arc::clone) else {
                    return Ok(0);
                };
                let bytes = segment.bytes_on_disk();
                (segment, bytes)
            }
            Place::Foreign(file, bytes) => {
                let Some((fd, stat)) = self.folder.seize(file)? else { return Ok(0) };
                let handle = self.table.insert(fd).ok_or(Error::unavailable(super::TABLE_FULL))?;
                let length = u64::try_from(stat.st_size).unwrap_or(0);
                let modified = candidate.modified_secs;
                let segment = Segment::left_behind(handle, file.clone(), lane, 0, length, modified);
                (Arc::new(segment), *bytes)
            }
        };
        self.discard(shelf, &segment)?;
        shelf.give_up(segment, Cause::Overflow, &self.counter);
        Ok(bytes)
    }

    /// The last resort for an urgent record: bulk records this process wrote just now.
    fn evict_active_bulk(&self, shelf: &mut Shelf) -> Result<u64> {
        let Some(segment) = shelf.lanes[Lane::Bulk.index()].active.take() else { return Ok(0) };
        segment.seal();
        self.discard(shelf, &segment)?;
        let bytes = segment.bytes_on_disk().max(self.limits.segment_bytes);
        if segment.pending() > 0 {
            shelf.give_up(segment, Cause::Overflow, &self.counter);
        }
        Ok(bytes)
    }
}

impl Shelf {
    pub(super) fn owns(&self, file: &str) -> bool {
        self.lanes.iter().flat_map(|row| row.segments.values()).any(|segment| segment.name == file)
            || self.spares.iter().flatten().any(|spare| spare.name == file)
    }

    fn own_bytes(&self, active_bytes: u64) -> u64 {
        let segments = self.lanes.iter().flat_map(|row| row.segments.values());
        let used =
            segments.map(|own| own.bytes_on_disk().max(if own.is_sealed() { 0 } else { active_bytes }));
        let spare = self.spares.iter().flatten().map(|spare| spare.bytes(active_bytes));
        used.chain(spare).sum()
    }
}

const FULL: &str = "the outbox has reached max_bytes, and nothing in it may be evicted";
