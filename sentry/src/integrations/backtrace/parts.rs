//! The parts of a stored event that frames are filled into, without reading the rest.
//!
//! Most of an event are breadcrumbs and contexts. They need not be made into values and written again only because a few
//! addresses become names.

use std::fmt;

use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use watchpost_core::Event;

/// The fields of a payload that have to do with stacks, as they are written there.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Parts<'a> {
    fields: [Option<&'a str>; NAMES.len()],
}

const NAMES: [&str; 3] = ["exception", "threads", "debug_meta"];

impl<'a> Parts<'a> {
    /// Looks for them. The images are written behind the stacks, so what comes after them is not looked at.
    pub(super) fn of(payload: &'a [u8]) -> Self {
        let mut parts = Self::default();
        let mut json = serde_json::Deserializer::from_slice(payload);
        // An error says that the rest was not read, or that there is nothing to be found.
        let _ = json.deserialize_map(Search(&mut parts));
        parts
    }

    /// An event that has these fields alone.
    pub(super) fn event(&self) -> Option<Event> {
        let mut json = String::from("{");
        for (name, text) in NAMES.iter().zip(&self.fields) {
            let Some(text) = text else { continue };
            let comma = if json.len() > 1 { "," } else { "" };
            json.push_str(&format!("{comma}\"{name}\":{text}"));
        }
        json.push('}');
        serde_json::from_str(&json).ok()
    }

    /// The payload in which these parts were found, with others in their place.
    pub(super) fn replaced(&self, payload: &[u8], by: &Parts<'_>) -> Vec<u8> {
        let mut places: Vec<(usize, usize, Option<&str>)> = Vec::new();
        for (name, (old, new)) in NAMES.iter().zip(self.fields.iter().zip(&by.fields)) {
            let Some(old) = old else { continue };
            let start = old.as_ptr() as usize - payload.as_ptr() as usize;
            let end = start + old.len();
            let before = format!(",\"{name}\":");
            let field = payload[..start].ends_with(before.as_bytes());
            places.push(match new {
                Some(new) => (start, end, Some(new)),
                None if field => (start - before.len(), end, None),
                None => (start, end, Some("null")),
            });
        }
        places.sort_unstable();
        let added: usize = places.iter().filter_map(|(_, _, new)| Some(new.as_ref()?.len())).sum();
        let mut out = Vec::with_capacity(payload.len() + added);
        let mut at = 0;
        for (start, end, new) in places {
            out.extend_from_slice(&payload[at..start]);
            out.extend_from_slice(new.unwrap_or_default().as_bytes());
            at = end;
        }
        out.extend_from_slice(&payload[at..]);
        out
    }
}

struct Search<'a, 'b>(&'b mut Parts<'a>);

impl<'de> Visitor<'de> for Search<'de, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Name(name)) = map.next_key()? {
            match name {
                None => drop(map.next_value::<IgnoredAny>()?),
                Some(place) => {
                    self.0.fields[place] = Some(map.next_value::<&RawValue>()?.get());
                    if place == NAMES.len() - 1 {
                        break;
                    }
                }
            }
        }
        Ok(())
    }
}

/// Which of the names a key is.
struct Name(Option<usize>);

impl<'de> serde::Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key = std::borrow::Cow::<str>::deserialize(deserializer)?;
        Ok(Self(NAMES.iter().position(|name| *name == key)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(payload: &str, by: &str) -> String {
        let (old, new) = (Parts::of(payload.as_bytes()), Parts::of(by.as_bytes()));
        String::from_utf8(old.replaced(payload.as_bytes(), &new)).unwrap()
    }

    #[test]
    fn only_the_stacks_change() {
        let by = "{\"exception\":{\"values\":[1]},\"threads\":[2,3]}";
        assert_eq!(
            replaced(
                "{\"a\":{\"exception\":0},\"exception\":[],\"debug_meta\":{\"images\":[]},\"z\":\"\\u00e4\"}",
                by
            ),
            "{\"a\":{\"exception\":0},\"exception\":{\"values\":[1]},\"z\":\"\\u00e4\"}"
        );
        assert_eq!(
            replaced("{ \"debug_meta\" : {} , \"threads\" : null }", by),
            "{ \"debug_meta\" : null , \"threads\" : null }",
            "what comes behind the images is not looked for"
        );
        assert_eq!(replaced("{\"threads\":[],\"b\":1}", by), "{\"threads\":[2,3],\"b\":1}");
        assert_eq!(replaced("no event", by), "no event");
    }

    #[test]
    fn an_event_of_the_parts_alone() {
        let payload = "{\"message\":\"m\",\"exception\":{\"values\":[{\"type\":\"E\"}]},\"user\":{\"id\":1}}";
        let event = Parts::of(payload.as_bytes()).event().unwrap();
        assert_eq!(event.exception[0].ty.as_deref(), Some("E"));
        assert!(event.user.is_none() && event.logentry.is_none());
        assert!(Parts::of(b"{\"exception\":{\"values\":7}}").event().is_none());
        assert_eq!(Parts::of(b"[1]").event(), Some(Event::default()));
    }
}
