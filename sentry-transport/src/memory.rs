//! The queue for when there is no folder to write to.

use std::collections::VecDeque;

use watchpost_spool::Lane;

/// Envelopes held in memory, at most so many bytes of them.
///
/// Two lanes like the spool's. When it is full, an urgent envelope pushes out the oldest bulk ones; otherwise the
/// new one is refused.
#[derive(Debug)]
pub(crate) struct Memory {
    max_bytes: usize,
    bytes: usize,
    next_id: u64,
    urgent: VecDeque<Entry>,
    bulk: VecDeque<Entry>,
}

#[derive(Debug)]
struct Entry {
    id: u64,
    envelope: Vec<u8>,
}

impl Memory {
    /// An empty queue. Allocates nothing.
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, bytes: 0, next_id: 0, urgent: VecDeque::new(), bulk: VecDeque::new() }
    }

    /// Takes an envelope in; what had to go for it, or it itself, comes back through `lost`.
    pub(crate) fn push(&mut self, lane: Lane, envelope: Vec<u8>, mut lost: impl FnMut(Vec<u8>)) {
        let room_after_eviction = match lane {
            Lane::Urgent => {
                self.max_bytes - self.bytes + self.bulk.iter().map(|e| e.envelope.len()).sum::<usize>()
            }
            Lane::Bulk => self.max_bytes - self.bytes,
        };
        if envelope.len() > room_after_eviction {
            return lost(envelope);
        }
        while self.bytes + envelope.len() > self.max_bytes {
            let Some(evicted) = self.bulk.pop_front() else { break };
            self.bytes -= evicted.envelope.len();
            lost(evicted.envelope);
        }
        self.bytes += envelope.len();
        let id = self.next_id;
        self.next_id += 1;
        self.lane(lane).push_back(Entry { id, envelope });
    }

    /// A copy of the oldest envelope of the lane that came after `after`.
    pub(crate) fn peek_after(&self, lane: Lane, after: Option<u64>) -> Option<(u64, Vec<u8>)> {
        let entries = match lane {
            Lane::Urgent => &self.urgent,
            Lane::Bulk => &self.bulk,
        };
        let start = after.map_or(0, |after| entries.partition_point(|entry| entry.id <= after));
        entries.get(start).map(|entry| (entry.id, entry.envelope.clone()))
    }

    /// Forgets an envelope. It may have been pushed out meanwhile.
    pub(crate) fn remove(&mut self, lane: Lane, id: u64) {
        let entries = self.lane(lane);
        if let Ok(at) = entries.binary_search_by_key(&id, |entry| entry.id) {
            let freed = entries.remove(at).map_or(0, |entry| entry.envelope.len());
            self.bytes -= freed;
        }
    }

    /// True when nothing is held.
    pub(crate) fn is_empty(&self) -> bool {
        self.urgent.is_empty() && self.bulk.is_empty()
    }

    fn lane(&mut self, lane: Lane) -> &mut VecDeque<Entry> {
        match lane {
            Lane::Urgent => &mut self.urgent,
            Lane::Bulk => &mut self.bulk,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn push(memory: &mut Memory, lane: Lane, bytes: usize) -> usize {
        let mut lost = 0;
        memory.push(lane, vec![0; bytes], |envelope| lost += envelope.len());
        lost
    }

    #[test]
    fn urgent_pushes_out_the_oldest_bulk_and_nothing_else() {
        let mut memory = Memory::new(100);
        assert_eq!(push(&mut memory, Lane::Bulk, 30), 0);
        assert_eq!(push(&mut memory, Lane::Bulk, 40), 0);
        assert_eq!(push(&mut memory, Lane::Bulk, 31), 31, "bulk does not push out bulk");
        assert_eq!(push(&mut memory, Lane::Urgent, 50), 30);
        assert_eq!(
            push(&mut memory, Lane::Urgent, 60),
            60,
            "more than bulk could free: refused, and bulk stays"
        );
        assert_eq!(push(&mut memory, Lane::Urgent, 50), 40);
        assert_eq!(push(&mut memory, Lane::Urgent, 1), 1);
    }

    #[test]
    fn envelopes_are_seen_in_order_and_removed_once() {
        let mut memory = Memory::new(100);
        for byte in 0..3 {
            memory.push(Lane::Urgent, vec![byte], |_| unreachable!());
        }
        let (first, _) = memory.peek_after(Lane::Urgent, None).unwrap();
        let (second, bytes) = memory.peek_after(Lane::Urgent, Some(first)).unwrap();
        assert_eq!(bytes, [1]);
        memory.remove(Lane::Urgent, second);
        memory.remove(Lane::Urgent, second);
        assert_eq!(memory.peek_after(Lane::Urgent, Some(first)).unwrap().1, [2]);
        assert_eq!(memory.peek_after(Lane::Urgent, Some(second)).unwrap().1, [2]);
        assert_eq!(memory.bytes, 2);
        assert!(!memory.is_empty());
    }
}
