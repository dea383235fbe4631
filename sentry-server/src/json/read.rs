//! JSON text to a [`Value`]: looked through for what is no UTF-8 once and not string by string, and a map or list is made
//! when its size is known.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::{Key, Map, Value, plain};

/// Reads one value, with nothing behind it.
///
/// # Errors
/// As `serde_json`.
pub(crate) fn read(raw: &[u8]) -> serde_json::Result<Value> {
    let Ok(text) = std::str::from_utf8(raw) else {
        // Says where.
        return serde_json::from_slice(raw);
    };
    if let Some(value) = plain::read(text) {
        return Ok(value);
    }
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Tree { room: &mut Room::default() }.deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

/// What the maps and lists that are being read have so far, the innermost last.
#[derive(Default)]
struct Room {
    entries: Vec<(Key, Value)>,
    items: Vec<Value>,
}

struct Tree<'r> {
    room: &'r mut Room,
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Tree { room: &mut Room::default() }.deserialize(deserializer)
    }
}

impl<'de> Deserialize<'de> for Map {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(map) => Ok(map),
            _ => Err(D::Error::custom("expected a map")),
        }
    }
}

/// A name in a map.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for Name {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a name")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Key, E> {
        Ok(Key::of(name))
    }
}

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_bool<E: Error>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(number.into())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let from = self.room.items.len();
        while let Some(item) = list.next_element_seed(Tree { room: self.room })? {
            self.room.items.push(item);
        }
        Ok(Value::Array(self.room.items.drain(from..).collect()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let from = self.room.entries.len();
        while let Some(key) = map.next_key_seed(Name)? {
            let value = map.next_value_seed(Tree { room: self.room })?;
            self.room.entries.push((key, value));
        }
        Ok(Value::Object(self.room.entries.drain(from..).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_what_serde_json_reads() {
        let deep = |levels: usize| format!("{}1{}", "[{\"a\":".repeat(levels), "}]".repeat(levels));
        let texts = [
            r#" {"b":[1,-2,3.5,1e400,true,false,null,"x\u00e9\n",[],{}],"a":{"c":[[1],{"d":2}]},"b":3,"":""} "#,
            "18446744073709551615",
            "-9223372036854775808",
            "18446744073709551616",
            "-0",
            "1.0",
            "1e5",
            r#""\ud83c\udf55""#,
            r#""\ud83c""#,
            r#"{"a":1"#,
            r#"{"a":1}}"#,
            r#"{"a":NaN}"#,
            r#"{1:2}"#,
            "[1,]",
            "\"a\tb\"",
            "",
            &deep(60),
            &deep(70),
        ];
        for text in texts {
            // As texts, which say in which order keys stand.
            let ours = read(text.as_bytes()).map(|value| value.to_string());
            let theirs = serde_json::from_str::<serde_json::Value>(text).map(|value| value.to_string());
            let say = |read: serde_json::Result<String>| read.unwrap_or_else(|error| error.to_string());
            assert_eq!(say(ours), say(theirs), "{text}");
        }
        assert!(read(b"{\"a\":\"\xff\"}").is_err());
    }
}
