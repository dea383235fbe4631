//! `_meta`: what was cut, noted where it stood.

use serde_json::json;

use crate::pipeline::scrub::prefix;
use crate::protocol::{Event, Map, Value};

/// A place in an event, from the inside out. Lives on the stack: a place that is never noted costs nothing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    step: Step<'a>,
}

#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) const fn root(key: &'a str) -> Self {
        Self { parent: None, step: Step::Key(key) }
    }

    pub(super) const fn key(&'a self, key: &'a str) -> Self {
        Self { parent: Some(self), step: Step::Key(key) }
    }

    pub(super) const fn index(&'a self, index: usize) -> Self {
        Self { parent: Some(self), step: Step::Index(index) }
    }
}

/// Notes of one event. Only the forms `rem` and `len` are used (`_meta`, event payload, published spec).
#[derive(Debug, Default)]
pub(super) struct Meta {
    notes: Map,
    count: usize,
}

/// More notes than these are not written: a hostile event would else consist of notes.
const MAX_NOTES: usize = 200;

impl Meta {
    /// Entries were removed from a list or an object of `length` entries, or a value of that length was.
    pub(super) fn removed(&mut self, path: &Path<'_>, length: usize) {
        self.note(path, json!({"rem": [["!limit", "x"]], "len": length}));
    }

    /// The options do not let the value through.
    pub(super) fn forbidden(&mut self, path: &Path<'_>, length: usize) {
        self.note(path, json!({"rem": [["!config", "x"]], "len": length}));
    }

    /// The same for what was never held; its length, if it is known.
    pub(super) fn not_kept(&mut self, path: &Path<'_>, length: Option<u64>) {
        let mut note = json!({"rem": [["!config", "x"]]});
        if let Some(length) = length {
            note["len"] = length.into();
        }
        self.note(path, note);
    }

    /// A text of `length` characters was cut, and an ellipsis stands from `kept` on.
    pub(super) fn shortened(&mut self, path: &Path<'_>, length: usize, kept: usize) {
        self.note(path, json!({"rem": [["!limit", "s", kept, kept + ELLIPSIS.len()]], "len": length}));
    }

    fn note(&mut self, path: &Path<'_>, remark: Value) {
        if self.count == MAX_NOTES {
            return;
        }
        self.count += 1;
        if let Some(at) = place(&mut self.notes, path) {
            at.insert(String::new(), remark);
        }
    }

    /// Adds the notes to those that the event came with.
    pub(super) fn write(self, event: &mut Event) {
        if self.notes.is_empty() {
            return;
        }
        let own = event.other.entry("_meta").or_insert_with(|| Value::Object(Map::new()));
        if let Value::Object(own) = own {
            merge(own, self.notes);
        }
    }
}

fn place<'m>(notes: &'m mut Map, path: &Path<'_>) -> Option<&'m mut Map> {
    let parent = match path.parent {
        Some(parent) => place(notes, parent)?,
        None => notes,
    };
    let key = match path.step {
        Step::Key(key) => prefix(key, MAX_KEY).to_owned(),
        Step::Index(index) => index.to_string(),
    };
    parent.entry(key).or_insert_with(|| Value::Object(Map::new())).as_object_mut()
}

fn merge(own: &mut Map, notes: Map) {
    for (key, note) in notes {
        match (own.get_mut(&key), note) {
            (Some(Value::Object(own)), Value::Object(note)) if !key.is_empty() => merge(own, note),
            (_, note) => drop(own.insert(key, note)),
        }
    }
}

/// What stands at the end of a text that was cut.
pub(super) const ELLIPSIS: &str = "...";
const MAX_KEY: usize = 256;
