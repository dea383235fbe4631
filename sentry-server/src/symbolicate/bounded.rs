//! A map within a bound of bytes; what was used longest ago goes first.

use std::collections::HashMap;
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    entries: HashMap<K, Entry<V>>,
    bytes: usize,
    most: usize,
    clock: u64,
}

#[derive(Debug)]
struct Entry<V> {
    value: V,
    bytes: usize,
    used: u64,
}

impl<K: Hash + Eq + Clone, V> Bounded<K, V> {
    pub(super) fn new(most: usize) -> Self {
        Self { entries: HashMap::new(), bytes: 0, most, clock: 0 }
    }

    pub(super) fn get(&mut self, key: &K) -> Option<&V> {
        self.clock += 1;
        let entry = self.entries.get_mut(key)?;
        entry.used = self.clock;
        Some(&entry.value)
    }

    pub(super) fn put(&mut self, key: K, value: V, bytes: usize) {
        if bytes > self.most {
            return;
        }
        self.clock += 1;
        if let Some(old) = self.entries.insert(key, Entry { value, bytes, used: self.clock }) {
            self.bytes -= old.bytes;
        }
        self.bytes += bytes;
        while self.bytes > self.most {
            let Some(oldest) =
                self.entries.iter().min_by_key(|(_, entry)| entry.used).map(|(key, _)| key.clone())
            else {
                break;
            };
            if let Some(gone) = self.entries.remove(&oldest) {
                self.bytes -= gone.bytes;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_used_least_goes_first() {
        let mut bounded = Bounded::new(10);
        bounded.put("a", 1, 4);
        bounded.put("b", 2, 4);
        assert_eq!(bounded.get(&"a"), Some(&1));
        bounded.put("c", 3, 4);
        assert_eq!(["a", "b", "c"].map(|key| bounded.get(&key).copied()), [Some(1), None, Some(3)]);
        bounded.put("d", 4, 11);
        assert_eq!((bounded.get(&"d").copied(), bounded.bytes), (None, 8));
        bounded.put("a", 5, 2);
        assert_eq!((bounded.get(&"a").copied(), bounded.bytes), (Some(5), 6));
    }
}
