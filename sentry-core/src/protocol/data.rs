//! Objects of a few fields: what breadcrumbs and spans carry.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Map, Value};
use crate::text::Text;

/// Names and JSON values, in the order in which they were first set. A name is there once.
///
/// A list and no hash table: breadcrumbs and spans are made by the thousand and have one to five fields each, for which
/// hashing costs more than it finds. A name of up to 22 bytes needs no memory of its own. Large objects are better made as
/// a [`Map`], and turned into this.
///
/// ```
/// use watchpost_core::Data;
///
/// let data = Data::from([("rows", 42.into()), ("table", "ledger".into())]);
/// assert_eq!(data["rows"], 42);
/// ```
#[derive(Clone, Default, PartialEq)]
pub struct Data(Vec<(Text, Value)>);

impl Data {
    /// No fields.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets a field; gives back the value that it had.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Value>) -> Option<Value> {
        let (name, value) = (name.into(), value.into());
        match self.get_mut(&name) {
            Some(held) => Some(std::mem::replace(held, value)),
            None => {
                // Most have one field or two; a list would make room for four.
                if self.0.capacity() == 0 {
                    self.0.reserve_exact(1);
                }
                self.0.push((name, value));
                None
            }
        }
    }

    /// Removes a field; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.0.iter().position(|(known, _)| known.as_str() == name)?;
        Some(self.0.remove(at).1)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    /// The value of a field, to be changed.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.0.iter_mut().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    /// True if there is a field of this name.
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&Text, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (&*name, value))
    }

    /// Keeps only the fields that `keep` answers true for.
    pub fn retain(&mut self, mut keep: impl FnMut(&str, &mut Value) -> bool) {
        self.0.retain_mut(|(name, value)| keep(name, value));
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// The value of a field; `null` if there is none.
impl std::ops::Index<&str> for Data {
    type Output = Value;

    fn index(&self, name: &str) -> &Value {
        self.get(name).unwrap_or(&Value::Null)
    }
}

impl From<Map> for Data {
    fn from(map: Map) -> Self {
        Self(map.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl From<Data> for Map {
    fn from(data: Data) -> Self {
        data.0.into_iter().map(|(name, value)| (name.into(), value)).collect()
    }
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        Self::Object(data.into())
    }
}

impl<N: Into<Text>, const COUNT: usize> From<[(N, Value); COUNT]> for Data {
    #[inline]
    fn from(fields: [(N, Value); COUNT]) -> Self {
        let mut data = Self(Vec::with_capacity(COUNT));
        if COUNT == 1 {
            // No other name that it could be.
            for (name, value) in fields {
                data.0.push((name.into(), value));
            }
        } else {
            data.extend(fields);
        }
        data
    }
}

impl<N: Into<Text>> FromIterator<(N, Value)> for Data {
    fn from_iter<I: IntoIterator<Item = (N, Value)>>(fields: I) -> Self {
        let mut data = Self::new();
        data.extend(fields);
        data
    }
}

impl<N: Into<Text>> Extend<(N, Value)> for Data {
    fn extend<I: IntoIterator<Item = (N, Value)>>(&mut self, fields: I) {
        let mut fields = fields.into_iter();
        while self.0.len() < MANY {
            let Some((name, value)) = fields.next() else { return };
            self.insert(name, value);
        }
        let Some((name, value)) = fields.next() else { return };
        // From here on, looking at each name for each name would take its time.
        let mut map = Map::from(std::mem::take(self));
        map.insert(name.into().into(), value);
        map.extend(fields.map(|(name, value)| (name.into().into(), value)));
        *self = map.into();
    }
}

impl IntoIterator for Data {
    type Item = (Text, Value);
    type IntoIter = std::vec::IntoIter<(Text, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

/// An object that rules are applied to, whatever holds its entries.
pub(crate) trait Entries {
    /// All of them.
    fn entries(&self) -> impl Iterator<Item = (&str, &Value)>;
    /// All of them, to be changed.
    fn entries_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)>;
    /// How many there are.
    fn count(&self) -> usize;
    /// Takes out all but the first `kept`; `lost` gets their values.
    fn cut_to(&mut self, kept: usize, lost: impl FnMut(Value));
}

impl Entries for Map {
    fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.iter_mut().map(|(name, value)| (name.as_str(), value))
    }

    fn count(&self) -> usize {
        self.len()
    }

    fn cut_to(&mut self, kept: usize, mut lost: impl FnMut(Value)) {
        while self.len() > kept {
            let last = self.keys().next_back().cloned();
            last.and_then(|name| self.shift_remove(&name)).map(&mut lost);
        }
    }
}

impl Entries for Data {
    fn entries(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value))
    }

    fn entries_mut(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.0.iter_mut().map(|(name, value)| (name.as_str(), value))
    }

    fn count(&self) -> usize {
        self.0.len()
    }

    fn cut_to(&mut self, kept: usize, mut lost: impl FnMut(Value)) {
        if kept < self.0.len() {
            self.0.drain(kept..).for_each(|(_, value)| lost(value));
        }
    }
}

/// From so many fields on, duplicates are looked for in a hash table.
const MANY: usize = 32;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn it_is_an_object_that_keeps_its_order() {
        let text = "{\"z\":1,\"a\":{\"b\":[null]},\"m\":\"x\"}";
        let mut data: Data = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&data).unwrap(), text);
        assert_eq!(data.insert("a", 2), Some(json!({"b": [null]})));
        assert_eq!(data.insert("n", true), None);
        assert_eq!(data.remove("z"), Some(json!(1)));
        assert_eq!(Value::from(data).to_string(), "{\"a\":2,\"m\":\"x\",\"n\":true}");
    }

    #[test]
    fn a_name_is_there_once_however_many_there_are() {
        for count in [1, MANY - 1, MANY, MANY + 1, 10 * MANY] {
            let twice = || (0..count).chain(0..count).enumerate();
            let data: Data = twice().map(|(at, name)| (format!("name {name}"), at.into())).collect();
            assert_eq!(data.len(), count);
            let values: Vec<_> = data.iter().map(|(_, value)| value.as_u64().unwrap()).collect();
            assert_eq!(values, (count as u64..2 * count as u64).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_comes_first_stays_in_both_kinds_of_object() {
        fn cut(mut object: impl Entries, expected: &[&str]) {
            let mut lost = Vec::new();
            object.cut_to(expected.len(), |value| lost.push(value));
            assert_eq!(object.entries().map(|(name, _)| name).collect::<Vec<_>>(), expected);
            assert_eq!(lost.len(), 3 - object.count());
        }
        let fields = || [("b", json!(1)), ("a", json!(2)), ("c", json!(3))];
        for expected in [&["b", "a", "c"][..], &["b"], &[]] {
            cut(Data::from(fields()), expected);
            cut(
                fields().into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Map>(),
                expected,
            );
        }
    }
}
