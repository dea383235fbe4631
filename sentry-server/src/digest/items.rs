//! Items that are no events: their rows, what of them is kept, and what of them is not wanted.

use watchpost_core::{ItemHeader, ItemType, Timestamp};

use super::kinds::is_companion;
use super::prepare::{DEFAULT_SCRUBBER, Record, fallback_id, row_seq};
use super::telemetry::{self, Arrival, Rules};
use super::{limits, outcome};
use crate::normalize;
use crate::project::Filters;
use crate::store::{KeptItem, NewItem, packed};

impl Record<'_> {
    pub(super) fn item(
        &mut self,
        header: &ItemHeader,
        payload: &[u8],
        sent_at: Option<Timestamp>,
        has_event: bool,
    ) {
        let category = header.item_type.category();
        let Some(seq) = self.next_seq() else { return self.drop_whole(header, payload, "too_many_items") };
        let arrival = Arrival {
            project: self.head.project,
            received: self.head.received,
            shift: normalize::drift(self.head.received, sent_at.map(Timestamp::micros)),
            seq,
            id: fallback_id(self.head.id, seq),
        };
        let filters = self.project.and_then(|project| project.filters.as_ref());
        let scrubber = match self.project {
            Some(project) => project.scrubber.as_ref(),
            None => Some(&*DEFAULT_SCRUBBER),
        };
        let max_entry = limits::max_entry_bytes(&header.item_type);
        let mut read =
            match telemetry::read(header, payload, &arrival, Rules { scrubber, filters, max_entry }) {
                Ok(read) => read,
                Err(reason) => return self.drop_whole(header, payload, reason),
            };
        for (reason, entries) in [("malformed", read.rejected), ("too_large", read.oversized)] {
            if entries > 0 {
                self.count_invalid(category, reason, entries, entries);
            }
        }
        if let Some(reason) = filters.and_then(|filters| filters.of_address(self.head.address)) {
            for (category, quantity) in read.counts.into_iter().chain(read.unwanted) {
                self.count_unwanted(category, reason, quantity);
            }
            return;
        }
        if !read.unwanted.is_empty() {
            for (category, quantity) in std::mem::take(&mut read.unwanted) {
                self.count_unwanted(category, Filters::RELEASE, quantity);
            }
            if header.item_type == ItemType::ReplayEvent {
                self.unwanted_replay = Some(Filters::RELEASE);
            }
            if read.counts.is_empty() {
                return;
            }
        }
        let mut kept = None;
        if read.keep {
            let payload = read.replacement.as_deref().unwrap_or(payload);
            let Some(body) = packed(payload, None) else {
                return self.drop_whole(header, payload, "internal");
            };
            let mut header = header.clone();
            if let Some(segment) = read.segment {
                header.other.insert("segment_id".into(), segment.into());
            }
            let header = serde_json::to_string(&header).unwrap_or_default();
            kept = Some(KeptItem { header, size_bytes: payload.len(), body });
        }
        self.batch.items.push(NewItem {
            seq,
            project: self.head.project,
            event_id: Some(self.head.id),
            kind: header.item_type.to_string(),
            received: self.head.received,
            counts: read.counts,
            is_companion: has_event && is_companion(&header.item_type),
            kept,
            rows: read.rows,
            tells: read.tells,
        });
    }

    /// What came with an event, or a replay, that is not wanted is not wanted either.
    pub(super) fn drop_companions(&mut self) {
        let (event, replay) = (self.unwanted, self.unwanted_replay);
        if event.is_none() && replay.is_none() {
            return;
        }
        let envelope = row_seq(self.position, 0) / NewItem::PER_ENVELOPE;
        let reason = |item: &NewItem| {
            if item.seq / NewItem::PER_ENVELOPE != envelope {
                return None;
            }
            event.filter(|_| item.is_companion).or(replay.filter(|_| item.kind.starts_with("replay_")))
        };
        let mut unwanted = Vec::new();
        self.batch.items.retain_mut(|item| match reason(item) {
            Some(reason) => {
                unwanted.push((reason, std::mem::take(&mut item.counts)));
                false
            }
            None => true,
        });
        for (reason, counts) in unwanted {
            for (category, quantity) in counts {
                self.count_unwanted(category, reason, quantity);
            }
        }
    }

    pub(super) fn count_unwanted(&mut self, category: &str, reason: &str, quantity: i64) {
        outcome::count_named(&mut self.batch.outcomes, self.head, category, "filtered", reason, quantity);
    }
}
