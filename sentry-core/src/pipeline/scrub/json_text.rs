//! JSON that is given as text: values are masked where they stand, everything else keeps its bytes.

use serde::de::IgnoredAny;

use super::FILTERED;

/// True if the text is one JSON object or list.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start().starts_with(['{', '[']) && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// The text with the values of secret keys masked; `None` if there is none. Linear, and content with text that breaks
/// off: what cannot be told apart any more belongs to the last value.
pub(super) fn mask(text: &str, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    let bytes = text.as_bytes();
    let mut masked: Option<String> = None;
    let (mut at, mut copied) = (0, 0);
    while let Some(offset) = bytes[at..].iter().position(|byte| *byte == b'"') {
        let start = at + offset;
        let end = string_end(bytes, start);
        at = end;
        let colon = blanks(bytes, end);
        if bytes.get(colon) != Some(&b':') {
            continue;
        }
        at = blanks(bytes, colon + 1);
        if !is_secret_key(&text[start..end], &is_secret) {
            continue;
        }
        let value_end = value_end(bytes, at);
        let masked = masked.get_or_insert_with(|| String::with_capacity(text.len()));
        masked.push_str(&text[copied..at]);
        masked.push('"');
        masked.push_str(FILTERED);
        masked.push('"');
        at = value_end;
        copied = at;
    }
    masked.map(|mut masked| {
        masked.push_str(&text[copied..]);
        masked
    })
}

fn is_secret_key(quoted: &str, is_secret: &impl Fn(&str) -> bool) -> bool {
    let inner = quoted.strip_prefix('"').unwrap_or(quoted);
    let inner = inner.strip_suffix('"').unwrap_or(inner);
    if inner.contains('\\') {
        // A key may be spelled with escapes.
        return serde_json::from_str::<String>(quoted).is_ok_and(|key| is_secret(&key));
    }
    is_secret(inner)
}

/// Behind the closing quote of the string that opens at `start`.
fn string_end(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

fn blanks(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

/// Behind the value that begins at `at`.
fn value_end(bytes: &[u8], mut at: usize) -> usize {
    let mut depth = 0_usize;
    while at < bytes.len() {
        match bytes[at] {
            b'"' => {
                at = string_end(bytes, at);
                if depth == 0 {
                    return at;
                }
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth == 0 => return at,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return at + 1;
                }
            }
            b',' if depth == 0 => return at,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn masked(text: &str) -> Option<String> {
        mask(text, |key| key.contains("pw"))
    }

    #[test]
    fn values_of_every_kind_are_masked_in_place() {
        for (text, wanted) in [
            (r#"{"pw":"a\"b","x": 1}"#, r#"{"pw":"[Filtered]","x": 1}"#),
            (r#"{"pw" : 12, "x":"pw"}"#, r#"{"pw" : "[Filtered]", "x":"pw"}"#),
            (r#"[{"a":{"pw":{"b":["}"]}}},2]"#, r#"[{"a":{"pw":"[Filtered]"}},2]"#),
            (r#"{"\u0070w":null}"#, r#"{"\u0070w":"[Filtered]"}"#),
            (r#"{"pw":"never clo"#, r#"{"pw":"[Filtered]""#),
            (r#"{"pw":[1,2"#, r#"{"pw":"[Filtered]""#),
            (r#"{"pw":"#, r#"{"pw":"[Filtered]""#),
        ] {
            assert_eq!(masked(text).unwrap(), wanted);
        }
        for text in [r#"{"x":"pw"}"#, "{}", "[", r#"{"x":"\"#, "\"pw", "{\"größe\":\"ä\""] {
            assert_eq!(masked(text), None, "{text}");
        }
    }
}
