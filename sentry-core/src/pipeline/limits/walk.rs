//! One pass over open values that masks secrets and keeps within sizes and depths.

use std::sync::Arc;

use super::meta::{ELLIPSIS, Meta, Path};
use super::size::LEAST;
use crate::pipeline::scrub::{FILTERED, Place, Scrubber, prefix};
use crate::protocol::data::Entries;
use crate::protocol::{Map, Value};
use crate::text::Text;

/// How much of an object or list may stay.
#[derive(Debug, Clone, Copy)]
pub(super) struct Room {
    /// About as many bytes of JSON; what comes first stays.
    pub(super) bytes: usize,
    /// Objects and lists inside of one another.
    pub(super) levels: usize,
}

impl Room {
    fn take(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes);
    }
}

/// The rules of the client, and the notes of the event.
pub(super) struct Walk<'a> {
    pub(super) scrub: &'a Scrubber,
    pub(super) meta: Meta,
}

impl Walk<'_> {
    /// Masks and cuts in place.
    pub(super) fn map(&mut self, place: Place, map: &mut impl Entries, room: &mut Room, path: &Path<'_>) {
        let mut kept = 0;
        for (key, value) in map.entries_mut() {
            if room.bytes < key.len() + LEAST {
                break;
            }
            room.take(key.len() + 4);
            self.entry(place, key, value, room, &path.key(key));
            kept += 1;
        }
        keep_first(map, kept, &mut self.meta, path);
    }

    /// The same for an object that events and scopes share: it is copied only if something has to change.
    pub(super) fn shared(&mut self, place: Place, map: &mut Arc<Map>, room: &mut Room, path: &Path<'_>) {
        if !self.is_in_order(place, map, room) {
            self.map(place, Arc::make_mut(map), room, path);
        }
    }

    /// True if nothing of it has to change; then it has taken its room.
    pub(super) fn is_in_order(&self, place: Place, map: &Map, room: &mut Room) -> bool {
        let mut left = *room;
        let fits = self.fits(place, map, &mut left);
        if fits {
            *room = left;
        }
        fits
    }

    /// Masks the value of a key, or what is inside of it.
    pub(super) fn entry(
        &mut self,
        place: Place,
        key: &str,
        value: &mut Value,
        room: &mut Room,
        path: &Path<'_>,
    ) {
        if self.scrub.is_secret(place, key) {
            *value = FILTERED.into();
            room.take(FILTERED.len());
            return;
        }
        self.value(place, key, value, room, path);
    }

    fn value(&mut self, place: Place, key: &str, value: &mut Value, room: &mut Room, path: &Path<'_>) {
        let entries = match value {
            Value::String(text) => return self.string(place, key, text, room, path),
            Value::Object(map) => map.len(),
            Value::Array(list) => list.len(),
            _ => return room.take(SCALAR),
        };
        room.take(2);
        if entries == 0 {
            return;
        }
        if room.levels == 0 {
            *value = Value::Null;
            return self.meta.removed(path, entries);
        }
        room.levels -= 1;
        match value {
            Value::Object(map) => self.map(place, map, room, path),
            Value::Array(list) => self.list(place, key, list, room, path),
            _ => {}
        }
        room.levels += 1;
    }

    /// A list: what comes first stays. `key` is that of the list.
    pub(super) fn list(
        &mut self,
        place: Place,
        key: &str,
        list: &mut Vec<Value>,
        room: &mut Room,
        path: &Path<'_>,
    ) {
        let mut kept = 0;
        for item in list.iter_mut() {
            if room.bytes < LEAST {
                break;
            }
            self.list_item(place, key, item, room, &path.index(kept));
            kept += 1;
        }
        let total = list.len();
        if kept < total {
            list.truncate(kept);
            self.meta.removed(path, total);
        }
    }

    /// What was collected as an object or a list of pairs.
    pub(super) fn collected(&mut self, place: Place, value: &mut Value, room: &mut Room, path: &Path<'_>) {
        self.value(place, "", value, room, path);
    }

    /// Cuts a text that is masked already.
    pub(super) fn fit(&mut self, value: &mut Value, room: &mut Room, path: &Path<'_>) {
        if let Value::String(text) = value {
            self.cut(text, room, path);
        }
    }

    /// In a list of pairs the first of two texts is a key.
    fn list_item(&mut self, place: Place, key: &str, item: &mut Value, room: &mut Room, path: &Path<'_>) {
        if let Value::Array(pair) = item
            && let [Value::String(name), value] = pair.as_mut_slice()
            && self.scrub.is_secret(place, name)
        {
            *value = FILTERED.into();
        }
        self.value(place, key, item, room, path);
    }

    fn string(&mut self, place: Place, key: &str, text: &mut String, room: &mut Room, path: &Path<'_>) {
        if let Some(masked) = self.scrub.keyed_text(place, key, text, room.bytes) {
            *text = masked;
        }
        self.cut(text, room, path);
    }

    fn cut(&mut self, text: &mut String, room: &mut Room, path: &Path<'_>) {
        if text.len() + 2 > room.bytes {
            let kept = prefix(text, room.bytes.saturating_sub(2 + ELLIPSIS.len()));
            let cut = format!("{kept}{ELLIPSIS}");
            self.meta.shortened(path, text.chars().count(), kept.chars().count());
            *text = cut;
        }
        room.take(text.len() + 3);
    }

    /// True if [`map`](Self::map) would change nothing.
    pub(super) fn fits(&self, place: Place, map: &impl Entries, room: &mut Room) -> bool {
        map.entries().all(|(key, value)| {
            !self.scrub.is_secret(place, key)
                && key_fits(key, room)
                && self.value_fits(place, key, value, room)
        })
    }

    fn value_fits(&self, place: Place, key: &str, value: &Value, room: &mut Room) -> bool {
        match value {
            Value::String(text) => text_fits(self.scrub, place, key, text, room),
            Value::Object(map) => {
                room.take(2);
                self.inside(room, map.is_empty(), |room| self.fits(place, map, room))
            }
            Value::Array(list) => {
                room.take(2);
                let secret = |item: &Value| match item {
                    Value::Array(pair) => match pair.as_slice() {
                        [Value::String(name), _] => self.scrub.is_secret(place, name),
                        _ => false,
                    },
                    _ => false,
                };
                self.inside(room, list.is_empty(), |room| {
                    list.iter().all(|item| {
                        room.bytes >= LEAST && !secret(item) && self.value_fits(place, key, item, room)
                    })
                })
            }
            _ => scalar_fits(room),
        }
    }

    fn inside(&self, room: &mut Room, is_empty: bool, fits: impl FnOnce(&mut Room) -> bool) -> bool {
        if is_empty {
            return true;
        }
        if room.levels == 0 {
            return false;
        }
        room.levels -= 1;
        let fits = fits(room);
        room.levels += 1;
        fits
    }

    /// Free text of at most `max` characters.
    pub(super) fn free(&mut self, text: &mut Option<Text>, max: usize, path: &Path<'_>) {
        let Some(long) = text else { return };
        let keep = cut_at(long, max).unwrap_or(long.len());
        if let Some(masked) = self.scrub.free_text(long, keep) {
            *text = Some(masked.into());
        }
        self.short(text, max, path);
    }

    /// Text of at most `max` characters.
    pub(super) fn short(&mut self, text: &mut Option<Text>, max: usize, path: &Path<'_>) {
        if let Some(long) = text
            && let Some(cut) = self.shorter(long, max, path)
        {
            *text = Some(cut);
        }
    }

    /// The text cut to `max` characters, if it is longer.
    pub(super) fn shorter(&mut self, text: &str, max: usize, path: &Path<'_>) -> Option<Text> {
        cut_at(text, max)?;
        let kept = max.saturating_sub(ELLIPSIS.len());
        let end = cut_at(text, kept).unwrap_or(text.len());
        self.meta.shortened(path, text.chars().count(), kept);
        Some(format!("{}{ELLIPSIS}", &text[..end]).into())
    }
}

/// True if there is room for one more entry; what its key needs is taken.
pub(super) fn key_fits(key: &str, room: &mut Room) -> bool {
    if room.bytes < key.len() + LEAST {
        return false;
    }
    room.take(key.len() + 4);
    true
}

/// True if a text may stay as it is; its room is taken.
pub(super) fn text_fits(scrub: &Scrubber, place: Place, key: &str, text: &str, room: &mut Room) -> bool {
    let fits = text.len() + 2 <= room.bytes && scrub.keyed_text(place, key, text, room.bytes).is_none();
    room.take(text.len() + 3);
    fits
}

/// A number, a flag or `null` stays; its room is taken.
pub(super) fn scalar_fits(room: &mut Room) -> bool {
    room.take(SCALAR);
    true
}

/// Removes all but the first entries of an object.
pub(super) fn keep_first(map: &mut impl Entries, kept: usize, meta: &mut Meta, path: &Path<'_>) {
    let total = map.count();
    if kept < total {
        map.cut_to(kept, drop);
        meta.removed(path, total);
    }
}

/// Where the character after the first `max` begins; `None` if there is none.
fn cut_at(text: &str, max: usize) -> Option<usize> {
    if text.len() <= max {
        return None;
    }
    text.char_indices().nth(max).map(|(at, _)| at)
}

/// What a number, a flag or `null` is taken for.
const SCALAR: usize = 6;
