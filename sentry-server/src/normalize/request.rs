use serde_json::{Map, Value};

use super::notes::{Notes, Path};
use super::{text, trim};

/// Cleans `request`: an object with a URL without its query, and bags within their limits.
pub(super) fn normalize(body: &mut Map<String, Value>, notes: &mut Notes) {
    let path = Path::root("request");
    match body.get_mut("request") {
        None => {}
        Some(Value::Object(request)) => {
            split_query(request);
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
pub(crate) fn header<'a>(body: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    match body.get("request")?.get("headers")? {
        Value::Object(map) => map.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str(),
        Value::Array(pairs) => pairs.iter().find_map(|pair| {
            let key = pair.get(0)?.as_str()?;
            key.eq_ignore_ascii_case(name).then(|| pair.get(1)?.as_str())?
        }),
        _ => None,
    }
}

/// The URL without its query, as a tag and for the culprit.
pub(super) fn url(body: &Map<String, Value>) -> Option<&str> {
    text::trimmed_str(body.get("request")?.get("url"))
}

fn split_query(request: &mut Map<String, Value>) {
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

#[cfg(test)]
mod tests {
    use serde_json::json;

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
}
