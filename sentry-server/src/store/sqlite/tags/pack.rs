//! Tags of an issue in one value. Most issues have a dozen keys with a value or two each: a row for each would be looked for
//! and written with nearly every batch.
//!
//! | part | what it is |
//! |---|---|
//! | byte | what rows there are besides: [`Loose`] |
//! | number, number | the first and the last time that any of the tags was seen, in microseconds |
//! | for each key, by name | length and name, how many bytes its values take |
//! | for each of its values, in order | length and text, events, time from the first to its first, from its last to the last |
//!
//! All numbers but the first byte are LEB128, those of the two times zigzag.

use crate::instant::Micros;
use crate::store::{Result, StoreError};

/// Events that had a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::sqlite) struct Seen {
    pub(in crate::store::sqlite) events: i64,
    pub(in crate::store::sqlite) first: Micros,
    pub(in crate::store::sqlite) last: Micros,
}

impl Seen {
    pub(in crate::store::sqlite) fn add(&mut self, other: &Self) {
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

/// A key with one of its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store::sqlite) struct Tag<'a> {
    pub(in crate::store::sqlite) key: &'a str,
    pub(in crate::store::sqlite) value: &'a str,
    pub(in crate::store::sqlite) seen: Seen,
}

impl<'a> Tag<'a> {
    /// Tags are kept in this order, which is that of the tables.
    pub(in crate::store::sqlite) fn place(&self) -> (&'a str, &'a str) {
        (self.key, self.value)
    }
}

/// What the rows of `issue_tags` and `issue_tag_keys` have of an issue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Loose {
    /// Nothing.
    #[default]
    None,
    /// The keys that were too much for the pack.
    Some,
    /// All keys, as they were kept before there were packs.
    All,
}

/// The tags that are packed, in their order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Pack<'a> {
    pub(super) loose: Loose,
    pub(super) tags: Vec<Tag<'a>>,
}

impl<'a> Pack<'a> {
    /// # Errors
    /// When the bytes are not a pack.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self> {
        let mut reader = Reader::new(bytes).ok_or_else(damaged)?;
        let mut tags = Vec::new();
        while let Some(mut values) = reader.key().ok_or_else(damaged)? {
            let key = std::str::from_utf8(values.key).map_err(|_| damaged())?;
            while let Some((value, seen)) = values.next().ok_or_else(damaged)? {
                tags.push(Tag { key, value: std::str::from_utf8(value).map_err(|_| damaged())?, seen });
            }
        }
        Ok(Self { loose: reader.loose, tags })
    }

    pub(super) fn write(&self) -> Vec<u8> {
        let first = self.tags.iter().map(|tag| tag.seen.first).min().unwrap_or_default();
        let last = self.tags.iter().map(|tag| tag.seen.last).max().unwrap_or_default();
        let mut out = Vec::with_capacity(20 + self.tags.iter().map(bytes_of).sum::<usize>());
        out.push(match self.loose {
            Loose::None => 0,
            Loose::Some => 1,
            Loose::All => 2,
        });
        put(&mut out, zigzag(first));
        put(&mut out, zigzag(last));
        let mut packed = Vec::new();
        for of_key in by_key(&self.tags) {
            packed.clear();
            for tag in of_key {
                put_text(&mut packed, tag.value);
                put(&mut packed, tag.seen.events as u64);
                put(&mut packed, tag.seen.first.wrapping_sub(first) as u64);
                put(&mut packed, last.wrapping_sub(tag.seen.last) as u64);
            }
            put_text(&mut out, of_key[0].key);
            put(&mut out, packed.len() as u64);
            out.extend_from_slice(&packed);
        }
        out
    }
}

/// Tags key by key.
pub(super) fn by_key<'t, 'a>(tags: &'t [Tag<'a>]) -> impl Iterator<Item = &'t [Tag<'a>]> {
    tags.chunk_by(|one, next| one.key == next.key)
}

/// What a tag takes in a pack at most, nearly: times are near to those of the pack.
pub(super) fn bytes_of(tag: &Tag<'_>) -> usize {
    tag.key.len() + tag.value.len() + 12
}

/// A pack key by key, without keeping anything; whether texts are UTF-8 is not looked at.
pub(super) struct Reader<'a> {
    pub(super) loose: Loose,
    first: Micros,
    last: Micros,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// `None` when the bytes are not a pack.
    pub(super) fn new(bytes: &'a [u8]) -> Option<Self> {
        let (loose, mut rest) = bytes.split_first()?;
        let loose = match loose {
            0 => Loose::None,
            1 => Loose::Some,
            2 => Loose::All,
            _ => return None,
        };
        let (first, last) = (unzigzag(take(&mut rest)?), unzigzag(take(&mut rest)?));
        Some(Self { loose, first, last, rest })
    }

    /// The next key, `Some(None)` at the end, `None` when the bytes are not a pack.
    pub(super) fn key(&mut self) -> Option<Option<Values<'a>>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        let key = take_text(&mut self.rest)?;
        let bytes = usize::try_from(take(&mut self.rest)?).ok()?;
        let (values, rest) = self.rest.split_at_checked(bytes)?;
        self.rest = rest;
        Some(Some(Values { key, first: self.first, last: self.last, rest: values }))
    }
}

/// A key of a pack, and its values one by one.
pub(super) struct Values<'a> {
    pub(super) key: &'a [u8],
    first: Micros,
    last: Micros,
    rest: &'a [u8],
}

impl<'a> Values<'a> {
    /// As [`Reader::key`].
    pub(super) fn next(&mut self) -> Option<Option<(&'a [u8], Seen)>> {
        if self.rest.is_empty() {
            return Some(None);
        }
        let value = take_text(&mut self.rest)?;
        let events = take(&mut self.rest)? as i64;
        let first = self.first.wrapping_add(take(&mut self.rest)? as i64);
        let last = self.last.wrapping_sub(take(&mut self.rest)? as i64);
        Some(Some((value, Seen { events, first, last })))
    }
}

pub(super) fn damaged() -> StoreError {
    StoreError::new("tags of an issue", "the pack is damaged")
}

fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, left) = rest.split_first()?;
        *rest = left;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let bytes = usize::try_from(take(rest)?).ok()?;
    let (text, left) = rest.split_at_checked(bytes)?;
    *rest = left;
    Some(text)
}

fn zigzag(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)) as u64
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag<'a>(key: &'a str, value: &'a str, events: i64, first: Micros, last: Micros) -> Tag<'a> {
        Tag { key, value, seen: Seen { events, first, last } }
    }

    #[test]
    fn a_pack_reads_back() {
        let long = "ü".repeat(100);
        let tags = [
            tag("", "", 1, 7, 7),
            tag("a", "", 1 << 40, -5, 1_764_000_000_000_000),
            tag("a", "b", 3, i64::MIN, i64::MAX),
            tag("level", &long, 300, 0, 0),
        ];
        for loose in [Loose::None, Loose::Some, Loose::All] {
            for count in 0..=tags.len() {
                let pack = Pack { loose, tags: tags[..count].to_vec() };
                assert_eq!(Pack::read(&pack.write()).unwrap(), pack);
            }
        }
    }

    #[test]
    fn a_dozen_tags_take_little() {
        let at = 1_764_000_000_000_000;
        let keys: Vec<String> = (0..12).map(|n| format!("key_{n:02}")).collect();
        let tags = keys.iter().map(|key| tag(key, "value", 3, at, at + 9)).collect();
        let bytes = Pack { loose: Loose::None, tags }.write();
        assert_eq!(bytes.len(), 1 + 8 + 8 + 12 * (1 + 6 + 1 + 1 + 5 + 1 + 1 + 1), "{}", bytes.len());
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_as_something() {
        let whole =
            Pack { loose: Loose::Some, tags: vec![tag("a", "b", 1, 2, 3), tag("c", "d", 4, 5, 6)] }.write();
        for at in 0..whole.len() {
            let _ = Pack::read(&whole[..at]);
            for byte in 0..=255 {
                let mut bytes = whole.clone();
                bytes[at] = byte;
                let _ = Pack::read(&bytes);
            }
        }
        assert!(Pack::read(&[]).is_err() && Pack::read(&[3, 0, 0]).is_err());
        assert!(Pack::read(&whole[..whole.len() - 1]).is_err());
        // What the migration writes.
        assert_eq!(Pack::read(&[2, 0, 0]).unwrap(), Pack { loose: Loose::All, tags: Vec::new() });
    }
}
