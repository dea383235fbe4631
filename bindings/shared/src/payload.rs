//! From a host's JSON to core shapes, with errors that name the place.

use serde::de::DeserializeOwned;
use watchpost_core::{Error, Result, Value};

/// Reads a payload, like an event, from JSON text. `name` is what the host calls it.
///
/// # Errors
/// When the text is no JSON or does not have the shape; the error gives the path, like `exception.values[0].type`.
pub fn parse<T: DeserializeOwned>(name: &'static str, json: &str) -> Result<T> {
    // To know the place of a mistake has its price, and most have none.
    serde_json::from_str(json).or_else(|_| {
        let mut deserializer = serde_json::Deserializer::from_str(json);
        serde_path_to_error::deserialize(&mut deserializer).map_err(|error| refused(name, &error))
    })
}

/// The same from a JSON value.
///
/// # Errors
/// As [`parse`].
pub fn parse_value<T: DeserializeOwned>(name: &'static str, value: Value) -> Result<T> {
    serde_path_to_error::deserialize(value).map_err(|error| refused(name, &error))
}

fn refused<E: std::fmt::Display>(name: &'static str, error: &serde_path_to_error::Error<E>) -> Error {
    let path = error.path().to_string();
    let inner = error.inner();
    Error::payload(name, if path == "." { inner.to_string() } else { format!("at `{path}`: {inner}") })
}
