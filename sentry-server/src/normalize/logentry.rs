use super::notes::{Notes, Path};
use super::{text, trim};
use crate::json::{Map, Value};

/// Merges `message` and `logentry` into `logentry {formatted, message?, params?}`.
///
/// `message` may be a text or already such an object; a template without its text is filled in from its parameters.
pub(super) fn normalize(body: &mut Map, notes: &mut Notes) {
    let message = body.remove("message").unwrap_or_default();
    let mut entry = match body.remove("logentry") {
        Some(Value::Object(entry)) => entry,
        Some(Value::String(text)) => Map::from_iter([("formatted".to_owned(), Value::String(text))]),
        _ => Map::new(),
    };
    let plain = match message {
        Value::Object(map) if entry.is_empty() => {
            entry = map;
            None
        }
        Value::Object(map) => map.get("formatted").or(map.get("message")).and_then(text::scalar),
        other => text::scalar(&other),
    };
    for key in ["message", "formatted"] {
        match entry.get(key).map(text::scalar) {
            Some(Some(text)) => entry.insert(key.into(), text.into()),
            Some(None) => entry.remove(key),
            None => None,
        };
    }
    if !entry.contains_key("formatted") {
        let template = entry.get("message").and_then(Value::as_str);
        let filled =
            template.zip(entry.get("params")).map(|(template, params)| interpolate(template, params));
        let formatted = filled.or(plain).or_else(|| template.map(str::to_owned));
        if let Some(formatted) = formatted {
            entry.insert("formatted".into(), formatted.into());
        }
    }
    // A template that says nothing beyond the text is none.
    if entry.get("message") == entry.get("formatted") && entry.get("params").is_none_or(is_empty) {
        entry.remove("message");
        entry.remove("params");
    }
    if entry.contains_key("formatted") {
        let path = Path::root("logentry");
        trim::text(&mut entry, "message", trim::MESSAGE, &path, notes);
        trim::text(&mut entry, "formatted", trim::MESSAGE, &path, notes);
        if let Some(params) = entry.remove("params").filter(|params| !is_empty(params)) {
            let mut held = Map::from_iter([("params".to_owned(), params)]);
            trim::map(&mut held, trim::CONTEXTS, &path, notes);
            entry.append(&mut held);
        }
        body.insert("logentry".into(), Value::Object(entry));
    }
}

fn is_empty(params: &Value) -> bool {
    match params {
        Value::Array(items) => items.is_empty(),
        Value::Object(map) => map.is_empty(),
        other => other.is_null(),
    }
}

/// Fills `%s`, `%(name)s`, `{}`, `{0}` and `{name}`; what has no parameter stays as it is.
fn interpolate(template: &str, params: &Value) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut next = 0_usize;
    let mut rest = template;
    while let Some(at) = rest.find(['%', '{']) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (length, found) = if rest.starts_with('%') {
            percent(rest, params, &mut next)
        } else {
            brace(rest, params, &mut next)
        };
        match found {
            Some(text) => out.push_str(&text),
            None => out.push_str(&rest[..length]),
        }
        rest = &rest[length..];
    }
    out.push_str(rest);
    out
}

fn percent(rest: &str, params: &Value, next: &mut usize) -> (usize, Option<String>) {
    if rest.starts_with("%%") {
        return (2, Some("%".into()));
    }
    let name = rest[1..].strip_prefix('(').and_then(|r| r.split_once(')')).map(|(name, _)| name);
    let from = 1 + name.map_or(0, |name| name.len() + 2);
    let flags =
        rest[from..].bytes().take_while(|b| matches!(b, b'-' | b'+' | b'#' | b'.' | b'0'..=b'9')).count();
    match rest.as_bytes().get(from + flags) {
        Some(b's' | b'd' | b'i' | b'r' | b'f' | b'g' | b'x' | b'u' | b'j' | b'o' | b'v' | b'p' | b'c') => {
            let length = from + flags + 1;
            let value = match name {
                Some(name) => params.get(name),
                None => positional(params, next),
            };
            (length, value.map(face))
        }
        _ => (1, None),
    }
}

fn brace(rest: &str, params: &Value, next: &mut usize) -> (usize, Option<String>) {
    let Some(end) = rest.find('}') else { return (1, None) };
    let name = rest[1..end].split([':', '!']).next().unwrap_or("");
    let value = match (name, name.parse::<usize>()) {
        ("", _) => positional(params, next),
        (_, Ok(index)) => params.get(index),
        (name, _) => params.get(name),
    };
    value.map_or((1, None), |value| (end + 1, Some(face(value))))
}

fn positional<'a>(params: &'a Value, next: &mut usize) -> Option<&'a Value> {
    *next += 1;
    match params {
        Value::Array(items) => items.get(*next - 1),
        // Python passes a lone dict as the one argument of a lone `%s`.
        Value::Object(_) if *next == 1 => Some(params),
        _ => None,
    }
}

fn face(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::json;

    fn entry(body: Value) -> Value {
        let Value::Object(mut body) = body else { panic!() };
        normalize(&mut body, &mut Notes::default());
        assert!(!body.contains_key("message"));
        body.remove("logentry").unwrap_or_default()
    }

    #[test]
    fn every_form_becomes_a_log_entry() {
        assert_eq!(entry(json!({"message": "hi"})), json!({"formatted": "hi"}));
        assert_eq!(
            entry(json!({"message": {"formatted": "a 1", "message": "a %s"}})),
            json!({"formatted": "a 1", "message": "a %s"})
        );
        assert_eq!(entry(json!({"logentry": {"message": "hi"}})), json!({"formatted": "hi"}));
        assert_eq!(entry(json!({"logentry": {"message": 7}, "message": null})), json!({"formatted": "7"}));
        assert_eq!(entry(json!({"message": "  "})), Value::Null);
        assert_eq!(entry(json!({"logentry": [1]})), Value::Null);
    }

    #[test]
    fn templates_are_filled_in() {
        let filled = |template: &str, params: Value| interpolate(template, &params);
        assert_eq!(filled("user %s paid %d (100%%)", json!(["zoë", 12])), "user zoë paid 12 (100%)");
        assert_eq!(filled("%(who)s: %(n).2f", json!({"who": "a", "n": 1.5})), "a: 1.5");
        assert_eq!(filled("{} and {1} and {2}", json!(["x", "y"])), "x and y and {2}");
        assert_eq!(filled("{name} %", json!({"name": "n"})), "n %");
        assert_eq!(filled("{\"a\": 1} %s %s", json!([])), "{\"a\": 1} %s %s");
    }
}
