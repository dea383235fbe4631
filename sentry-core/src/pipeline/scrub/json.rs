//! Masking in payloads of other clients, which arrive as JSON in the shapes of the protocol.

use super::json_tree::{JsonMap, JsonParts, JsonTree};
use super::{FILTERED, Place, Scrubber};
use crate::options::ScrubPatterns;
use crate::text::Text;

/// Masks secrets in events, spans, logs and metrics that are JSON: what a server does for clients of every kind.
///
/// The same rules as for events of this client. Every shape that a list or a map may have on the wire is looked into;
/// what has none of them is left alone. What cannot be told apart stays: a server must not lose what it cannot read.
#[derive(Debug, Clone)]
pub struct JsonScrubber {
    rules: Scrubber,
    safe: Vec<Text>,
}

impl JsonScrubber {
    /// `sanitize_fields` are masked wherever they stand, `safe_fields` (whole keys, in any case) never;
    /// `keep_addresses` keeps the addresses of people.
    pub fn new(
        sanitize_fields: &[Text],
        safe_fields: &[Text],
        patterns: ScrubPatterns,
        keep_addresses: bool,
    ) -> Self {
        let rules = Scrubber::new(None, keep_addresses, sanitize_fields, patterns);
        Self { rules, safe: safe_fields.to_vec() }
    }

    /// Masks an event or transaction in place.
    pub fn event<M>(&self, event: &mut M)
    where
        M: JsonMap,
        M::Tree: JsonTree<Map = M>,
    {
        for (key, value) in event.entries() {
            match key {
                "extra" => self.value(Place::Data, key, value),
                "contexts" => self.contexts(value),
                "tags" => self.value(Place::Own, key, value),
                "user" => self.value(Place::User, key, value),
                "request" => self.request(value),
                "exception" | "threads" => each(value, |entry| self.stack_owner::<M::Tree>(entry)),
                "stacktrace" => self.stack(value),
                "breadcrumbs" => each(value, |crumb| self.trail::<M::Tree>(crumb, &["message"])),
                "spans" => each(value, |span| self.trail::<M::Tree>(span, &["description"])),
                "logentry" | "message" => self.logentry(value),
                _ => {}
            }
        }
    }

    /// Masks the attributes of a span, log or metric in place. True if something changed.
    pub fn attributes<M>(&self, attributes: &mut M) -> bool
    where
        M: JsonMap,
        M::Tree: JsonTree<Map = M>,
    {
        let mut changed = false;
        for (key, attribute) in attributes.entries() {
            let typed = match attribute.parts() {
                JsonParts::Map(typed) => typed.get_mut("value").map(|value| self.attribute(key, value)),
                _ => None,
            };
            changed |= typed.unwrap_or_else(|| self.attribute(key, attribute));
        }
        changed
    }

    fn attribute<T: JsonTree>(&self, key: &str, value: &mut T) -> bool {
        if self.is_secret(Place::Trail, key) {
            let changed = value.as_str() != Some(FILTERED);
            *value = FILTERED.into();
            return changed;
        }
        let JsonParts::Text(text) = value.parts() else { return false };
        let Some(masked) = self.rules.keyed_text(Place::Trail, key, text, usize::MAX) else { return false };
        *text = masked;
        true
    }

    /// Masks what looks like a secret in a text without a key, if the rules ask for it. True if something changed.
    pub fn free_text(&self, text: &mut String) -> bool {
        match self.rules.free_text(text, usize::MAX) {
            Some(masked) => {
                *text = masked;
                true
            }
            None => false,
        }
    }

    fn is_secret(&self, place: Place, key: &str) -> bool {
        self.rules.is_secret(place, key) && !self.safe.iter().any(|safe| safe.eq_ignore_ascii_case(key))
    }

    fn contexts<T: JsonTree>(&self, contexts: &mut T) {
        let JsonParts::Map(contexts) = contexts.parts() else { return };
        for (name, context) in contexts.entries() {
            match name {
                "response" => match context.parts() {
                    JsonParts::Map(response) => {
                        self.part(Place::ResponseHeader, "headers", response.get_mut("headers"));
                        self.part(Place::Cookie, "cookies", response.get_mut("cookies"));
                        self.part(Place::Body, "data", response.get_mut("data"));
                    }
                    _ => self.value(Place::Data, "", context),
                },
                // What a user says is meant to be read.
                "feedback" => {}
                // A context's name is no key of a secret: it is called `session` or `key` by who made it.
                _ => self.value(Place::Data, "", context),
            }
        }
    }

    fn request<T: JsonTree>(&self, request: &mut T) {
        let JsonParts::Map(request) = request.parts() else { return };
        for (key, value) in request.entries() {
            match (key, value.parts()) {
                ("headers", _) => self.value(Place::RequestHeader, "", value),
                // Cookies that are no pairs cannot be masked one by one.
                ("cookies", JsonParts::Text(text)) if !text.contains('=') => {}
                ("cookies", JsonParts::Text(text)) => put(self.rules.cookies(text, usize::MAX), text),
                ("cookies", _) => self.value(Place::Cookie, "", value),
                ("query_string", JsonParts::Text(text)) => {
                    put(self.rules.query_string(text, usize::MAX), text);
                }
                ("query_string", _) => self.value(Place::Query, "", value),
                ("url", JsonParts::Text(text)) => put(self.rules.url(text, usize::MAX), text),
                ("data", _) => self.value(Place::Body, "", value),
                ("env", _) => self.value(Place::Environment, "", value),
                _ => {}
            }
        }
    }

    fn part<T: JsonTree>(&self, place: Place, key: &str, value: Option<&mut T>) {
        if let Some(value) = value {
            self.value(place, key, value);
        }
    }

    fn stack_owner<T: JsonTree>(&self, owner: &mut T::Map) {
        if let Some(JsonParts::Text(text)) = owner.get_mut("value").map(JsonTree::parts) {
            self.free_text(text);
        }
        for key in ["stacktrace", "raw_stacktrace"] {
            if let Some(stack) = owner.get_mut(key) {
                self.stack(stack);
            }
        }
        if let Some(JsonParts::Map(mechanism)) = owner.get_mut("mechanism").map(JsonTree::parts) {
            self.part(Place::Data, "", mechanism.get_mut("data"));
        }
    }

    fn stack<T: JsonTree>(&self, stack: &mut T) {
        let JsonParts::Map(stack) = stack.parts() else { return };
        let Some(JsonParts::List(frames)) = stack.get_mut("frames").map(JsonTree::parts) else { return };
        for frame in frames {
            if let JsonParts::Map(frame) = frame.parts() {
                self.part(Place::Data, "", frame.get_mut("vars"));
            }
        }
    }

    fn trail<T: JsonTree>(&self, entry: &mut T::Map, texts: &[&str]) {
        for key in texts {
            if let Some(JsonParts::Text(text)) = entry.get_mut(key).map(JsonTree::parts) {
                self.free_text(text);
            }
        }
        self.part(Place::Trail, "", entry.get_mut("data"));
        self.part(Place::Own, "", entry.get_mut("tags"));
    }

    fn logentry<T: JsonTree>(&self, entry: &mut T) {
        match entry.parts() {
            JsonParts::Text(text) => drop(self.free_text(text)),
            JsonParts::Map(parts) => {
                for key in ["formatted", "message"] {
                    if let Some(JsonParts::Text(text)) = parts.get_mut(key).map(JsonTree::parts) {
                        self.free_text(text);
                    }
                }
                self.part(Place::Data, "", parts.get_mut("params"));
            }
            _ => {}
        }
    }

    /// A map, a list of pairs or of anything else, or a text; `key` is what it stands under.
    fn value<T: JsonTree>(&self, place: Place, key: &str, value: &mut T) {
        match value.parts() {
            JsonParts::Map(map) => {
                for (key, value) in map.entries() {
                    if self.is_secret(place, key) {
                        mask(value);
                    } else {
                        self.value(place, key, value);
                    }
                }
            }
            JsonParts::List(list) => match list {
                [name, second] if name.as_str().is_some_and(|name| self.is_secret(place, name)) => {
                    mask(second);
                }
                list => list.iter_mut().for_each(|item| self.value(place, key, item)),
            },
            JsonParts::Text(text) => put(self.rules.keyed_text(place, key, text, usize::MAX), text),
            JsonParts::Other => {}
        }
    }
}

fn put(masked: Option<String>, text: &mut String) {
    if let Some(masked) = masked {
        *text = masked;
    }
}

/// Nothing to hide behind an empty value.
fn mask<T: JsonTree>(value: &mut T) {
    if !value.is_null() && value.as_str() != Some("") {
        *value = FILTERED.into();
    }
}

/// The entries of `{"values": [..]}`, of a list, or the only one.
fn each<T: JsonTree>(value: &mut T, mut visit: impl FnMut(&mut T::Map)) {
    let list = match value.parts() {
        JsonParts::List(list) => list,
        JsonParts::Map(map) => {
            let is_list = |values: &mut T| matches!(values.parts(), JsonParts::List(_));
            if !map.get_mut("values").is_some_and(is_list) {
                return visit(map);
            }
            let Some(JsonParts::List(list)) = map.get_mut("values").map(JsonTree::parts) else { return };
            list
        }
        _ => return,
    };
    for entry in list {
        if let JsonParts::Map(entry) = entry.parts() {
            visit(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::protocol::{Map, Value};

    fn scrubbed(event: Value) -> Value {
        let scrubber =
            JsonScrubber::new(&["iban".into()], &["token_count".into()], ScrubPatterns::default(), true);
        let Value::Object(mut event) = event else { panic!("an object") };
        scrubber.event(&mut event);
        Value::Object(event)
    }

    #[test]
    fn secrets_are_masked_in_every_place_and_shape() {
        let event = scrubbed(json!({
            "extra": { "password": "x", "author": "Ann", "deep": [{ "api_key": 7 }], "token_count": 3, "secret": "" },
            "tags": [["my_iban", "DE1"], ["token", "kept: set on purpose"]],
            "contexts": { "session": { "a": 1 }, "response": { "headers": { "Set-Cookie": "a=1", "X-Auth": "x" } } },
            "user": { "id": "1", "email": "a@b.de", "iban": "DE1" },
            "request": { "headers": [["Authorization", "Bearer x"], ["Accept", "*/*"]], "query_string": "token=x&a=1",
                "url": "https://h/?session=x", "cookies": "sid=1; theme=dark", "data": "{\"password\":\"x\",\"a\":1}",
                "env": { "REMOTE_ADDR": "1.2.3.4" } },
            "exception": { "type": "A", "stacktrace": { "frames": [{ "vars": { "passwd": "x", "n": "1" } }] } },
            "breadcrumbs": [{ "data": { "http.query": "token=x" } }],
            "threads": { "values": [{ "stacktrace": { "frames": [{ "vars": { "secret": "x" } }] } }] },
            "spans": [{ "data": { "csrf": "x", "url": "https://h/?key=x" } }],
        }));
        assert_eq!(
            event["extra"],
            json!({ "password": FILTERED, "author": "Ann", "deep": [{ "api_key": FILTERED }], "token_count": 3, "secret": "" })
        );
        assert_eq!(event["tags"], json!([["my_iban", FILTERED], ["token", "kept: set on purpose"]]));
        assert_eq!(event["contexts"]["session"]["a"], 1);
        assert_eq!(event["contexts"]["response"]["headers"]["X-Auth"], FILTERED);
        assert_eq!(event["user"], json!({ "id": "1", "email": "a@b.de", "iban": FILTERED }));
        assert_eq!(event["request"]["headers"], json!([["Authorization", FILTERED], ["Accept", "*/*"]]));
        assert_eq!(event["request"]["query_string"], "token=[Filtered]&a=1");
        assert_eq!(event["request"]["url"], "https://h/?session=[Filtered]");
        assert_eq!(event["request"]["cookies"], "sid=[Filtered]; theme=dark");
        assert_eq!(event["request"]["data"], "{\"password\":\"[Filtered]\",\"a\":1}");
        assert_eq!(event["request"]["env"]["REMOTE_ADDR"], "1.2.3.4");
        assert_eq!(
            event["exception"]["stacktrace"]["frames"][0]["vars"],
            json!({ "passwd": FILTERED, "n": "1" })
        );
        assert_eq!(event["breadcrumbs"][0]["data"]["http.query"], "token=[Filtered]");
        assert_eq!(event["threads"]["values"][0]["stacktrace"]["frames"][0]["vars"]["secret"], FILTERED);
        assert_eq!(
            event["spans"][0]["data"],
            json!({ "csrf": FILTERED, "url": "https://h/?key=[Filtered]" })
        );
    }

    #[test]
    fn attributes_keep_their_type_beside_the_mask() {
        let scrubber =
            JsonScrubber::new(&[], &[], ScrubPatterns { cards: true, ..Default::default() }, false);
        let Value::Object(mut attributes) = json!({
            "api_key": { "value": "x", "type": "string" }, "n": { "value": 1, "type": "integer" }, "password": "x",
            "note": { "value": "card 4111 1111 1111 1111", "type": "string" },
        }) else {
            panic!("an object")
        };
        assert!(scrubber.attributes(&mut attributes));
        assert_eq!(attributes["api_key"], json!({ "value": FILTERED, "type": "string" }));
        assert_eq!(attributes["password"], FILTERED);
        assert_eq!(attributes["note"]["value"], "card [Filtered]");
        assert!(!scrubber.attributes(&mut attributes), "masked already");
        let mut text = "4111111111111111".to_owned();
        assert!(scrubber.free_text(&mut text) && text == FILTERED);
    }

    #[test]
    fn odd_shapes_are_left_alone() {
        for odd in [
            json!(1),
            json!("x"),
            json!([1, "a", null, [[]]]),
            json!({ "values": 3 }),
            json!({}),
            json!(null),
        ] {
            let keys = [
                "extra",
                "contexts",
                "tags",
                "user",
                "request",
                "exception",
                "threads",
                "breadcrumbs",
                "spans",
                "logentry",
                "message",
                "stacktrace",
            ];
            let event: Map = keys.iter().map(|key| ((*key).to_owned(), odd.clone())).collect();
            assert_eq!(scrubbed(Value::Object(event.clone())), Value::Object(event));
        }
    }
}
