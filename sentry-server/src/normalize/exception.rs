use super::notes::{Notes, Path};
use super::{list, stacktrace, text, trim};
use crate::json::{Map, Value};

/// A longer chain of causes is a loop in the client.
const MAX_EXCEPTIONS: usize = 50;

/// Brings `exception` into canonical form: oldest cause first, as clients send it. A bare `stacktrace` of old clients
/// moves to where it belongs.
pub(super) fn normalize(body: &mut Map, platform: &str, notes: &mut Notes) {
    list::wrap(body, "exception", notes);
    if let Some(stacktrace) = body.remove("stacktrace").filter(Value::is_object) {
        adopt_stacktrace(body, stacktrace);
    }
    let root = Path::root("exception");
    let root = root.name("values");
    if let Some(Value::Array(items)) = body.get_mut("exception").and_then(|v| v.get_mut("values"))
        && items.len() > MAX_EXCEPTIONS
    {
        // The one that was caught comes last.
        notes.cut_items(&root, items.len());
        items.drain(..items.len() - MAX_EXCEPTIONS);
    }
    for (index, exception) in list::values_mut(body, "exception").enumerate() {
        one(exception, platform, &root.index(index), notes);
    }
    retain(body, "exception", |exception| {
        ["type", "value", "stacktrace"].iter().any(|key| exception.get(*key).is_some())
    });
}

/// Brings `threads` into canonical form.
pub(super) fn normalize_threads(body: &mut Map, platform: &str, notes: &mut Notes) {
    list::wrap(body, "threads", notes);
    let root = Path::root("threads");
    let root = root.name("values");
    for (index, thread) in list::values_mut(body, "threads").enumerate() {
        stacktrace::normalize(thread, platform, &root.index(index), notes);
    }
}

/// A stack trace beside the interfaces belongs to the only exception that has none, else it is a thread's.
fn adopt_stacktrace(body: &mut Map, stacktrace: Value) {
    let bare = list::values_mut(body, "exception").filter(|one| !one.contains_key("stacktrace")).count();
    if bare == 1
        && let Some(exception) = list::values_mut(body, "exception").last()
    {
        exception.entry("stacktrace").or_insert(stacktrace);
    } else if !body.contains_key("threads") {
        let mut thread = Map::new();
        thread.insert("id".into(), 0.into());
        thread.insert("current".into(), true.into());
        thread.insert("stacktrace".into(), stacktrace);
        let values = Value::Array(vec![Value::Object(thread)]);
        body.insert("threads".into(), Value::Object(Map::from_iter([("values".to_owned(), values)])));
    }
}

fn one(exception: &mut Map, platform: &str, path: &Path<'_>, notes: &mut Notes) {
    for key in ["type", "value", "module"] {
        to_text(exception, key);
        trim::text(exception, key, trim::MESSAGE, path, notes);
    }
    if !exception.contains_key("type")
        && let Some((kind, value)) = split_type(exception.get("value"))
    {
        exception.insert("type".into(), kind.into());
        exception.insert("value".into(), value.into());
    }
    match exception.get_mut("mechanism") {
        None => {}
        Some(Value::Object(mechanism)) if text::trimmed_str(mechanism.get("type")).is_none() => {
            mechanism.insert("type".into(), "generic".into());
        }
        Some(Value::Object(_)) => {}
        Some(other) => {
            if !other.is_null() {
                notes.invalid(&path.name("mechanism"), Some(other), "expected an object");
            }
            exception.remove("mechanism");
        }
    }
    stacktrace::normalize(exception, platform, path, notes);
}

/// Makes the value at `key` a text: scalars by their face, containers as JSON; null and "" go.
fn to_text(map: &mut Map, key: &str) {
    let Some(value) = map.get_mut(key) else { return };
    match value {
        Value::String(text) if !text.is_empty() => {}
        Value::Null | Value::String(_) => {
            map.remove(key);
        }
        other => *other = Value::String(other.to_string()),
    }
}

/// `TypeError: x is not a function` in the value of an exception without a type.
fn split_type(value: Option<&Value>) -> Option<(String, String)> {
    let (kind, rest) = value?.as_str()?.split_once(':')?;
    let plain = kind.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'.'));
    let named = kind.ends_with("Error") || kind.ends_with("Exception");
    (plain && named).then(|| (kind.to_owned(), rest.trim().to_owned()))
}

fn retain(body: &mut Map, key: &str, keep: impl Fn(&Value) -> bool) {
    let Some(items) = body.get_mut(key).and_then(|v| v.get_mut("values")).and_then(Value::as_array_mut)
    else {
        return;
    };
    items.retain(|item| keep(item));
    if items.is_empty() {
        body.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn exceptions(value: Value) -> Value {
        let Value::Object(mut body) = json!({ "exception": value }) else { panic!() };
        normalize(&mut body, "python", &mut Notes::default());
        body.remove("exception").unwrap_or_default()["values"].take()
    }

    #[test]
    fn odd_types_and_values_become_text() {
        let got = exceptions(json!({"type": 42, "value": {"code": 7}, "module": null, "mechanism": "x"}));
        assert_eq!(got, json!([{"type": "42", "value": "{\"code\":7}"}]));
    }

    #[test]
    fn a_type_inside_of_the_value_is_split_off() {
        let got = exceptions(json!([{"value": "TypeError: x is null"}, {"value": "note: nothing"}]));
        assert_eq!(got, json!([{"value": "x is null", "type": "TypeError"}, {"value": "note: nothing"}]));
    }

    #[test]
    fn empty_exceptions_go() {
        assert_eq!(exceptions(json!([{}, {"mechanism": {"type": "x"}}])), Value::Null);
    }

    #[test]
    fn a_bare_stacktrace_finds_its_exception() {
        let Value::Object(mut body) =
            json!({"exception": [{"type": "A"}], "stacktrace": {"frames": [{"function": "f"}]}})
        else {
            panic!()
        };
        normalize(&mut body, "python", &mut Notes::default());
        normalize_threads(&mut body, "python", &mut Notes::default());
        assert_eq!(body["exception"]["values"][0]["stacktrace"]["frames"][0]["function"], "f");
    }
}
