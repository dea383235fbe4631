//! A [`Map`] to JSON text, in the bytes of `serde_json`.

use watchpost_core::write_json;

use super::{Map, Value};

/// Appends a map.
///
/// # Errors
/// When something in it cannot be written, which only a bug can bring about.
pub(crate) fn write(map: &Map, out: &mut Vec<u8>) -> serde_json::Result<()> {
    let mut before = b'{';
    for (key, value) in map {
        out.push(before);
        before = b',';
        match key.plain() {
            Some(name) => {
                out.push(b'"');
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
            }
            None => {
                write_json(key, out)?;
                out.push(b':');
            }
        }
        any(value, out)?;
    }
    out.extend_from_slice(if map.is_empty() { b"{}" } else { b"}" });
    Ok(())
}

fn any(value: &Value, out: &mut Vec<u8>) -> serde_json::Result<()> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Number(number) => write_json(number, out)?,
        Value::String(text) => write_json(text, out)?,
        Value::Array(list) => {
            let mut before = b'[';
            for item in list {
                out.push(before);
                before = b',';
                any(item, out)?;
            }
            out.extend_from_slice(if list.is_empty() { b"[]" } else { b"]" });
        }
        Value::Object(map) => write(map, out)?,
    }
    Ok(())
}
