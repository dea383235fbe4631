//! The queue for when there is no folder to write to.

use std::collections::VecDeque;
use std::mem::size_of;

use crate::priority::Priority;

/// Envelopes held in memory, at most so many bytes, with what it takes to hold them.
///
/// When it is full, an envelope of the urgent lane pushes out the oldest of the bulk lane, the least urgent first;
/// otherwise the new one is refused.
#[derive(Debug)]
pub(crate) struct Memory {
    max_bytes: usize,
    bytes: usize,
    next_id: u64,
    rows: [VecDeque<Entry>; 4],
}

#[derive(Debug)]
struct Entry {
    id: u64,
    envelope: Vec<u8>,
}

impl Entry {
    /// What it takes of the budget.
    fn bytes(&self) -> usize {
        bytes(&self.envelope)
    }
}

/// What an envelope takes of the budget: many small ones must not take more than a few large ones.
fn bytes(envelope: &[u8]) -> usize {
    envelope.len() + OVERHEAD
}

/// The entry itself, and what the allocator notes about the envelope.
const OVERHEAD: usize = size_of::<Entry>() + 2 * size_of::<usize>();

/// The rows that may be pushed out, the first to go first.
const BULK: [Priority; 2] = [Priority::Low, Priority::Medium];

impl Memory {
    /// An empty queue. Allocates nothing.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: 0, next_id: 0, rows: Default::default() }
    }

    /// Takes an envelope in; what had to go for it, or it itself, comes back through `lost`.
    pub(crate) fn push(&mut self, priority: Priority, envelope: Vec<u8>, mut lost: impl FnMut(Vec<u8>)) {
        // What is allocated counts, not what is used.
        let mut envelope = envelope;
        envelope.shrink_to_fit();
        let mut room = self.max_bytes - self.bytes;
        if !BULK.contains(&priority) {
            let bulk = BULK.iter().flat_map(|priority| &self.rows[priority.index()]);
            room += bulk.map(Entry::bytes).sum::<usize>();
        }
        let bytes = bytes(&envelope);
        if bytes > room {
            return lost(envelope);
        }
        while self.bytes + bytes > self.max_bytes {
            let oldest = BULK.iter().find_map(|priority| self.rows[priority.index()].pop_front());
            let Some(evicted) = oldest else { break };
            self.bytes -= evicted.bytes();
            lost(evicted.envelope);
        }
        self.bytes += bytes;
        let id = self.next_id;
        self.next_id += 1;
        self.rows[priority.index()].push_back(Entry { id, envelope });
    }

    /// A copy of the oldest envelope of this priority that came after `after`.
    pub(crate) fn peek_after(&self, priority: Priority, after: Option<u64>) -> Option<(u64, Vec<u8>)> {
        let entries = &self.rows[priority.index()];
        let start = after.map_or(0, |after| entries.partition_point(|entry| entry.id <= after));
        entries.get(start).map(|entry| (entry.id, entry.envelope.clone()))
    }

    /// Forgets an envelope. It may have been pushed out meanwhile.
    pub(crate) fn remove(&mut self, priority: Priority, id: u64) {
        let entries = &mut self.rows[priority.index()];
        if let Ok(at) = entries.binary_search_by_key(&id, |entry| entry.id) {
            let freed = entries.remove(at).map_or(0, |entry| entry.bytes());
            self.bytes -= freed;
        }
    }

    /// The id that the next envelope will have.
    pub(crate) fn end(&self) -> u64 {
        self.next_id
    }

    /// True if an envelope with a lower id is held.
    pub(crate) fn waits_before(&self, end: u64) -> bool {
        self.rows.iter().any(|row| row.front().is_some_and(|entry| entry.id < end))
    }

    /// True when nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.iter().all(VecDeque::is_empty)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pushes what takes `bytes` of the budget; how much was lost for it.
    fn push(memory: &mut Memory, priority: Priority, bytes: usize) -> usize {
        let mut lost = 0;
        memory.push(priority, vec![0; bytes - OVERHEAD], |envelope| lost += super::bytes(&envelope));
        lost
    }

    #[test]
    fn urgent_pushes_out_the_oldest_bulk_and_nothing_else() {
        use Priority::{Critical, High, Low, Medium};
        let mut memory = Memory::new(1000);
        assert_eq!(push(&mut memory, Medium, 300), 0);
        assert_eq!(push(&mut memory, Low, 400), 0);
        assert_eq!(push(&mut memory, Medium, 310), 310, "bulk does not push out bulk");
        assert_eq!(push(&mut memory, High, 500), 400, "the least urgent goes first");
        assert_eq!(
            push(&mut memory, Critical, 600),
            600,
            "more than bulk could free: refused, and bulk stays"
        );
        assert_eq!(push(&mut memory, Critical, 500), 300);
        assert_eq!(push(&mut memory, Critical, OVERHEAD), OVERHEAD, "even an empty one takes room");
    }

    #[test]
    fn envelopes_are_seen_in_order_and_removed_once() {
        let row = Priority::High;
        let mut memory = Memory::new(1000);
        for byte in 0..3 {
            memory.push(row, vec![byte], |_| unreachable!());
        }
        assert!(memory.waits_before(memory.end()) && !memory.waits_before(0));
        let (first, _) = memory.peek_after(row, None).unwrap();
        let (second, bytes) = memory.peek_after(row, Some(first)).unwrap();
        assert_eq!(bytes, [1]);
        memory.remove(row, second);
        memory.remove(row, second);
        assert_eq!(memory.peek_after(row, Some(first)).unwrap().1, [2]);
        assert_eq!(memory.peek_after(row, Some(second)).unwrap().1, [2]);
        assert_eq!(memory.bytes, 2 * (1 + OVERHEAD));
        assert!(!memory.is_empty());
    }
}
