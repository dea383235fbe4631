//! Large attachments: they wait in memory while their event waits in the spool.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use watchpost_core::{DiscardReason, Envelope, EnvelopeReader, EventId, Item, ItemType};

use crate::config::Config;
use crate::loss::count_item;

/// Larger attachments are not written on the capturing thread: copying them would take longer than the capture itself.
const LARGE: usize = 1 << 20;

/// How much of them is held at a time: two of the size that the SDKs let through by default.
const MAX_BYTES: usize = 40 << 20;

/// The large attachments of events that were not delivered yet. They are lost with the process; their events are not.
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
    /// Takes large attachments out of an envelope. What does not fit, the oldest first, is lost, and counted.
    pub(crate) fn take_from(&self, envelope: &mut Envelope, config: &Config) {
        let is_large =
            |item: &Item| item.header.item_type == ItemType::Attachment && item.payload.len() > LARGE;
        let Some(event_id) = envelope.header.event_id.filter(|_| envelope.items.iter().any(is_large)) else {
            return;
        };
        if !envelope.items.iter().any(|item| item.header.item_type != ItemType::Attachment) {
            return;
        }
        let (large, rest) = std::mem::take(&mut envelope.items).into_iter().partition(is_large);
        envelope.items = rest;
        let new = Held { event_id, items: large };
        let mut held = self.lock();
        held.push_back(new);
        self.make_room(&mut held, config);
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
    pub(crate) fn restore(&self, (event_id, items): (EventId, Vec<Item>), config: &Config) {
        let mut held = self.lock();
        held.push_front(Held { event_id, items });
        self.make_room(&mut held, config);
    }

    /// Gives up the oldest until the rest fits.
    fn make_room(&self, held: &mut VecDeque<Held>, config: &Config) {
        let mut bytes: usize = held.iter().map(Held::bytes).sum();
        while bytes > MAX_BYTES
            && let Some(oldest) = held.pop_front()
        {
            bytes -= oldest.bytes();
            for item in &oldest.items {
                count_item(&config.reports, DiscardReason::QueueOverflow, &item.header, &item.payload);
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
