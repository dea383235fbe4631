//! Requests that a host answers, for hosts that speak JSON.

use std::sync::Arc;

use serde::Deserialize;
use watchpost_core::{
    BodyPlace, BodyTee, Client, EventHook, IncomingRequest, Map, RequestBody, Result, Text, Value,
};

use crate::payload::parse;

/// All that a host knows of a request. What of it is collected is the core's decision.
#[derive(Debug, Deserialize)]
struct Given {
    #[serde(default)]
    method: String,
    /// With the query.
    url: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default)]
    remote_addr: Option<String>,
    #[serde(default)]
    env: Map,
    /// What its transaction is called, `GET /orders/:id`.
    #[serde(default)]
    transaction: Option<String>,
    /// Its body, where the host looks at bodies.
    #[serde(default)]
    body: Option<GivenBody>,
}

/// What a host knows of a body.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum GivenBody {
    /// The application has read it to its end.
    Read(String),
    /// A framework has read it, and only what it found in there is known.
    Parsed(Value),
    /// More was read than the options allow.
    TooLarge,
    /// The application has not read all of it.
    Unread,
}

impl Given {
    /// Where the body is found, and its media type if it is another than the request's.
    fn take_body(&mut self, client: &Client) -> (Option<BodyPlace>, Option<Text>) {
        let Some(body) = self.body.take() else { return (None, None) };
        let header = |name: &str| {
            let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let (place, tee) = BodyTee::begin(client, header);
        // What is not collected, or says itself that it is too large.
        let Some(mut tee) = tee else { return (place, None) };
        match body {
            GivenBody::Read(text) => {
                tee.push(text.as_bytes());
                tee.finish();
                (place, None)
            }
            GivenBody::Parsed(value) => {
                let bytes = value.to_string().into_bytes();
                (Some(RequestBody::Whole(bytes).into()), Some("application/json".into()))
            }
            GivenBody::TooLarge => (Some(RequestBody::TooLarge(None).into()), None),
            GivenBody::Unread => (None, None),
        }
    }
}

/// An event processor that says which request an event belongs to, from JSON: `method`, `url`, `headers` as pairs,
/// `remote_addr`, `env`, the `transaction` that events are named after unless a scope names another, and the `body`:
/// `{"read": "..."}`, `{"parsed": ...}`, `"too_large"` or `"unread"`.
///
/// # Errors
/// When the text is no request; the error gives the path of what is wrong.
pub fn describe_request(client: &Arc<Client>, json: &str) -> Result<EventHook> {
    let mut given: Given = parse("request", json)?;
    let (body, body_type) = given.take_body(client);
    let request = IncomingRequest {
        method: given.method.into(),
        url: given.url.into(),
        headers: given.headers.into_iter().map(|(name, value)| (name.into(), value.into())).collect(),
        remote_addr: given.remote_addr.map(Into::into),
        body,
        body_type,
        env: given.env,
    };
    let client = Arc::clone(client);
    let transaction = given.transaction.map(Text::from);
    Ok(Arc::new(move |mut event, _| {
        request.describe(&mut event, &client);
        if event.transaction.is_none() {
            event.transaction.clone_from(&transaction);
        }
        Ok(Some(event))
    }))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use watchpost_core::{ClientOptions, DataCollection, Event, Hint, MaxRequestBodySize};

    use super::*;

    fn described(
        body: Value,
        content_type: &str,
        length: Option<&str>,
        small: bool,
    ) -> (Option<Value>, bool) {
        let bodies = watchpost_core::CollectBodies::ALL;
        let options = ClientOptions::new()
            .with_data_collection(DataCollection { http_bodies: bodies, ..DataCollection::default() })
            .with_max_request_body_size(if small {
                MaxRequestBodySize::Small
            } else {
                MaxRequestBodySize::Medium
            });
        let client = Client::builder(options).build();
        let mut headers = vec![json!(["Content-Type", content_type])];
        headers.extend(length.map(|length| json!(["Content-Length", length])));
        let given = json!({ "method": "POST", "url": "http://h.example/", "headers": headers, "body": body });
        let hook = describe_request(&client, &given.to_string()).unwrap();
        let event = hook(Event::default(), &mut Hint::default()).unwrap().unwrap();
        let noted = !serde_json::to_value(&event).unwrap()["_meta"].is_null();
        (event.request.unwrap().data, noted)
    }

    #[test]
    fn what_was_read_or_parsed_is_shown() {
        let read = json!({ "read": "{\"a\":1}" });
        assert_eq!(
            described(read.clone(), "application/json", Some("7"), false),
            (Some(json!({ "a": 1 })), false)
        );
        assert_eq!(described(read, "text/plain", Some("7"), false), (None, false));
        let form = json!({ "read": "a=1&b=2" });
        let shown = described(form, "application/x-www-form-urlencoded", None, false);
        assert_eq!(shown, (Some("a=1&b=2".into()), false));
        let parsed = json!({ "parsed": { "a": "1" } });
        let shown = described(parsed, "application/x-www-form-urlencoded", None, false);
        assert_eq!(shown, (Some(json!({ "a": "1" })), false));
        assert_eq!(described(json!("unread"), "application/json", Some("7"), false), (None, false));
    }

    #[test]
    fn what_is_too_large_is_noted() {
        assert_eq!(described(json!("too_large"), "application/json", None, true), (None, true));
        assert_eq!(described(json!("unread"), "application/json", Some("1001"), true), (None, true));
        let long = json!({ "read": "\"".to_owned() + &"x".repeat(1000) + "\"" });
        assert_eq!(described(long, "application/json", None, true), (None, true));
    }
}
