//! Attachments beyond a certain size: they wait in memory while their event waits in the spool.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use watchpost_core::{ClientReports, DiscardReason, Envelope, EnvelopeReader, EventId, Item, ItemType};

use crate::loss::count_item;

/// So much of an event's attachments is written beside it. More would take the capturing thread longer than the capture
/// itself, and could make the event too large for the spool.
const BESIDE: usize = 1 << 20;

/// How much of them is held at a time: as much as an envelope may have.
const MAX_BYTES: usize = 40 << 20;

/// The other attachments of events that were not delivered yet. They are lost with the process; their events are not.
#[derive(Debug, Default)]
pub(crate) struct Attachments {
    /// So that nobody locks as long as there are none.
    bytes: AtomicUsize,
    held: Mutex<VecDeque<Held>>,
}

#[derive(Debug)]
struct Held {
    event_id: EventId,
    items: Vec<Item>,
}

impl Held {
    fn bytes(&self) -> usize {
        self.items.iter().map(|item| item.payload.len()).sum()
    }
}

impl Attachments {
    /// Takes the attachments out of an envelope that are not written beside its event. What does not fit, the oldest
    /// first, is lost, and counted.
    pub(crate) fn take_from(&self, envelope: &mut Envelope, reports: &ClientReports) {
        let is_attachment = |item: &Item| item.header.item_type == ItemType::Attachment;
        let attached = envelope.items.iter().filter(|item| is_attachment(item));
        if attached.map(|item| item.payload.len()).sum::<usize>() <= BESIDE {
            return;
        }
        let Some(event_id) = envelope.header.event_id else { return };
        if envelope.items.iter().all(is_attachment) {
            return;
        }
        let mut room = BESIDE;
        let goes_beside = |item: &Item| {
            let left = if is_attachment(item) { room.checked_sub(item.payload.len()) } else { Some(room) };
            room = left.unwrap_or(room);
            left.is_some()
        };
        let (beside, items) = std::mem::take(&mut envelope.items).into_iter().partition(goes_beside);
        envelope.items = beside;
        let new = Held { event_id, items };
        let mut held = self.lock();
        held.push_back(new);
        self.make_room(&mut held, reports);
    }

    /// The attachments of a stored envelope, which go with it. To be given back with [`restore`](Self::restore) if it
    /// has to be sent again.
    pub(crate) fn of(&self, envelope: &[u8]) -> Option<(EventId, Vec<Item>)> {
        if self.is_empty() {
            return None;
        }
        let event_id = EnvelopeReader::new(envelope).ok()?.header().event_id?;
        let mut held = self.lock();
        let at = held.iter().position(|held| held.event_id == event_id)?;
        let found = held.remove(at)?;
        self.bytes.fetch_sub(found.bytes(), Ordering::AcqRel);
        Some((event_id, found.items))
    }

    /// The request failed: they wait again, as the oldest.
    pub(crate) fn restore(&self, (event_id, items): (EventId, Vec<Item>), reports: &ClientReports) {
        let mut held = self.lock();
        held.push_front(Held { event_id, items });
        self.make_room(&mut held, reports);
    }

    /// Gives up the oldest until the rest fits.
    fn make_room(&self, held: &mut VecDeque<Held>, reports: &ClientReports) {
        let mut bytes: usize = held.iter().map(Held::bytes).sum();
        while bytes > MAX_BYTES
            && let Some(oldest) = held.pop_front()
        {
            bytes -= oldest.bytes();
            for item in &oldest.items {
                count_item(reports, DiscardReason::QueueOverflow, &item.header, &item.payload);
            }
        }
        self.bytes.store(bytes, Ordering::Release);
    }

    /// True when none is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.bytes.load(Ordering::Acquire) == 0
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn item(item_type: ItemType, bytes: usize) -> Item {
        Item::new(item_type, vec![b'x'; bytes])
    }

    fn envelope(attached: &[usize]) -> Envelope {
        let mut envelope = Envelope::default();
        envelope.header.event_id = Some("00000000000000000000000000000001".parse().unwrap());
        envelope.items.push(item(ItemType::Event, BESIDE));
        envelope.items.extend(attached.iter().map(|bytes| item(ItemType::Attachment, *bytes)));
        envelope
    }

    #[test]
    fn so_much_stays_beside_the_event_and_the_rest_waits_in_memory() {
        let reports = ClientReports::default();
        for (attached, beside) in [
            (&[BESIDE][..], &[BESIDE][..]),
            (&[BESIDE + 1], &[]),
            (&[BESIDE / 2, BESIDE / 2 + 1, 10], &[BESIDE / 2, 10]),
        ] {
            let held = Attachments::default();
            let mut given = envelope(attached);
            held.take_from(&mut given, &reports);
            let sizes = |items: &[Item]| items.iter().map(|item| item.payload.len()).collect::<Vec<_>>();
            assert_eq!(sizes(&given.items[1..]), beside);
            let mut stored = Vec::new();
            given.encode(&mut stored);
            let rest = held.of(&stored).map(|(_, items)| sizes(&items)).unwrap_or_default();
            assert_eq!(beside.len() + rest.len(), attached.len());
        }
    }
}
