use crate::json::{Map, Value, json};

/// Where in the event something is, as a chain of borrowed keys; costs nothing unless something is noted.
#[derive(Clone, Copy)]
pub(super) struct Path<'a> {
    parent: Option<&'a Path<'a>>,
    key: Key<'a>,
}

#[derive(Clone, Copy)]
enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> Path<'a> {
    pub(super) fn root(name: &'a str) -> Self {
        Self { parent: None, key: Key::Name(name) }
    }

    pub(super) fn name(&'a self, name: &'a str) -> Path<'a> {
        Path { parent: Some(self), key: Key::Name(name) }
    }

    pub(super) fn index(&'a self, index: usize) -> Path<'a> {
        Path { parent: Some(self), key: Key::Index(index) }
    }

    fn keys(&self) -> Vec<String> {
        let mut keys = self.parent.map(Path::keys).unwrap_or_default();
        keys.push(match self.key {
            Key::Name(name) => name.to_owned(),
            Key::Index(index) => index.to_string(),
        });
        keys
    }
}

/// What normalising had to change: problems go to the event's `errors`, cuts to its `_meta`.
#[derive(Default)]
pub(super) struct Notes {
    errors: Vec<Value>,
    cuts: Vec<(Vec<String>, Value)>,
}

/// A client can make every field wrong; more than this many notes help nobody.
const MAX_NOTES: usize = 100;

impl Notes {
    /// A value that could not be understood and was dropped or replaced.
    pub(super) fn invalid(&mut self, path: &Path<'_>, value: Option<&Value>, reason: &str) {
        self.error("invalid_data", path, value, reason);
    }

    pub(super) fn error(&mut self, kind: &str, path: &Path<'_>, value: Option<&Value>, reason: &str) {
        if self.errors.len() == MAX_NOTES {
            return;
        }
        let mut error = json!({"type": kind, "name": path.keys().join("."), "reason": reason});
        // Only scalars: a dropped object may be as large as the event.
        if let Some(value) = value.filter(|v| !v.is_object() && !v.is_array()) {
            let shown = value.as_str().map(|text| Value::from(super::shorten(text, 100)));
            error["value"] = shown.unwrap_or_else(|| value.clone());
        }
        self.errors.push(error);
    }

    /// A text cut from `length` bytes to `kept`.
    pub(super) fn cut_text(&mut self, path: &Path<'_>, length: usize, kept: usize) {
        self.cut(path, json!({"len": length, "rem": [["!limit", "s", kept - "...".len().min(kept), kept]]}));
    }

    /// A list or map of which only a part was kept; `length` is what it was before.
    pub(super) fn cut_items(&mut self, path: &Path<'_>, length: usize) {
        self.cut(path, json!({"len": length}));
    }

    /// A value removed whole.
    pub(super) fn removed(&mut self, path: &Path<'_>) {
        self.cut(path, json!({"rem": [["!limit", "x"]]}));
    }

    fn cut(&mut self, path: &Path<'_>, note: Value) {
        if self.cuts.len() < MAX_NOTES {
            self.cuts.push((path.keys(), note));
        }
    }

    /// Writes the notes into the event, beside what the client noted itself.
    pub(super) fn write(self, body: &mut Map) {
        if !self.errors.is_empty() {
            let errors = body.entry("errors").or_insert_with(|| json!([]));
            if !errors.is_array() {
                *errors = json!([]);
            }
            if let Value::Array(list) = errors {
                list.extend(self.errors);
            }
        }
        if body.get("_meta").is_some_and(|meta| !meta.is_object()) {
            body.remove("_meta");
        }
        if !self.cuts.is_empty() {
            let meta = body.entry("_meta").or_insert_with(|| json!({}));
            for (keys, note) in self.cuts {
                insert(meta, &keys, note);
            }
        }
    }
}

fn insert(meta: &mut Value, keys: &[String], note: Value) {
    if !meta.is_object() {
        *meta = json!({});
    }
    if let Value::Object(map) = meta {
        match keys.split_first() {
            None => {
                map.insert("".into(), note);
            }
            Some((key, rest)) => insert(map.entry(key.clone()).or_insert_with(|| json!({})), rest, note),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_keep_what_the_client_noted() {
        let mut notes = Notes::default();
        let extra = Path::root("extra");
        notes.cut_text(&extra.name("log"), 9000, 100);
        notes.invalid(&Path::root("level"), Some(&json!("loud")), "unknown level");
        let Value::Object(mut body) = json!({"_meta": {"extra": {"a": {"": {"len": 7}}}}, "errors": 3})
        else {
            return;
        };
        notes.write(&mut body);
        assert_eq!(body["_meta"]["extra"]["a"][""]["len"], 7);
        assert_eq!(
            body["_meta"]["extra"]["log"][""],
            json!({"len": 9000, "rem": [["!limit", "s", 97, 100]]})
        );
        assert_eq!(body["errors"][0]["name"], "level");
        assert_eq!(body["errors"][0]["value"], "loud");
    }
}
