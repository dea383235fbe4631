//! Whole stacks that were read before: most errors are thrown where others were.

use std::sync::Arc;

use serde_json::value::RawValue;
use watchpost_core::Stacktrace;

use crate::site::Sites;

/// Places for stacks. A stack takes the place of another whose text falls on the same.
const PLACES: usize = 256;
/// Longer texts are not kept.
const LONGEST_TEXT: usize = 16 * 1024;
/// Longer lists are not made.
const LONGEST_LIST: usize = 256 * 1024;
/// Bytes of texts and lists that are kept; then all are forgotten.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Stacks by the lines of their texts, within a bound.
#[derive(Debug, Default)]
pub(crate) struct Wholes {
    /// Empty until there is one to keep.
    places: Vec<Option<Whole>>,
    bytes: usize,
}

#[derive(Debug)]
struct Whole {
    text: Box<str>,
    sites: Sites,
    list: List,
}

#[derive(Debug)]
enum List {
    /// The stack was met once: many are met never again.
    Unmade,
    TooLong,
    Made(Arc<RawValue>),
}

impl Wholes {
    /// The stack of these lines, if it was kept.
    pub(crate) fn find(&mut self, text: &str) -> Option<Stacktrace> {
        let whole = self.places.get_mut(place(text))?.as_mut()?;
        if *whole.text != *text {
            return None;
        }
        if let List::Unmade = whole.list {
            whole.list = match whole.sites.list(LONGEST_LIST) {
                Some(list) => {
                    self.bytes += list.get().len();
                    List::Made(list)
                }
                None => List::TooLong,
            };
        }
        Some(match &whole.list {
            List::Made(list) => whole.sites.listed(Arc::clone(list)),
            List::Unmade | List::TooLong => whole.sites.stacktrace(),
        })
    }

    /// Keeps what these lines stand for.
    pub(crate) fn keep(&mut self, text: &str, sites: Sites) {
        if text.len() > LONGEST_TEXT {
            return;
        }
        if self.bytes > MOST_BYTES {
            self.clear();
        }
        if self.places.is_empty() {
            self.places.resize_with(PLACES, || None);
        }
        if let Some(place) = self.places.get_mut(place(text)) {
            let before = place.replace(Whole { text: text.into(), sites, list: List::Unmade });
            self.bytes += text.len();
            self.bytes -= before.map_or(0, |whole| whole.bytes());
        }
    }

    /// Forgets all of them: the sites that they are made of are to go.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Whole {
    fn bytes(&self) -> usize {
        self.text.len() + if let List::Made(list) = &self.list { list.get().len() } else { 0 }
    }
}

/// Where a text falls. Far cheaper than a hash that withstands whoever chooses the texts: all that he gains is that one stack
/// takes the place of another.
fn place(text: &str) -> usize {
    const ODD: u64 = 0x9E37_79B9_7F4A_7C15;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let rest = rest.iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
    let words = words.iter().map(|word| u64::from_le_bytes(*word));
    let mixed =
        words.chain([rest]).fold(0_u64, |mixed, word| (mixed.rotate_left(5) ^ word).wrapping_mul(ODD));
    (mixed >> 56) as usize
}
