//! Maps: a list of entries; a long one with a hash table beside it.

use std::borrow::Borrow;
use std::fmt;
use std::ops;

use indexmap::IndexMap;

use super::{Key, Value};

/// A map whose entries stand in the order in which they came; taking one out puts the last in its place.
#[derive(Clone, Default)]
pub struct Map(Entries);

#[derive(Clone)]
enum Entries {
    /// At most [`FEW`]: looking at each is faster than hashing.
    Few(Vec<(Key, Value)>),
    /// What a stranger sends may be long, and must not take the square of that.
    Many(Box<IndexMap<Key, Value>>),
}

/// Up to here a map is a list.
const FEW: usize = 32;

impl Default for Entries {
    fn default() -> Self {
        Self::Few(Vec::new())
    }
}

impl Map {
    /// One without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// One with room for so many.
    #[must_use]
    pub fn with_capacity(entries: usize) -> Self {
        Self(match entries {
            0..=FEW => Entries::Few(Vec::with_capacity(entries)),
            _ => Entries::Many(Box::new(IndexMap::with_capacity(entries))),
        })
    }

    /// How many entries there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Entries::Few(list) => list.len(),
            Entries::Many(table) => table.len(),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn find(&self, name: &str) -> Option<usize> {
        match &self.0 {
            Entries::Few(list) => list.iter().position(|(key, _)| key.as_str() == name),
            Entries::Many(table) => table.get_index_of(name),
        }
    }

    fn at(&self, place: usize) -> Option<(&Key, &Value)> {
        match &self.0 {
            Entries::Few(list) => list.get(place).map(|(key, value)| (key, value)),
            Entries::Many(table) => table.get_index(place),
        }
    }

    fn at_mut(&mut self, place: usize) -> Option<(&Key, &mut Value)> {
        match &mut self.0 {
            Entries::Few(list) => list.get_mut(place).map(|(key, value)| (&*key, value)),
            Entries::Many(table) => table.get_index_mut(place),
        }
    }

    /// What stands under a name.
    pub fn get(&self, name: impl Borrow<str>) -> Option<&Value> {
        self.at(self.find(name.borrow())?).map(|(_, value)| value)
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, name: impl Borrow<str>) -> Option<&mut Value> {
        self.at_mut(self.find(name.borrow())?).map(|(_, value)| value)
    }

    /// Whether something stands under a name.
    pub fn contains_key(&self, name: impl Borrow<str>) -> bool {
        self.find(name.borrow()).is_some()
    }

    /// Puts a value under a name, and gives back what stood there.
    pub fn insert(&mut self, key: Key, value: Value) -> Option<Value> {
        match self.find(&key).and_then(|place| self.at_mut(place)) {
            Some((_, known)) => Some(std::mem::replace(known, value)),
            None => {
                self.push(key, value);
                None
            }
        }
    }

    /// Adds an entry whose name is not there yet, and says where it stands.
    fn push(&mut self, key: Key, value: Value) -> usize {
        let place = self.len();
        match &mut self.0 {
            Entries::Few(list) if place < FEW => list.push((key, value)),
            Entries::Few(list) => {
                let mut table: IndexMap<Key, Value> = std::mem::take(list).into_iter().collect();
                table.insert(key, value);
                self.0 = Entries::Many(Box::new(table));
            }
            Entries::Many(table) => {
                table.insert(key, value);
            }
        }
        place
    }

    /// Takes an entry out; the last one then stands in its place.
    pub fn remove(&mut self, name: impl Borrow<str>) -> Option<Value> {
        let place = self.find(name.borrow())?;
        match &mut self.0 {
            Entries::Few(list) => Some(list.swap_remove(place).1),
            Entries::Many(table) => table.swap_remove_index(place).map(|(_, value)| value),
        }
    }

    /// Takes an entry out; those behind it move up.
    pub fn shift_remove(&mut self, name: impl Borrow<str>) -> Option<Value> {
        let place = self.find(name.borrow())?;
        match &mut self.0 {
            Entries::Few(list) => Some(list.remove(place).1),
            Entries::Many(table) => table.shift_remove_index(place).map(|(_, value)| value),
        }
    }

    /// The place of a name, whether or not something stands there.
    pub fn entry(&mut self, key: impl Into<Key>) -> Entry<'_> {
        let key = key.into();
        match self.find(&key) {
            Some(place) => Entry { map: self, place: Ok(place) },
            None => Entry { map: self, place: Err(key) },
        }
    }

    /// Keeps those of which `keep` is true, in their order.
    pub fn retain(&mut self, mut keep: impl FnMut(&Key, &mut Value) -> bool) {
        match &mut self.0 {
            Entries::Few(list) => list.retain_mut(|(key, value)| keep(key, value)),
            Entries::Many(table) => table.retain(keep),
        }
    }

    /// Moves all entries of another map here.
    pub fn append(&mut self, other: &mut Self) {
        self.extend(std::mem::take(other));
    }

    /// The entries.
    #[must_use]
    pub fn iter(&self) -> Iter<'_> {
        Iter(match &self.0 {
            Entries::Few(list) => Either::Few(list.iter()),
            Entries::Many(table) => Either::Many(table.iter()),
        })
    }

    /// The entries, with values to be changed.
    pub fn iter_mut(&mut self) -> IterMut<'_> {
        IterMut(match &mut self.0 {
            Entries::Few(list) => Either::Few(list.iter_mut()),
            Entries::Many(table) => Either::Many(table.iter_mut()),
        })
    }

    /// The names.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.iter().map(|(key, _)| key)
    }

    /// The values.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        self.iter().map(|(_, value)| value)
    }

    /// The values, to be changed.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Value> {
        self.iter_mut().map(|(_, value)| value)
    }
}

/// The place of a name in a map.
#[derive(Debug)]
pub struct Entry<'m> {
    map: &'m mut Map,
    place: Result<usize, Key>,
}

impl<'m> Entry<'m> {
    /// What stands there; it is added where nothing does.
    pub fn or_insert(self, value: Value) -> &'m mut Value {
        self.or_insert_with(|| value)
    }

    /// What stands there; it is made and added where nothing does.
    pub fn or_insert_with(self, make: impl FnOnce() -> Value) -> &'m mut Value {
        let Self { map, place } = self;
        let place = place.unwrap_or_else(|key| map.push(key, make()));
        match &mut map.0 {
            Entries::Few(list) => &mut list[place].1,
            Entries::Many(table) => &mut table[place],
        }
    }
}

/// Whatever the order.
impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().all(|(key, value)| other.get(key.as_str()) == Some(value))
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl ops::Index<&str> for Map {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        static NULL: Value = Value::Null;
        self.get(name).unwrap_or(&NULL)
    }
}

impl Extend<(Key, Value)> for Map {
    fn extend<T: IntoIterator<Item = (Key, Value)>>(&mut self, entries: T) {
        for (key, value) in entries {
            self.insert(key, value);
        }
    }
}

/// The last of two equal names counts, in the place of the first.
impl<K: Into<Key>> FromIterator<(K, Value)> for Map {
    fn from_iter<T: IntoIterator<Item = (K, Value)>>(entries: T) -> Self {
        let entries = entries.into_iter();
        let mut map = Self::with_capacity(entries.size_hint().0);
        // A bit for each name that is there: a name whose bit is new is new, and is not looked for.
        let mut bits = 0_u64;
        for (key, value) in entries {
            let key = key.into();
            let bit = 1 << (key.spread() & 63);
            if bits & bit == 0 {
                map.push(key, value);
            } else {
                map.insert(key, value);
            }
            bits |= bit;
        }
        map
    }
}

#[derive(Debug, Clone)]
enum Either<F, M> {
    Few(F),
    Many(M),
}

/// Entries of a map.
#[derive(Debug, Clone)]
pub struct Iter<'m>(Either<std::slice::Iter<'m, (Key, Value)>, indexmap::map::Iter<'m, Key, Value>>);

/// Entries of a map, with values to be changed.
#[derive(Debug)]
pub struct IterMut<'m>(Either<std::slice::IterMut<'m, (Key, Value)>, indexmap::map::IterMut<'m, Key, Value>>);

/// Entries of a map that is taken apart.
#[derive(Debug)]
pub struct IntoIter(Either<std::vec::IntoIter<(Key, Value)>, indexmap::map::IntoIter<Key, Value>>);

impl<'m> Iterator for Iter<'m> {
    type Item = (&'m Key, &'m Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Either::Few(few) => few.next().map(|(key, value)| (key, value)),
            Either::Many(many) => many.next(),
        }
    }
}

impl<'m> Iterator for IterMut<'m> {
    type Item = (&'m Key, &'m mut Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Either::Few(few) => few.next().map(|(key, value)| (&*key, value)),
            Either::Many(many) => many.next(),
        }
    }
}

impl Iterator for IntoIter {
    type Item = (Key, Value);

    fn next(&mut self) -> Option<Self::Item> {
        match &mut self.0 {
            Either::Few(few) => few.next(),
            Either::Many(many) => many.next(),
        }
    }
}

impl<'m> IntoIterator for &'m Map {
    type Item = (&'m Key, &'m Value);
    type IntoIter = Iter<'m>;

    fn into_iter(self) -> Iter<'m> {
        self.iter()
    }
}

impl<'m> IntoIterator for &'m mut Map {
    type Item = (&'m Key, &'m mut Value);
    type IntoIter = IterMut<'m>;

    fn into_iter(self) -> IterMut<'m> {
        self.iter_mut()
    }
}

impl IntoIterator for Map {
    type Item = (Key, Value);
    type IntoIter = IntoIter;

    fn into_iter(self) -> IntoIter {
        IntoIter(match self.0 {
            Entries::Few(list) => Either::Few(list.into_iter()),
            Entries::Many(table) => Either::Many(table.into_iter()),
        })
    }
}
