use super::NormalizeError;
use super::repair;
use crate::json;
use crate::json::{Map, Value};

/// Parses the payload once; what strict JSON refuses is repaired and parsed again.
pub(crate) fn object(raw: &[u8]) -> Result<Map, NormalizeError> {
    let value = match json::read(raw) {
        Ok(value) => value,
        Err(strict) => serde_json::from_slice(&repair::repair(raw)).map_err(|_| {
            NormalizeError::NotJson(format!("line {}, column {}", strict.line(), strict.column()))
        })?,
    };
    let Value::Object(mut body) = value else {
        return Err(NormalizeError::NotAnObject);
    };
    // A null byte can only come from an escape, so a payload without one needs no walk.
    if memchr::memmem::find(raw, b"\\u0000").is_some() {
        strip_nulls_in(&mut body);
    }
    Ok(body)
}

fn strip_nulls_in(map: &mut Map) {
    if map.keys().any(|key| key.contains('\0')) {
        *map = std::mem::take(map).into_iter().map(|(key, value)| (key.replace('\0', ""), value)).collect();
    }
    map.values_mut().for_each(strip_nulls);
}

fn strip_nulls(value: &mut Value) {
    match value {
        Value::String(text) => text.retain(|c| c != '\0'),
        Value::Array(items) => items.iter_mut().for_each(strip_nulls),
        Value::Object(map) => strip_nulls_in(map),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    #[test]
    fn strips_null_bytes_from_keys_and_values() {
        let body = object(br#"{"a\u0000b":{"c":["x\u0000y"]}}"#).unwrap();
        assert_eq!(Value::Object(body), json!({"ab": {"c": ["xy"]}}));
    }

    #[test]
    fn only_a_non_object_is_refused() {
        assert_eq!(object(b"[1]"), Err(NormalizeError::NotAnObject));
        assert!(matches!(object(b"{\"a\":"), Err(NormalizeError::NotJson(_))));
        assert!(object(b"{}").unwrap().is_empty());
    }
}
