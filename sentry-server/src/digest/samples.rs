//! Choosing what bodies are compressed against: one body of each kind of event that comes in.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use crate::store::Dictionary;

/// The dictionary in use, and bodies for the next one.
///
/// A new one is made of 256 events, and again as soon as there are twice as many kinds of events and 256 more events came;
/// eight times a day at most.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    current: RwLock<Option<Arc<Dictionary>>>,
    next: Mutex<Next>,
}

#[derive(Debug, Default)]
struct Next {
    day: i64,
    /// Since the last dictionary was made.
    events: u64,
    /// So many kinds it was made of, and so many were made on this day.
    kinds: usize,
    made: u32,
    /// By the hash that names an issue: what an event of it looks like is known.
    known: HashSet<[u8; 16]>,
    bodies: VecDeque<Vec<u8>>,
    bytes: usize,
}

impl Samples {
    /// Begins with what an earlier process had.
    pub(crate) fn new(last: Option<Arc<Dictionary>>) -> Self {
        Self { current: RwLock::new(last), next: Mutex::default() }
    }

    /// What bodies are compressed against now.
    pub(super) fn dictionary(&self) -> Option<Arc<Dictionary>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks at a body, and may make a new dictionary of it and others.
    pub(super) fn offer(&self, hash: [u8; 16], day: i64, body: &[u8]) {
        let mut next = self.next();
        if next.day != day {
            *next = Next { day, ..Next::default() };
        }
        next.events += 1;
        if body.len() <= MAX_BODY_BYTES && next.known.len() < MAX_KNOWN && next.known.insert(hash) {
            next.bytes += body.len();
            next.bodies.push_back(body.to_vec());
            while next.bytes > MAX_BYTES
                && let Some(oldest) = next.bodies.pop_front()
            {
                next.bytes -= oldest.len();
            }
        }
        if next.events < EVENTS
            || next.known.len() < 2 * next.kinds
            || next.bodies.is_empty()
            || next.made >= PER_DAY
        {
            return;
        }
        (next.events, next.kinds, next.made) = (0, next.known.len(), next.made + 1);
        let bytes = next.bodies.make_contiguous().concat();
        drop(next);
        if let Some(made) = Dictionary::new(bytes) {
            *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(made));
        }
    }

    fn next(&self) -> MutexGuard<'_, Next> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

const EVENTS: u64 = 256;
const PER_DAY: u32 = 8;
/// What a dictionary has at most; each day file that uses it has a copy.
const MAX_BYTES: usize = 112 * 1024;
/// Larger bodies are not worth the place of several others.
const MAX_BODY_BYTES: usize = 24 * 1024;
const MAX_KNOWN: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(n: u64) -> [u8; 16] {
        u128::from(n).to_le_bytes()
    }

    #[test]
    fn a_dictionary_is_made_of_each_kind_once_and_again_when_there_are_others() {
        let samples = Samples::default();
        for n in 0..255 {
            samples.offer(hash(n % 3), 1, format!("body {}", n % 3).as_bytes());
            assert!(samples.dictionary().is_none());
        }
        samples.offer(hash(0), 1, b"body 0");
        let first = samples.dictionary().unwrap();
        assert_eq!(first.bytes, b"body 0body 1body 2");
        for n in 0..1_000 {
            samples.offer(hash(n % 5), 1, format!("body {}", n % 5).as_bytes());
        }
        assert_eq!(samples.dictionary().unwrap().id, first.id, "little new");
        samples.offer(hash(5), 1, b"body 5");
        assert_eq!(samples.dictionary().unwrap().bytes.len(), 6 * 6, "twice as many kinds");
        for n in 0..100_000 {
            samples.offer(hash(n), 1, format!("body {n}").as_bytes());
        }
        assert_eq!(samples.next().made, PER_DAY);
        for n in 0..256 {
            samples.offer(hash(n), 2, &vec![b'a' + (n % 26) as u8; 5_000]);
        }
        let second = samples.dictionary().unwrap();
        assert!(second.id != first.id && second.bytes.len() <= MAX_BYTES, "the next day, within bounds");
        assert_eq!(Samples::new(Some(second.clone())).dictionary().unwrap().id, second.id);
    }
}
