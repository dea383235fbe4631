//! Taking over what processes that died left behind, and giving up what is too old.

use super::compact::Compaction;
use super::{Cause, Outbox, Shelf, name};
use crate::error::Result;
use crate::policy::Lane;
use crate::scan::Lost;
use crate::segment::Segment;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// Adopted segments held at a time; the rest waits for the next call.
const MAX_ADOPTED: usize = 32;

/// What one call of [`Outbox::adopt`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Segments taken over that have records waiting.
    pub segments: usize,
    /// Records waiting in them.
    pub records: u64,
    /// Segments given up for their age, ours included; [`Outbox::take_evicted`] has them.
    pub expired: usize,
    /// There was more to take over than may be open at a time: call again once these are delivered.
    pub more: bool,
}

impl Outbox {
    /// Takes over the segments in the folder whose owner is gone, and gives up all that are too old at `now`.
    ///
    /// A record that its owner had acknowledged is not delivered again. If two processes adopt at the same time,
    /// each segment goes to one of them. For the worker: it reads every segment it takes.
    ///
    /// # Errors
    /// The folder cannot be listed. A segment that cannot be read is left for the next time.
    pub fn adopt(&self, now: SystemTime) -> Result<Adopted> {
        let now_secs = now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let mut adopted = Adopted { expired: self.expire(now_secs)?, ..Adopted::default() };
        let mut files = self.folder.list(|file| name::lane_of(file).is_some())?;
        let mut held = {
            let shelf = self.shelf()?;
            files.retain(|(file, _)| !shelf.owns(file));
            shelf.adopted()
        };
        // Within a second, and on file systems with coarse times, the sequence in the name tells what is older.
        files.sort_by(|(a, old), (b, new)| (old.mtime(), a).cmp(&(new.mtime(), b)));
        let mut compaction = Compaction::of(self, files.iter().map(|(_, metadata)| metadata.len()));
        for (file, _) in files {
            let Some(lane) = name::lane_of(&file) else { continue };
            if held >= MAX_ADOPTED {
                adopted.more = true;
                break;
            }
            let Ok(Some(segment)) = self.take_over(&file, lane) else { continue };
            let expired = self.limits.is_expired(lane, segment.modified_secs(), now_secs);
            let Ok(lost) = (if expired { Ok(Lost::default()) } else { segment.recover() }) else { continue };
            let joined = !expired && segment.pending() > 0 && compaction.take(self, &segment);
            let mut shelf = self.shelf()?;
            shelf.lost += lost;
            if joined {
                continue;
            }
            if expired {
                self.folder.remove(&segment.name)?;
                shelf.give_up(Arc::new(segment), Cause::Expired, &self.counter);
                adopted.expired += 1;
            } else if segment.pending() == 0 {
                self.folder.remove(&segment.name)?;
            } else {
                adopted.segments += 1;
                adopted.records += segment.pending();
                held += 1;
                shelf.lanes[lane.index()].segments.insert(segment.number, Arc::new(segment));
            }
        }
        let joined: Vec<_> = compaction.finish(self).collect();
        let mut shelf = self.shelf()?;
        for segment in joined {
            adopted.segments += 1;
            adopted.records += segment.pending();
            shelf.lanes[segment.lane.index()].segments.insert(segment.number, Arc::new(segment));
        }
        drop(shelf);
        Ok(adopted)
    }

    fn take_over(&self, file: &str, lane: Lane) -> Result<Option<Segment>> {
        let Some((fd, stat)) = self.folder.seize(file)? else { return Ok(None) };
        let Some(handle) = self.table.insert(fd) else { return Ok(None) };
        let length = u64::try_from(stat.st_size).unwrap_or(0);
        let modified = u64::try_from(stat.st_mtime).unwrap_or(0);
        let number = {
            let mut shelf = self.shelf()?;
            shelf.next_adopted += 1;
            shelf.next_adopted - 1
        };
        Ok(Some(Segment::left_behind(handle, file.to_owned(), lane, number, length, modified)))
    }

    /// Gives up this process's own segments that are too old.
    fn expire(&self, now_secs: u64) -> Result<usize> {
        let mut shelf = self.shelf()?;
        let mut expired = 0;
        for lane in Lane::ALL {
            let segments: Vec<_> = shelf.lanes[lane.index()].segments.values().map(Arc::clone).collect();
            for segment in segments {
                if segment.pending() == 0 || !self.limits.is_expired(lane, segment.modified_secs(), now_secs)
                {
                    continue;
                }
                if !segment.is_sealed() {
                    self.seal(&mut shelf, lane);
                }
                self.discard(&mut shelf, &segment)?;
                shelf.give_up(segment, Cause::Expired, &self.counter);
                expired += 1;
            }
        }
        Ok(expired)
    }
}

impl Shelf {
    fn adopted(&self) -> usize {
        let own = super::FIRST_OWN_NUMBER;
        self.lanes.iter().map(|row| row.segments.range(..own).count()).sum()
    }
}
