use serde::{Deserialize, Serialize};

use super::{EventKind, first_line, in_app, request, shorten, trimmed_str};
use crate::json::{Map, Value};

/// What a title was made of. Absent parts are not written.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Metadata {
    /// Exception type.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Exception value or message, shortened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// File of the crash frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filename: Option<String>,
    /// Function of the crash frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
}

impl Metadata {
    /// As it stands in the event.
    pub(super) fn to_json(&self) -> Value {
        let fields = [
            ("type", &self.kind),
            ("value", &self.value),
            ("filename", &self.filename),
            ("function", &self.function),
        ];
        let there = fields.into_iter().filter_map(|(key, text)| Some((key, Value::from(text.as_deref()?))));
        Value::Object(there.collect())
    }
}

/// Longest line of a title, in characters.
const MAX_TITLE: usize = 200;
/// Longest value kept in the metadata, in characters.
const MAX_VALUE: usize = 1024;
const MAX_CULPRIT: usize = 200;

/// What to call an event.
pub(super) fn metadata(body: &Map, kind: EventKind) -> Metadata {
    let exceptions = body.get("exception").and_then(|v| v.get("values")).and_then(Value::as_array);
    match (kind, exceptions.and_then(|list| list.last())) {
        (EventKind::Error, Some(main)) => {
            let mut metadata = metadata_of_exception(main);
            if metadata.function.is_none() && metadata.filename.is_none() {
                locate(&mut metadata, crash_frame(body));
            }
            // A trace invented for a message: the message is what the person wrote.
            if metadata.kind.is_none() && metadata.value.is_none() {
                metadata.value = message(body);
            }
            metadata
        }
        _ => {
            let mut metadata = Metadata { value: message(body), ..Metadata::default() };
            locate(&mut metadata, crash_frame(body));
            metadata
        }
    }
}

/// Type, value and place of one exception.
pub(crate) fn metadata_of_exception(exception: &Value) -> Metadata {
    let value = trimmed_str(exception.get("value")).map(|value| shorten(value, MAX_VALUE));
    let kind = trimmed_str(exception.get("type")).map(|kind| shorten(kind, MAX_TITLE));
    let mut metadata = Metadata { kind, value, ..Metadata::default() };
    locate(&mut metadata, frames(exception).and_then(last_in_app));
    metadata
}

/// One line for a list of issues.
pub(crate) fn title_of(kind: EventKind, metadata: &Metadata, transaction: Option<&str>) -> String {
    let value = metadata.value.as_deref().map(first_line).filter(|line| !line.is_empty());
    let title = match (kind, metadata.kind.as_deref(), value) {
        (EventKind::Transaction, ..) => return transaction.unwrap_or("<unnamed transaction>").to_owned(),
        (EventKind::Feedback, _, value) => {
            value.map_or("User feedback".into(), |v| format!("User feedback: {v}"))
        }
        (_, Some(kind), Some(value)) => format!("{kind}: {value}"),
        (_, Some(only), None) => match metadata.function.as_deref() {
            Some(function) if kind == EventKind::Error => format!("{only} in {function}"),
            _ => only.to_owned(),
        },
        (_, None, Some(only)) => only.to_owned(),
        (_, None, None) => {
            metadata.function.as_deref().map_or("<no message>".into(), |f| format!("<unnamed> in {f}"))
        }
    };
    shorten(&title, MAX_TITLE)
}

/// Where it happened: the transaction, else the crash frame, else the URL.
pub(crate) fn culprit(body: &Map, transaction: Option<&str>) -> String {
    culprit_of(transaction, crash_frame(body), trimmed_str(body.get("platform")).unwrap_or(""))
        .unwrap_or_else(|| request::url(body).map(|url| shorten(url, MAX_CULPRIT)).unwrap_or_default())
}

/// Where it happened, given the frame to blame.
pub(crate) fn culprit_of(transaction: Option<&str>, frame: Option<&Value>, platform: &str) -> Option<String> {
    if let Some(transaction) = transaction {
        return Some(shorten(transaction, MAX_CULPRIT));
    }
    let frame = frame?;
    let text = |key: &str| trimmed_str(frame.get(key));
    let platform = text("platform").unwrap_or(platform);
    let place = text("module").filter(|module| *module != "<anonymous>").or(text("filename"));
    let function = text("function").filter(|name| !matches!(*name, "?" | "<anonymous>"));
    let culprit = match (place, function) {
        // The function's own path already says where.
        (_, Some(function)) if matches!(platform, "native" | "rust" | "c") => function.to_owned(),
        (Some(place), Some(function)) => match platform {
            "javascript" | "node" => {
                // The engine names the receiver; a plain object's says nothing.
                format!("{}({place})", function.strip_prefix("Object.").unwrap_or(function))
            }
            _ => format!("{place} in {function}"),
        },
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => return None,
    };
    Some(shorten(&culprit, MAX_CULPRIT))
}

/// The frame to blame: of the last exception that has frames, else of the crashed or current thread.
pub(super) fn crash_frame(body: &Map) -> Option<&Value> {
    let list = |key: &str| body.get(key).and_then(|v| v.get("values")).and_then(Value::as_array);
    let of_exceptions =
        list("exception").and_then(|all| all.iter().rev().find_map(frames)).and_then(last_in_app);
    of_exceptions.or_else(|| {
        let threads = list("threads")?;
        let marked = |key: &str| threads.iter().find(|t| t.get(key).and_then(Value::as_bool) == Some(true));
        let alone = threads.first().filter(|_| threads.len() == 1);
        frames(marked("crashed").or_else(|| marked("current")).or(alone)?).and_then(last_in_app)
    })
}

fn frames(owner: &Value) -> Option<&[Value]> {
    let frames = owner.get("stacktrace")?.get("frames")?.as_array()?;
    (!frames.is_empty()).then_some(frames)
}

fn last_in_app(frames: &[Value]) -> Option<&Value> {
    let in_app = |frame: &&Value| frame.get("in_app").and_then(Value::as_bool) == Some(true);
    // An SDK that was asked for a trace is the last in it, and never what failed.
    frames.iter().rev().find(in_app).or_else(|| frames.iter().rev().find(|frame| !in_app::is_sdk(frame)))
}

fn locate(metadata: &mut Metadata, frame: Option<&Value>) {
    let text = |key: &str| frame.and_then(|frame| trimmed_str(frame.get(key))).map(str::to_owned);
    metadata.function = text("function").filter(|name| !matches!(name.as_str(), "?" | "<anonymous>"));
    metadata.filename = text("filename");
}

fn message(body: &Map) -> Option<String> {
    let entry = body.get("logentry").and_then(|entry| trimmed_str(entry.get("formatted")));
    let feedback = || trimmed_str(body.get("contexts")?.get("feedback")?.get("message"));
    let report = || trimmed_str(body.get("csp")?.get("blocked_uri"));
    entry.or_else(feedback).or_else(report).map(|text| shorten(text, MAX_VALUE))
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::super::event::tests::context;
    use super::*;

    fn named(raw: Value) -> (String, String) {
        let event = super::super::normalize(raw.to_string().as_bytes(), &context()).unwrap();
        (event.title, event.culprit)
    }

    fn pair(title: &str, culprit: &str) -> (String, String) {
        (title.into(), culprit.into())
    }

    #[test]
    fn an_exception_is_called_by_type_and_first_line() {
        let frames = json!([
            {"function": "checkout", "module": "shop.cart", "in_app": true},
            {"function": "get", "module": "requests.api", "in_app": false},
        ]);
        let raw = json!({"platform": "python", "exception": [
            {"type": "OSError", "value": "cause"},
            {"type": "PaymentError", "value": "declined\nsecond line", "stacktrace": {"frames": frames}},
        ]});
        assert_eq!(named(raw), pair("PaymentError: declined", "shop.cart in checkout"));
    }

    #[test]
    fn messages_feedback_and_nothing() {
        assert_eq!(named(json!({"message": "disk full\nmore"})), pair("disk full", ""));
        assert_eq!(
            named(json!({"contexts": {"feedback": {"message": "It broke"}}})),
            pair("User feedback: It broke", "")
        );
        assert_eq!(named(json!({"type": "transaction", "transaction": "GET /"})), pair("GET /", "GET /"));
        assert_eq!(named(json!({})), pair("<no message>", ""));
    }

    #[test]
    fn an_exception_without_a_value_says_where() {
        let exception = |value: Value| {
            json!({"platform": "native", "exception": [{"type": "SIGSEGV", "value": value, "mechanism": {"synthetic": true},
                "stacktrace": {"frames": [{"function": "shop::charge"}]}}]})
        };
        assert_eq!(named(exception(json!(null))), pair("SIGSEGV in shop::charge", "shop::charge"));
        assert_eq!(named(exception(json!("Segfault"))), pair("SIGSEGV: Segfault", "shop::charge"));
    }

    #[test]
    fn javascript_places_are_written_as_calls() {
        let raw = json!({"platform": "javascript", "exception": [{"type": "TypeError", "value": "x", "stacktrace": {"frames": [
            {"function": "o", "filename": "https://shop.example/app.js"}]}}]});
        assert_eq!(named(raw).1, "o(/app.js)");
    }
}
