//! Values and attributes of OTLP as attributes of our own.

use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::{Map, Value, json};

/// The attributes of a resource, with our names for release and environment beside its own.
pub(super) fn of_resource(resource: Option<&Resource>) -> Map<String, Value> {
    let mut all = attributes(resource.map_or(&[][..], |resource| &resource.attributes));
    let names = [
        ("sentry.release", &["service.version"][..]),
        ("sentry.environment", &["deployment.environment.name", "deployment.environment"]),
        ("server.address", &["host.name"]),
    ];
    for (ours, theirs) in names {
        if let Some(found) = theirs.iter().find_map(|name| all.get(*name)).cloned() {
            all.entry(ours).or_insert(found);
        }
    }
    all
}

pub(super) fn attributes(list: &[KeyValue]) -> Map<String, Value> {
    list.iter().filter_map(|pair| Some((pair.key.clone(), typed(pair.value.as_ref()?)?))).collect()
}

/// The text of an attribute.
pub(super) fn text<'a>(attributes: &'a Map<String, Value>, key: &str) -> Option<&'a str> {
    attributes.get(key)?.get("value")?.as_str()
}

/// A value with its type.
fn typed(any: &AnyValue) -> Option<Value> {
    let kind = match any.value.as_ref()? {
        Any::StringValue(_) | Any::BytesValue(_) | Any::StringValueStrindex(_) | Any::KvlistValue(_) => {
            "string"
        }
        Any::BoolValue(_) => "boolean",
        Any::IntValue(_) => "integer",
        Any::DoubleValue(_) => "double",
        Any::ArrayValue(_) => "array",
    };
    let value = match plain(any, 0)? {
        object @ Value::Object(_) => Value::String(object.to_string()),
        other => other,
    };
    Some(json!({ "value": value, "type": kind }))
}

/// The value alone; what is nested deeper than any sense is left out.
pub(super) fn plain(any: &AnyValue, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    Some(match any.value.as_ref()? {
        Any::StringValue(text) => text.clone().into(),
        Any::BoolValue(flag) => (*flag).into(),
        Any::IntValue(number) => (*number).into(),
        Any::DoubleValue(number) => json!(number),
        Any::BytesValue(bytes) => hex(bytes).into(),
        Any::StringValueStrindex(_) => return None,
        Any::ArrayValue(list) => list.values.iter().filter_map(|item| plain(item, depth + 1)).collect(),
        Any::KvlistValue(list) => list
            .values
            .iter()
            .filter_map(|pair| Some((pair.key.clone(), plain(pair.value.as_ref()?, depth + 1)?)))
            .collect::<Map<_, _>>()
            .into(),
    })
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        for digit in [byte >> 4, byte & 15] {
            text.extend(char::from_digit(digit.into(), 16));
        }
        text
    })
}

/// Nanoseconds since the epoch as float seconds.
pub(super) fn seconds(nanos: u64) -> Value {
    // Exact to the microsecond until the year 2255.
    json!((nanos / 1_000) as f64 / 1e6)
}

const MAX_DEPTH: usize = 16;
