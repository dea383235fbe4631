//! Typed values by name: what logs, metrics and streamed spans carry.

use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::Value;
use crate::text::Text;

/// A value with its type, and perhaps a unit (attributes, published spec 1.6.0).
///
/// On the wire: `{"value": 5, "type": "integer", "unit": "second"}`. Read from that form or from the plain value.
#[derive(Debug, Clone, PartialEq)]
pub struct Attribute {
    /// The value.
    pub value: AttributeValue,
    /// What it is measured in, like `byte` or `millisecond`.
    pub unit: Option<Text>,
}

impl Attribute {
    /// The same, of which a clone copies no text.
    pub(crate) fn shared(self) -> Self {
        let value = match self.value {
            AttributeValue::String(text) => AttributeValue::String(text.shared()),
            other => other,
        };
        Self { value, unit: self.unit.map(Text::shared) }
    }

    /// A value with a unit.
    pub fn with_unit(value: impl Into<AttributeValue>, unit: impl Into<Text>) -> Self {
        Self { value: value.into(), unit: Some(unit.into()) }
    }
}

/// The value of an attribute: text, truth, number, or a list of one of these.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum AttributeValue {
    /// Text.
    String(Text),
    /// True or false.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Any number. One that is not finite is sent as text, as JSON has no form for it.
    Double(f64),
    /// Texts.
    Strings(Vec<Text>),
    /// Truths.
    Booleans(Vec<bool>),
    /// Whole numbers.
    Integers(Vec<i64>),
    /// Numbers.
    Doubles(Vec<f64>),
}

impl AttributeValue {
    /// From a JSON value. `None` for what has no type here: null, objects, and lists that are nested or mixed. Whole
    /// numbers beyond 64 bits with sign become text; a list of whole and broken numbers is one of broken numbers.
    pub fn from_json(value: &Value) -> Option<Self> {
        Some(match value {
            Value::Null | Value::Object(_) => return None,
            Value::Bool(truth) => Self::Boolean(*truth),
            Value::String(text) => Self::String(text.as_str().into()),
            Value::Number(number) => match (number.as_i64(), number.as_u64()) {
                (Some(whole), _) => Self::Integer(whole),
                (None, Some(large)) => large.into(),
                (None, None) => Self::Double(number.as_f64()?),
            },
            Value::Array(list) => Self::list(list)?,
        })
    }

    fn list(list: &[Value]) -> Option<Self> {
        fn all<T>(list: &[Value], read: impl Fn(&Value) -> Option<T>) -> Option<Vec<T>> {
            list.iter().map(read).collect()
        }
        all(list, |item| item.as_str().map(Text::from))
            .map(Self::Strings)
            .or_else(|| all(list, Value::as_bool).map(Self::Booleans))
            .or_else(|| all(list, Value::as_i64).map(Self::Integers))
            .or_else(|| all(list, Value::as_f64).map(Self::Doubles))
    }

    /// The name of the type on the wire.
    pub fn type_name(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Boolean(_) => "boolean",
            Self::Integer(_) => "integer",
            Self::Double(number) if !number.is_finite() => "string",
            Self::Double(_) => "double",
            Self::Strings(_) | Self::Booleans(_) | Self::Integers(_) | Self::Doubles(_) => "array",
        }
    }

    /// About how many bytes it takes in memory and on the wire.
    pub(crate) fn weight(&self) -> usize {
        match self {
            Self::String(text) => text.len(),
            Self::Strings(texts) => texts.iter().map(|text| text.len() + 4).sum(),
            Self::Booleans(list) => 6 * list.len(),
            Self::Integers(list) => 8 * list.len(),
            Self::Doubles(list) => 12 * list.len(),
            _ => 8,
        }
    }
}

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::String(text) => serializer.serialize_str(text),
            Self::Boolean(truth) => serializer.serialize_bool(*truth),
            Self::Integer(number) => serializer.serialize_i64(*number),
            Self::Double(number) if !number.is_finite() => serializer.collect_str(number),
            Self::Double(number) => serializer.serialize_f64(*number),
            Self::Strings(list) => list.serialize(serializer),
            Self::Booleans(list) => list.serialize(serializer),
            Self::Integers(list) => list.serialize(serializer),
            Self::Doubles(list) => list.serialize(serializer),
        }
    }
}

impl Serialize for Attribute {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("value", &self.value)?;
        map.serialize_entry("type", self.value.type_name())?;
        if let Some(unit) = &self.unit {
            map.serialize_entry("unit", unit)?;
        }
        map.end()
    }
}

/// Names and attributes, in the order in which they were first set. A name is there once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attributes(Vec<(Text, Attribute)>);

impl Attributes {
    /// No attributes.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Sets an attribute.
    pub fn insert(&mut self, name: impl Into<Text>, value: impl Into<Attribute>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().find(|(known, _)| *known == name) {
            Some((_, held)) => *held = value,
            None => self.0.push((name, value)),
        }
    }

    /// Sets an attribute unless there is one of that name.
    pub(crate) fn insert_default(&mut self, name: impl Into<Text>, value: impl Into<Attribute>) {
        let name = name.into();
        if self.get(&name).is_none() {
            self.0.push((name, value.into()));
        }
    }

    /// Removes an attribute.
    pub fn remove(&mut self, name: &str) -> Option<Attribute> {
        let at = self.0.iter().position(|(known, _)| known.as_str() == name)?;
        Some(self.0.remove(at).1)
    }

    /// The attribute of this name.
    pub fn get(&self, name: &str) -> Option<&Attribute> {
        self.0.iter().find(|(known, _)| known.as_str() == name).map(|(_, value)| value)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Attribute)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn reserve(&mut self, more: usize) {
        self.0.reserve(more);
    }

    /// About how many bytes they take.
    pub(crate) fn weight(&self) -> usize {
        self.iter().map(|(name, attribute)| name.len() + attribute.value.weight() + 32).sum()
    }
}

impl<N: Into<Text>, V: Into<Attribute>> FromIterator<(N, V)> for Attributes {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut attributes = Self::new();
        attributes.extend(entries);
        attributes
    }
}

impl<N: Into<Text>, V: Into<Attribute>> Extend<(N, V)> for Attributes {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, entries: I) {
        for (name, value) in entries {
            self.insert(name, value);
        }
    }
}

impl<N: Into<Text>, V: Into<Attribute>, const COUNT: usize> From<[(N, V); COUNT]> for Attributes {
    fn from(entries: [(N, V); COUNT]) -> Self {
        entries.into_iter().collect()
    }
}

impl Serialize for Attributes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Attributes {
    /// Reads an object of plain values or of `{"value", "type", "unit"}`; what has no type is left out.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Option::<super::Map>::deserialize(deserializer)?.unwrap_or_default();
        let mut attributes = Self(Vec::with_capacity(map.len()));
        for (name, value) in &map {
            if let Some(attribute) = Attribute::from_json(value) {
                attributes.insert(name, attribute);
            }
        }
        Ok(attributes)
    }
}

impl Attribute {
    /// From a plain JSON value or `{"value", "type"?, "unit"?}`; `None` for what has no type here. A whole number
    /// that is said to be a `double` is one.
    pub fn from_json(value: &Value) -> Option<Self> {
        let Value::Object(map) = value else {
            return AttributeValue::from_json(value).map(Self::from);
        };
        let mut inner = AttributeValue::from_json(map.get("value")?)?;
        if let (AttributeValue::Integer(whole), Some("double")) =
            (&inner, map.get("type").and_then(Value::as_str))
        {
            inner = AttributeValue::Double(*whole as f64);
        }
        let unit = map.get("unit").and_then(Value::as_str).map(Text::from);
        Some(Self { value: inner, unit })
    }
}

impl<'de> Deserialize<'de> for Attribute {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let wanted = "text, true or false, a number, or a list of one of these";
        Self::from_json(&value).ok_or_else(|| serde::de::Error::custom(format!("{value} is not {wanted}")))
    }
}

impl<T: Into<AttributeValue>> From<T> for Attribute {
    fn from(value: T) -> Self {
        Self { value: value.into(), unit: None }
    }
}

/// Conversions from Rust's own types.
macro_rules! from {
    ($($from:ty => |$value:ident| $to:expr;)*) => {
        $(impl From<$from> for AttributeValue {
            fn from($value: $from) -> Self {
                $to
            }
        })*
    };
}

from! {
    Text => |text| Self::String(text);
    &str => |text| Self::String(text.into());
    String => |text| Self::String(text.into());
    &String => |text| Self::String(text.into());
    bool => |truth| Self::Boolean(truth);
    i8 => |number| Self::Integer(number.into());
    i16 => |number| Self::Integer(number.into());
    i32 => |number| Self::Integer(number.into());
    i64 => |number| Self::Integer(number);
    u8 => |number| Self::Integer(number.into());
    u16 => |number| Self::Integer(number.into());
    u32 => |number| Self::Integer(number.into());
    // Servers hold 64 bits with a sign; what is beyond them goes as text.
    u64 => |number| i64::try_from(number).map_or_else(|_| Self::String(number.to_string().into()), Self::Integer);
    usize => |number| (number as u64).into();
    isize => |number| Self::Integer(number as i64);
    f32 => |number| Self::Double(number.into());
    f64 => |number| Self::Double(number);
    Vec<Text> => |list| Self::Strings(list);
    Vec<&str> => |list| Self::Strings(list.into_iter().map(Text::from).collect());
    Vec<String> => |list| Self::Strings(list.into_iter().map(Text::from).collect());
    Vec<bool> => |list| Self::Booleans(list);
    Vec<i64> => |list| Self::Integers(list);
    Vec<f64> => |list| Self::Doubles(list);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_type_has_its_name_and_what_has_none_is_left_out() {
        let given = json!({
            "text": "a", "truth": true, "whole": 7, "broken": 1.5, "large": u64::MAX, "null": null, "object": {"a": 1},
            "list": [1, 2], "numbers": [1, 2.5], "mixed": [1, "a"], "nested": [[1]], "empty": [],
            "with_unit": {"value": 3, "unit": "second"}, "forced": {"value": 3, "type": "double"},
        });
        let attributes: Attributes = serde_json::from_value(given).unwrap();
        assert_eq!(
            serde_json::to_value(&attributes).unwrap(),
            json!({
                "text": {"value": "a", "type": "string"},
                "truth": {"value": true, "type": "boolean"},
                "whole": {"value": 7, "type": "integer"},
                "broken": {"value": 1.5, "type": "double"},
                "large": {"value": "18446744073709551615", "type": "string"},
                "list": {"value": [1, 2], "type": "array"},
                "numbers": {"value": [1.0, 2.5], "type": "array"},
                "empty": {"value": [], "type": "array"},
                "with_unit": {"value": 3, "type": "integer", "unit": "second"},
                "forced": {"value": 3.0, "type": "double"},
            })
        );
    }

    #[test]
    fn a_number_that_json_cannot_write_becomes_text() {
        let attribute = Attribute::from(f64::NAN);
        assert_eq!(serde_json::to_value(attribute).unwrap(), json!({"value": "NaN", "type": "string"}));
    }

    #[test]
    fn the_last_value_of_a_name_stays_in_its_place() {
        let attributes = Attributes::from([("a", 1), ("b", 2), ("a", 3)]);
        assert_eq!(serde_json::to_string(&attributes).unwrap().matches("\"a\"").count(), 1);
        assert_eq!(attributes.get("a"), Some(&3.into()));
        assert_eq!(attributes.len(), 2);
    }
}
