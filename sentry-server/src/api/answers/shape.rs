//! Shapes of answers: declared by hand, shown in the API's description.
//!
//! A debug build holds every answer to the shape that its route declares (see [`Answer`](super::Answer)): a field that
//! is not declared, one that is missing, or one of another kind stops the call.

use std::collections::BTreeMap;

use serde_json::Value;
use utoipa::openapi::schema::{
    AdditionalProperties, AllOfBuilder, ArrayBuilder, ArrayItems, ObjectBuilder, OneOfBuilder, Schema,
    SchemaFormat, SchemaType, Type,
};
use utoipa::openapi::{KnownFormat, Ref, RefOr};
use watchpost_core::Timestamp;

/// What a value of an answer is.
#[derive(Debug, Clone, Copy)]
pub(in crate::api) enum Shape {
    /// Anything: what a client sent, or a value of a field that the caller named.
    Any,
    Text,
    /// RFC 3339, UTC.
    Date,
    Flag,
    Whole,
    Number,
    /// A field that clients of the API expect, and of which there is nothing here.
    Nothing,
    /// One of these texts.
    Word(&'static [&'static str]),
    /// The value, or null.
    Maybe(&'static Shape),
    /// One of the two.
    Either(&'static Shape, &'static Shape),
    List(&'static Shape),
    /// So many values, each of its own shape.
    Row(&'static [Shape]),
    /// Values by names that are data themselves.
    Map(&'static Shape),
    /// Fields by their names; a name for the whole makes it a part of the description that others refer to.
    Object(&'static str, Fields),
}

/// Fields. A name that ends in `?` may be left out.
pub(super) type Part = &'static [(&'static str, Shape)];

/// All fields, in parts so that shapes can share some.
pub(in crate::api) type Fields = &'static [Part];

/// The schemas that have names.
pub(in crate::api) type Named = BTreeMap<String, RefOr<Schema>>;

impl Shape {
    /// The schema, with those that it refers to put into `named`.
    pub(in crate::api) fn schema(&self, named: &mut Named) -> RefOr<Schema> {
        match self {
            Self::Any => of_type(SchemaType::AnyValue, None),
            Self::Text => of_type(SchemaType::Type(Type::String), None),
            Self::Date => of_type(SchemaType::Type(Type::String), Some(KnownFormat::DateTime)),
            Self::Flag => of_type(SchemaType::Type(Type::Boolean), None),
            Self::Whole => of_type(SchemaType::Type(Type::Integer), Some(KnownFormat::Int64)),
            Self::Number => of_type(SchemaType::Type(Type::Number), Some(KnownFormat::Double)),
            Self::Nothing => of_type(SchemaType::Type(Type::Null), None),
            Self::Word(words) => {
                let words =
                    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(words.iter().copied()));
                RefOr::T(Schema::Object(words.build()))
            }
            Self::Maybe(inner) => {
                let null = of_type(SchemaType::Type(Type::Null), None);
                RefOr::T(Schema::OneOf(OneOfBuilder::new().item(inner.schema(named)).item(null).build()))
            }
            Self::Either(one, other) => {
                let both = OneOfBuilder::new().item(one.schema(named)).item(other.schema(named));
                RefOr::T(Schema::OneOf(both.build()))
            }
            Self::List(inner) => {
                RefOr::T(Schema::Array(ArrayBuilder::new().items(inner.schema(named)).build()))
            }
            Self::Row(parts) => {
                let parts = parts.iter().map(|part| match part.schema(named) {
                    RefOr::T(schema) => schema,
                    reference @ RefOr::Ref(_) => Schema::AllOf(AllOfBuilder::new().item(reference).build()),
                });
                let row = ArrayBuilder::new().prefix_items(parts).items(ArrayItems::False);
                RefOr::T(Schema::Array(row.build()))
            }
            Self::Map(inner) => {
                let values = AdditionalProperties::RefOr(inner.schema(named));
                let map = ObjectBuilder::new().schema_type(Type::Object).additional_properties(Some(values));
                RefOr::T(Schema::Object(map.build()))
            }
            Self::Object(name, parts) => {
                if name.is_empty() {
                    return object(parts, named);
                }
                if !named.contains_key(*name) {
                    // A place for it first: what is inside may refer to it.
                    named.insert((*name).to_owned(), of_type(SchemaType::AnyValue, None));
                    let schema = object(parts, named);
                    named.insert((*name).to_owned(), schema);
                }
                RefOr::Ref(Ref::from_schema_name(*name))
            }
        }
    }

    /// Whether a value has this shape.
    ///
    /// # Errors
    /// Where it has not, and why.
    pub(in crate::api) fn check(&self, value: &Value) -> Result<(), String> {
        let is =
            |right: bool, what: &str| if right { Ok(()) } else { Err(format!(" is not {what}: {value}")) };
        match self {
            Self::Any => Ok(()),
            Self::Text => is(value.is_string(), "a text"),
            Self::Date => is(value.as_str().and_then(Timestamp::parse_rfc3339).is_some(), "a date"),
            Self::Flag => is(value.is_boolean(), "true or false"),
            Self::Whole => is(value.is_i64() || value.is_u64(), "a whole number"),
            Self::Number => is(value.is_number(), "a number"),
            Self::Nothing => is(value.is_null(), "null"),
            Self::Word(words) => {
                is(value.as_str().is_some_and(|text| words.contains(&text)), &words.join(" or "))
            }
            Self::Maybe(inner) => {
                if value.is_null() {
                    Ok(())
                } else {
                    inner.check(value)
                }
            }
            Self::Either(one, other) => one.check(value).or_else(|why| {
                other.check(value).map_err(|also| format!("{why}, and as something else {also}"))
            }),
            Self::List(inner) => {
                let Some(list) = value.as_array() else { return is(false, "a list") };
                list.iter()
                    .enumerate()
                    .try_for_each(|(at, part)| inner.check(part).map_err(|why| format!("[{at}]{why}")))
            }
            Self::Row(parts) => {
                let Some(row) = value.as_array().filter(|row| row.len() == parts.len()) else {
                    return is(false, &format!("{} values", parts.len()));
                };
                row.iter().zip(*parts).enumerate().try_for_each(|(at, (part, shape))| {
                    shape.check(part).map_err(|why| format!("[{at}]{why}"))
                })
            }
            Self::Map(inner) => {
                let Some(map) = value.as_object() else { return is(false, "an object") };
                map.iter()
                    .try_for_each(|(name, part)| inner.check(part).map_err(|why| format!(".{name}{why}")))
            }
            Self::Object(_, parts) => {
                let Some(map) = value.as_object() else { return is(false, "an object") };
                for (name, shape) in fields(parts) {
                    let (name, is_needed) = plain(name);
                    match map.get(name) {
                        Some(part) => shape.check(part).map_err(|why| format!(".{name}{why}"))?,
                        None if is_needed => return Err(format!(".{name} is missing")),
                        None => {}
                    }
                }
                let is_declared =
                    |given: &&String| fields(parts).any(|(name, _)| plain(name).0 == given.as_str());
                match map.keys().find(|given| !is_declared(given)) {
                    Some(odd) => Err(format!(".{odd} is not declared")),
                    None => Ok(()),
                }
            }
        }
    }
}

fn fields(parts: Fields) -> impl Iterator<Item = &'static (&'static str, Shape)> {
    parts.iter().copied().flatten()
}

/// A field's name, and whether it is always there.
fn plain(name: &'static str) -> (&'static str, bool) {
    name.strip_suffix('?').map_or((name, true), |name| (name, false))
}

fn object(parts: Fields, named: &mut Named) -> RefOr<Schema> {
    let mut object = ObjectBuilder::new().schema_type(Type::Object);
    for (name, shape) in fields(parts) {
        let (name, is_needed) = plain(name);
        object = object.property(name, shape.schema(named));
        if is_needed {
            object = object.required(name);
        }
    }
    RefOr::T(Schema::Object(object.build()))
}

fn of_type(kind: SchemaType, format: Option<KnownFormat>) -> RefOr<Schema> {
    let format = format.map(SchemaFormat::KnownFormat);
    RefOr::T(Schema::Object(ObjectBuilder::new().schema_type(kind).format(format).build()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Shape::{Any, Date, Flag, List, Map, Maybe, Nothing, Number, Object, Row, Text, Whole, Word};
    use super::*;

    const INNER: &[(&str, Shape)] = &[("id", Text), ("count", Whole)];
    const WHOLE: Shape = Object(
        "Thing",
        &[INNER, &[("at", Maybe(&Date)), ("more?", Map(&List(&Number))), ("pair", Row(&[Any, Flag]))]],
    );

    #[test]
    fn every_difference_is_named() {
        let good =
            json!({ "id": "a", "count": 1, "at": null, "more": { "x": [1, 2.5] }, "pair": [{}, true] });
        assert_eq!(WHOLE.check(&good), Ok(()));
        let changed = |pointer: &str, value: Value| {
            let mut changed = good.clone();
            let (at, name) = pointer.rsplit_once('/').unwrap();
            match changed.pointer_mut(at).unwrap() {
                Value::Object(map) => drop(map.insert(name.to_owned(), value)),
                Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
                _ => unreachable!(),
            }
            WHOLE.check(&changed)
        };
        assert_eq!(changed("/at", json!("2026-01-31T12:00:00Z")), Ok(()));
        for (pointer, value, start) in [
            ("/id", json!(1), ".id is not a text"),
            ("/count", json!(1.5), ".count is not a whole number"),
            ("/at", json!("soon"), ".at is not a date"),
            ("/more/x", json!(["1"]), ".more.x[0] is not a number"),
            ("/pair/1", json!(0), ".pair[1] is not true or false"),
            ("/odd", json!(0), ".odd is not declared"),
        ] {
            let why = changed(pointer, value).unwrap_err();
            assert!(why.starts_with(start), "{why}");
        }
        assert_eq!(WHOLE.check(&json!({ "id": "a" })), Err(".count is missing".to_owned()));
        assert!(Row(&[Text]).check(&json!([])).is_err() && Nothing.check(&json!(0)).is_err());
        assert!(Word(&["a", "b"]).check(&json!("c")).is_err());
    }

    #[test]
    fn what_has_a_name_is_described_once() {
        let mut named = Named::new();
        let schema = serde_json::to_value(List(&WHOLE).schema(&mut named)).unwrap();
        assert_eq!(schema["items"], json!({ "$ref": "#/components/schemas/Thing" }));
        let thing = serde_json::to_value(&named["Thing"]).unwrap();
        assert_eq!(thing["required"], json!(["id", "count", "at", "pair"]));
        assert_eq!(thing["properties"]["at"]["oneOf"][1], json!({ "type": "null" }));
        assert_eq!(thing["properties"]["pair"]["prefixItems"][1], json!({ "type": "boolean" }));
    }
}
