//! Masking in payloads of other clients, which arrive as JSON in the shapes of the protocol.

use super::{FILTERED, Place, Scrubber};
use crate::options::ScrubPatterns;
use crate::protocol::{Map, Value};
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
    pub fn event(&self, event: &mut Map) {
        for (key, value) in event.iter_mut() {
            match key.as_str() {
                "extra" => self.value(Place::Data, key, value),
                "contexts" => self.contexts(value),
                "tags" => self.value(Place::Own, key, value),
                "user" => self.value(Place::User, key, value),
                "request" => self.request(value),
                "exception" | "threads" => each(value, |entry| self.stack_owner(entry)),
                "stacktrace" => self.stack(value),
                "breadcrumbs" => each(value, |crumb| self.trail(crumb, &["message"])),
                "spans" => each(value, |span| self.trail(span, &["description"])),
                "logentry" | "message" => self.logentry(value),
                _ => {}
            }
        }
    }

    /// Masks the attributes of a span, log or metric in place. True if something changed.
    pub fn attributes(&self, attributes: &mut Map) -> bool {
        let mut changed = false;
        for (key, attribute) in attributes.iter_mut() {
            let value = match attribute {
                Value::Object(typed) if typed.contains_key("value") => &mut typed["value"],
                plain => plain,
            };
            if self.is_secret(Place::Trail, key) {
                changed |= value.as_str() != Some(FILTERED);
                *value = FILTERED.into();
            } else if let Value::String(text) = value
                && let Some(masked) = self.rules.keyed_text(Place::Trail, key, text, usize::MAX)
            {
                *text = masked;
                changed = true;
            }
        }
        changed
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

    fn contexts(&self, contexts: &mut Value) {
        let Value::Object(contexts) = contexts else { return };
        for (name, context) in contexts.iter_mut() {
            match context {
                Value::Object(response) if name == "response" => {
                    self.part(Place::ResponseHeader, "headers", response.get_mut("headers"));
                    self.part(Place::Cookie, "cookies", response.get_mut("cookies"));
                    self.part(Place::Body, "data", response.get_mut("data"));
                }
                // What a user says is meant to be read.
                _ if name == "feedback" => {}
                // A context's name is no key of a secret: it is called `session` or `key` by who made it.
                context => self.value(Place::Data, "", context),
            }
        }
    }

    fn request(&self, request: &mut Value) {
        let Value::Object(request) = request else { return };
        for (key, value) in request.iter_mut() {
            match key.as_str() {
                "headers" => self.part(Place::RequestHeader, "", Some(value)),
                "cookies" => match value {
                    Value::String(text) => {
                        // Cookies that are no pairs cannot be masked one by one.
                        if text.contains('=')
                            && let Some(masked) = self.rules.cookies(text, usize::MAX)
                        {
                            *text = masked;
                        }
                    }
                    other => self.part(Place::Cookie, "", Some(other)),
                },
                "query_string" => match value {
                    Value::String(text) => {
                        if let Some(masked) = self.rules.query_string(text, usize::MAX) {
                            *text = masked;
                        }
                    }
                    other => self.part(Place::Query, "", Some(other)),
                },
                "url" => {
                    if let Value::String(text) = value
                        && let Some(masked) = self.rules.url(text, usize::MAX)
                    {
                        *text = masked;
                    }
                }
                "data" => self.part(Place::Body, "", Some(value)),
                "env" => self.part(Place::Environment, "", Some(value)),
                _ => {}
            }
        }
    }

    fn part(&self, place: Place, key: &str, value: Option<&mut Value>) {
        if let Some(value) = value {
            self.value(place, key, value);
        }
    }

    fn stack_owner(&self, owner: &mut Map) {
        if let Some(Value::String(text)) = owner.get_mut("value") {
            self.free_text(text);
        }
        for key in ["stacktrace", "raw_stacktrace"] {
            if let Some(stack) = owner.get_mut(key) {
                self.stack(stack);
            }
        }
        if let Some(Value::Object(mechanism)) = owner.get_mut("mechanism")
            && let Some(data) = mechanism.get_mut("data")
        {
            self.value(Place::Data, "", data);
        }
    }

    fn stack(&self, stack: &mut Value) {
        let frames = stack.get_mut("frames").and_then(Value::as_array_mut);
        for frame in frames.into_iter().flatten() {
            if let Some(vars) = frame.get_mut("vars") {
                self.value(Place::Data, "", vars);
            }
        }
    }

    fn trail(&self, entry: &mut Map, texts: &[&str]) {
        for key in texts {
            if let Some(Value::String(text)) = entry.get_mut(*key) {
                self.free_text(text);
            }
        }
        if let Some(data) = entry.get_mut("data") {
            self.value(Place::Trail, "", data);
        }
        if let Some(tags) = entry.get_mut("tags") {
            self.value(Place::Own, "", tags);
        }
    }

    fn logentry(&self, entry: &mut Value) {
        match entry {
            Value::String(text) => drop(self.free_text(text)),
            Value::Object(parts) => {
                for key in ["formatted", "message"] {
                    if let Some(Value::String(text)) = parts.get_mut(key) {
                        self.free_text(text);
                    }
                }
                if let Some(params) = parts.get_mut("params") {
                    self.value(Place::Data, "", params);
                }
            }
            _ => {}
        }
    }

    /// A map, a list of pairs or of anything else, or a text; `key` is what it stands under.
    fn value(&self, place: Place, key: &str, value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    if self.is_secret(place, key) {
                        mask(value);
                    } else {
                        self.value(place, key, value);
                    }
                }
            }
            Value::Array(list) => match list.as_mut_slice() {
                [Value::String(name), second] if self.is_secret(place, name) => mask(second),
                list => list.iter_mut().for_each(|item| self.value(place, key, item)),
            },
            Value::String(text) => {
                if let Some(masked) = self.rules.keyed_text(place, key, text, usize::MAX) {
                    *text = masked;
                }
            }
            _ => {}
        }
    }
}

/// Nothing to hide behind an empty value.
fn mask(value: &mut Value) {
    if !value.is_null() && value.as_str() != Some("") {
        *value = FILTERED.into();
    }
}

/// The entries of `{"values": [..]}`, of a list, or the only one.
fn each(value: &mut Value, mut visit: impl FnMut(&mut Map)) {
    let list = match value {
        Value::Array(list) => list,
        Value::Object(map) => match map.get("values").is_some_and(Value::is_array) {
            true => {
                let Some(Value::Array(list)) = map.get_mut("values") else { return };
                list
            }
            false => return visit(map),
        },
        _ => return,
    };
    for entry in list {
        if let Value::Object(entry) = entry {
            visit(entry);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

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
