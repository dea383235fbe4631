use super::notes::{Notes, Path};
use super::{text, trim};
use crate::json::{Map, Value};

/// Cleans `request`: an object with a URL without its query, and bags within their limits.
pub(super) fn normalize(body: &mut Map, notes: &mut Notes) {
    let path = Path::root("request");
    match body.get_mut("request") {
        None => {}
        Some(Value::Object(request)) => {
            split_query(request);
            read_body(request);
            trim::map(request, trim::REQUEST, &path, notes);
        }
        Some(other) => {
            if !other.is_null() {
                notes.invalid(&path, Some(other), "expected an object");
            }
            body.remove("request");
        }
    }
}

/// The value of a request header, whose container may be a map or a list of pairs.
pub(crate) fn header<'a>(body: &'a Map, name: &str) -> Option<&'a str> {
    header_in(body.get("request")?.as_object()?, name)
}

fn header_in<'a>(request: &'a Map, name: &str) -> Option<&'a str> {
    match request.get("headers")? {
        Value::Object(map) => map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str(),
        Value::Array(pairs) => pairs.iter().find_map(|pair| {
            let key = pair.get(0)?.as_str()?;
            key.eq_ignore_ascii_case(name).then(|| pair.get(1)?.as_str())?
        }),
        _ => None,
    }
}

/// The URL without its query, as a tag and for the culprit.
pub(super) fn url(body: &Map) -> Option<&str> {
    text::trimmed_str(body.get("request")?.get("url"))
}

fn split_query(request: &mut Map) {
    let Some(url) = request.get("url").and_then(Value::as_str) else { return };
    let (url, fragment) = url.split_once('#').map_or((url, None), |(url, fragment)| (url, Some(fragment)));
    let (url, query) = url.split_once('?').map_or((url, None), |(url, query)| (url, Some(query)));
    let (url, fragment, query) = (url.to_owned(), fragment.map(str::to_owned), query.map(str::to_owned));
    if let Some(query) = query.filter(|query| !query.is_empty() && !request.contains_key("query_string")) {
        request.insert("query_string".into(), query.into());
    }
    if let Some(fragment) = fragment.filter(|f| !f.is_empty() && !request.contains_key("fragment")) {
        request.insert("fragment".into(), fragment.into());
    }
    request.insert("url".into(), url.into());
}

/// A body that was sent as text becomes what the text says, if it is an object or a list of JSON, or a form.
fn read_body(request: &mut Map) {
    let Some(text) = request.get("data").and_then(Value::as_str) else { return };
    let is_form =
        || header_in(request, "content-type").is_some_and(|kind| kind.trim_start().starts_with(FORM));
    let (read, kind) = match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => (serde_json::from_str(text).ok(), "application/json"),
        Some(_) if is_form() => (Some(form(text)), FORM),
        _ => return,
    };
    if let Some(read) = read {
        request.insert("data".into(), read);
        request.entry("inferred_content_type").or_insert(kind.into());
    }
}

/// A field that is there more than once is a list.
fn form(text: &str) -> Value {
    let mut fields = Map::new();
    for (name, value) in form_urlencoded::parse(text.as_bytes()) {
        match fields.entry(name.into_owned()).or_insert(Value::Null) {
            Value::Array(list) => list.push(value.into()),
            new @ Value::Null => *new = value.into(),
            one => *one = Value::Array(vec![one.take(), value.into()]),
        }
    }
    Value::Object(fields)
}

const FORM: &str = "application/x-www-form-urlencoded";

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    #[test]
    fn query_and_fragment_leave_the_url() {
        let Value::Object(mut body) =
            json!({"request": {"url": "http://a/b?c=d#e", "headers": [["User-Agent", "x"]]}})
        else {
            panic!()
        };
        normalize(&mut body, &mut Notes::default());
        assert_eq!(url(&body), Some("http://a/b"));
        assert_eq!(body["request"]["query_string"], "c=d");
        assert_eq!(body["request"]["fragment"], "e");
        assert_eq!(header(&body, "user-agent"), Some("x"));
    }

    #[test]
    fn a_body_is_read_where_it_can_be() {
        let read = |data: &str, kind: &str| {
            let request = json!({ "data": data, "headers": { "Content-Type": kind } });
            let Value::Object(mut body) = json!({ "request": request }) else { panic!() };
            normalize(&mut body, &mut Notes::default());
            (body["request"]["data"].clone(), body["request"].get("inferred_content_type").cloned())
        };
        let json = (json!({ "a": [1] }), Some("application/json".into()));
        assert_eq!(read(r#" {"a":[1]}"#, "text/plain"), json);
        let form = (json!({ "a": ["1", "2 3"], "b": "" }), Some(FORM.into()));
        assert_eq!(read("a=1&a=2+3&b=", "application/x-www-form-urlencoded; charset=utf-8"), form);
        for (text, kind) in [("{cut", "application/json"), ("a=1", "text/plain"), ("7", "application/json")] {
            assert_eq!(read(text, kind), (text.into(), None), "{text}");
        }
    }
}
