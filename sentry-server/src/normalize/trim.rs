//! Limits on what one event may hold; every cut is noted in `_meta`.

use super::notes::{Notes, Path};
use super::text::floor_char;
use crate::json::{Map, Value};

/// Longest message, exception value or template, in bytes.
pub(super) const MESSAGE: usize = 8192;
/// Longest line of source code, in bytes.
pub(super) const CODE_LINE: usize = 1024;

/// How large one open interface may be.
#[derive(Clone, Copy)]
pub(super) struct Limit {
    /// Bytes of text, counted over keys and values.
    pub(super) bytes: usize,
    /// Bytes of each entry of the top level.
    pub(super) entry_bytes: usize,
    /// Levels of containers.
    pub(super) depth: usize,
}

pub(super) const EXTRA: Limit = Limit { bytes: 256 << 10, entry_bytes: 16 << 10, depth: 7 };
pub(super) const CONTEXTS: Limit = Limit { bytes: 256 << 10, entry_bytes: 8 << 10, depth: 7 };
pub(super) const MODULES: Limit = Limit { bytes: 64 << 10, entry_bytes: 512, depth: 2 };
pub(super) const REQUEST: Limit = Limit { bytes: 64 << 10, entry_bytes: 8 << 10, depth: 7 };
pub(super) const FRAME_VARS: Limit = Limit { bytes: 8 << 10, entry_bytes: 2 << 10, depth: 5 };
pub(super) const CRUMB_DATA: Limit = Limit { bytes: 8 << 10, entry_bytes: 4 << 10, depth: 5 };
pub(super) const USER: Limit = Limit { bytes: 8 << 10, entry_bytes: 2 << 10, depth: 5 };

/// Cuts an open map down to `limit`. Later entries are the ones to go.
pub(super) fn map(map: &mut Map, limit: Limit, path: &Path<'_>, notes: &mut Notes) {
    let mut left = limit.bytes;
    each_entry(map, |key, value| {
        let path = path.name(key);
        left = left.saturating_sub(key.len());
        let before = left.min(limit.entry_bytes);
        let mut entry_left = before;
        let keep = shrink(value, &mut entry_left, limit.depth - 1, &path, notes);
        left -= before - entry_left;
        keep
    });
}

/// Visits every entry and removes those for which `keep` is false.
fn each_entry(map: &mut Map, mut keep: impl FnMut(&str, &mut Value) -> bool) {
    let mut kept = Vec::new();
    for (index, (key, value)) in map.iter_mut().enumerate() {
        if !keep(key, value) {
            kept.resize(index, true);
            kept.push(false);
        }
    }
    // A map's own `retain` builds its index anew, which nearly no event needs.
    if !kept.is_empty() {
        let mut kept = kept.into_iter();
        map.retain(|_, _| kept.next().unwrap_or(true));
    }
}

/// Cuts the text at `key` to `max` bytes.
pub(super) fn text(map: &mut Map, key: &str, max: usize, path: &Path<'_>, notes: &mut Notes) {
    if let Some(Value::String(text)) = map.get_mut(key) {
        cut_text(text, max, &path.name(key), notes);
    }
}

pub(super) fn cut_text(text: &mut String, max: usize, path: &Path<'_>, notes: &mut Notes) {
    if text.len() > max {
        let length = text.len();
        text.truncate(floor_char(text, max.saturating_sub(3)));
        text.push_str("...");
        notes.cut_text(path, length, text.len());
    }
}

/// Spends `left` on `value`; false means that nothing of it fits.
fn shrink(value: &mut Value, left: &mut usize, depth: usize, path: &Path<'_>, notes: &mut Notes) -> bool {
    if *left == 0 {
        notes.removed(path);
        return false;
    }
    match value {
        Value::String(text) => {
            cut_text(text, (*left).max(4), path, notes);
            *left = left.saturating_sub(text.len().max(1));
        }
        Value::Array(_) | Value::Object(_) if depth == 0 => {
            // What is too deep becomes its own JSON text, so that it can still be read.
            let mut text = value.to_string();
            let length = text.len();
            cut_text(&mut text, (*left).clamp(4, 200), path, notes);
            if text.len() == length {
                notes.cut_items(path, length);
            }
            *left = left.saturating_sub(text.len());
            *value = Value::String(text);
        }
        Value::Array(items) => {
            let length = items.len();
            let mut index = 0;
            items.retain_mut(|item| {
                index += 1;
                *left > 0 && shrink(item, left, depth - 1, &path.index(index - 1), notes)
            });
            if items.len() < length {
                notes.cut_items(path, length);
            }
        }
        Value::Object(map) => {
            let length = map.len();
            each_entry(map, |key, item| {
                *left = left.saturating_sub(key.len());
                *left > 0 && shrink(item, left, depth - 1, &path.name(key), notes)
            });
            if map.len() < length {
                notes.cut_items(path, length);
            }
        }
        _ => *left = left.saturating_sub(5),
    }
    true
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn trimmed(value: Value, limit: Limit) -> (Value, Value) {
        let Value::Object(mut bag) = value else { panic!() };
        let mut notes = Notes::default();
        map(&mut bag, limit, &Path::root("extra"), &mut notes);
        let mut meta = Map::new();
        notes.write(&mut meta);
        (Value::Object(bag), meta.remove("_meta").unwrap_or_default())
    }

    #[test]
    fn small_bags_stay_as_they_are() {
        let bag = json!({"a": {"b": [1, "two", null]}, "c": true});
        assert_eq!(trimmed(bag.clone(), EXTRA), (bag, Value::Null));
    }

    #[test]
    fn long_text_is_cut_between_characters_and_noted() {
        let limit = Limit { bytes: 100, entry_bytes: 10, depth: 3 };
        let (bag, meta) = trimmed(json!({"log": "ääääääää"}), limit);
        assert_eq!(bag["log"], "äää...");
        assert_eq!(meta["extra"]["log"][""]["len"], 16);
    }

    #[test]
    fn depth_and_size_are_bounded() {
        let (bag, _) = trimmed(json!({"a": {"b": {"c": {"d": 1}}}}), Limit { depth: 3, ..EXTRA });
        assert_eq!(bag, json!({"a": {"b": {"c": "{\"d\":1}"}}}));
        let many = json!({"list": vec!["x".repeat(100); 1000]});
        let (bag, meta) = trimmed(many, EXTRA);
        assert!(bag.to_string().len() < 18_000);
        assert_eq!(meta["extra"]["list"][""]["len"], 1000);
    }
}
