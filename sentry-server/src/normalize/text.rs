use crate::json::{Map, Value};

/// The text of a JSON scalar; numbers and booleans count, blank text does not.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim()).filter(|text| !text.is_empty()).map(str::to_owned),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

/// The text of a string that is not blank, without surrounding space.
pub(crate) fn trimmed_str(value: Option<&Value>) -> Option<&str> {
    value.and_then(Value::as_str).map(str::trim).filter(|text| !text.is_empty())
}

/// Removes entries that are null.
pub(super) fn drop_nulls(map: &mut Map) {
    // A map's own `retain` builds its index anew, null or not.
    if map.values().any(Value::is_null) {
        map.retain(|_, value| !value.is_null());
    }
}

/// The first line that is not blank.
pub(crate) fn first_line(text: &str) -> &str {
    text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("")
}

/// At most `max` characters; the last one is an ellipsis if something was cut.
pub(crate) fn shorten(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    match text.char_indices().nth(max) {
        None => text.to_owned(),
        Some(_) => {
            let mut short: String = text.chars().take(max.saturating_sub(1)).collect();
            short.truncate(short.trim_end().len());
            short.push('…');
            short
        }
    }
}

/// The largest index not above `at` that lies between characters.
pub(super) fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_by_characters() {
        assert_eq!(shorten("zoë", 3), "zoë");
        assert_eq!(shorten("価格が無効です", 4), "価格が…");
        assert_eq!(first_line("\n  \n a b \nc"), "a b");
        assert_eq!(floor_char("ë", 1), 0);
    }
}
