use super::notes::{Notes, Path};
use super::{Level, request, text};
use crate::json::{Map, Value};

/// Longest key and value, in characters.
const MAX_KEY: usize = 200;
const MAX_VALUE: usize = 200;
/// Tags of the client's own, at most; what comes first stays.
const MAX_TAGS: usize = 200;

/// Collects the client's tags; a map and a list of pairs are both accepted, later ones win.
pub(super) fn collect(body: &mut Map, notes: &mut Notes) -> Tags {
    let path = Path::root("tags");
    let mut tags = Tags(Vec::new());
    match body.remove("tags") {
        None | Some(Value::Null) => {}
        Some(Value::Object(map)) => map.iter().for_each(|(key, value)| tags.client(key, value, &path, notes)),
        Some(Value::Array(pairs)) => {
            for (index, pair) in pairs.iter().enumerate() {
                let key = pair.get(0).or(pair.get("key")).and_then(text::scalar);
                match (key, pair.get(1).or(pair.get("value"))) {
                    (Some(key), Some(value)) => tags.client(&key, value, &path, notes),
                    _ => notes.invalid(&path.index(index), Some(pair), "expected [key, value]"),
                }
            }
        }
        Some(other) => notes.invalid(&path, Some(&other), "expected a map or a list of pairs"),
    }
    if tags.0.len() > MAX_TAGS {
        notes.cut_items(&path, tags.0.len());
        tags.0.truncate(MAX_TAGS);
    }
    tags
}

/// What the tags that every event gets are made of.
pub(super) struct Derived<'a> {
    pub(super) level: Level,
    pub(super) environment: &'a str,
    pub(super) release: Option<&'a str>,
    pub(super) dist: Option<&'a str>,
    pub(super) server_name: Option<&'a str>,
    pub(super) transaction: Option<&'a str>,
    pub(super) logger: Option<&'a str>,
    pub(super) user: Option<&'a str>,
}

/// A set of tags under construction.
pub(super) struct Tags(Vec<(String, String)>);

impl Tags {
    /// The value of a tag.
    pub(super) fn find(&self, key: &str) -> Option<&str> {
        self.0.iter().rev().find(|(known, _)| known == key).map(|(_, value)| value.as_str())
    }

    /// Adds the tags derived from the event's other fields, which win over the client's.
    pub(super) fn derive(&mut self, body: &Map, derived: &Derived<'_>) {
        self.set("level", Some(derived.level.as_str()));
        self.set("environment", Some(derived.environment));
        self.set("release", derived.release);
        self.set("dist", derived.dist);
        self.set("server_name", derived.server_name);
        self.set("transaction", derived.transaction);
        self.set("logger", derived.logger);
        self.set("user", derived.user);
        self.set("url", request::url(body));
        self.contexts(body);
        let mechanisms = body.get("exception").and_then(|v| v.get("values")).and_then(Value::as_array);
        // The one that was caught comes last, and says whether anybody caught it.
        if let Some(mechanism) =
            mechanisms.and_then(|list| list.iter().rev().find_map(|e| e.get("mechanism")))
        {
            self.set("mechanism", text::trimmed_str(mechanism.get("type")));
            let handled = mechanism.get("handled").and_then(Value::as_bool);
            self.set("handled", handled.map(|handled| if handled { "yes" } else { "no" }));
        }
    }

    /// Sorted by key, one value per key.
    pub(super) fn finish(mut self) -> Vec<(String, String)> {
        // A stable sort keeps the later of two equal keys last; it is the one to stay.
        self.0.sort_by(|a, b| a.0.cmp(&b.0));
        self.0.reverse();
        self.0.dedup_by(|next, kept| next.0 == kept.0);
        self.0.reverse();
        self.0
    }

    fn client(&mut self, key: &str, value: &Value, path: &Path<'_>, notes: &mut Notes) {
        let key = key.trim();
        if key.is_empty() || value.is_null() {
            return;
        }
        match text::scalar(value) {
            Some(value) => self.set(key, Some(&value)),
            None if value.is_string() => {}
            None => notes.invalid(&path.name(key), Some(value), "expected a text"),
        }
    }

    fn contexts(&mut self, body: &Map) {
        let Some(contexts) = body.get("contexts").and_then(Value::as_object) else { return };
        for (alias, context) in contexts {
            let kind = context.get("type").and_then(Value::as_str).unwrap_or(alias);
            let name = text::trimmed_str(context.get("name"));
            let version = text::trimmed_str(context.get("version"));
            let (full, short) = match kind {
                "os" if alias == "os" => ("os", "os.name"),
                "os" | "client_os" if alias == "client_os" => ("client_os", "client_os.name"),
                "runtime" => ("runtime", "runtime.name"),
                "browser" => ("browser", "browser.name"),
                "device" => {
                    self.set("device", text::trimmed_str(context.get("model")));
                    self.set("device.family", text::trimmed_str(context.get("family")));
                    continue;
                }
                _ => continue,
            };
            if self.0.iter().any(|(key, _)| key == short) {
                continue;
            }
            if let Some(name) = name {
                let joined = version.map_or_else(|| name.to_owned(), |version| format!("{name} {version}"));
                self.set(full, Some(&joined));
                self.set(short, Some(name));
            }
        }
    }

    fn set(&mut self, key: &str, value: Option<&str>) {
        let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) else { return };
        self.0.push((one_line(key, MAX_KEY), one_line(value, MAX_VALUE)));
    }
}

fn one_line(text: &str, max: usize) -> String {
    let short = super::shorten(text, max);
    if short.contains(['\n', '\r']) { short.replace(['\n', '\r'], " ") } else { short }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn tags(value: Value) -> Vec<(String, String)> {
        let mut body = Map::from_iter([("tags".to_owned(), value)]);
        collect(&mut body, &mut Notes::default()).finish()
    }

    fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
        list.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn maps_and_pairs_become_sorted_unique_texts() {
        assert_eq!(
            tags(json!({"b": 1, "a": "x\ny", "c": null, "d": ""})),
            pairs(&[("a", "x y"), ("b", "1")])
        );
        assert_eq!(
            tags(json!([["k", "1"], ["a", true], ["k", "2"], "odd"])),
            pairs(&[("a", "true"), ("k", "2")])
        );
        assert_eq!(tags(json!("odd")), pairs(&[]));
        assert_eq!(tags(json!({"k": "x".repeat(300)}))[0].1.chars().count(), 200);
    }

    #[test]
    fn contexts_and_mechanism_give_tags() {
        let body = json!({
            "contexts": {
                "os": {"name": "Linux", "version": "6.1"}, "rust": {"type": "runtime", "name": "rustc", "version": "1.95"},
                "client_os": {"type": "os", "name": "iOS"},
            },
            "exception": {"values": [{"type": "A"}, {"type": "B", "mechanism": {"type": "panic", "handled": false}}]},
        });
        let mut tags = Tags(Vec::new());
        tags.derive(
            body.as_object().unwrap(),
            &Derived {
                level: Level::Fatal,
                environment: "production",
                release: None,
                dist: None,
                server_name: None,
                transaction: None,
                logger: None,
                user: Some("id:1"),
            },
        );
        assert_eq!(tags.find("os"), Some("Linux 6.1"));
        assert_eq!((tags.find("client_os"), tags.find("client_os.name")), (Some("iOS"), Some("iOS")));
        assert_eq!(tags.find("runtime.name"), Some("rustc"));
        assert_eq!(tags.find("handled"), Some("no"));
        assert_eq!(tags.find("user"), Some("id:1"));
    }
}
