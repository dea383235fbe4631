//! A request that the application answers.

use super::address::Address;
use super::body::{BodyPlace, Media, RequestBody};
use crate::client::Client;
use crate::options::{Collect, DataCollection};
use crate::pipeline::note_body;
use crate::protocol::{Event, Map, Request, User, Value};
use crate::text::Text;

/// What every server framework knows of a request. Made only when an event needs it.
#[derive(Debug, Clone, Default)]
pub struct IncomingRequest {
    /// `GET`, `POST` ...
    pub method: Text,
    /// The full address, or as much of it as is known: `https://shop.example/orders/7?full=1`.
    pub url: Text,
    /// Names, in any case, and values, in order.
    pub headers: Vec<(Text, Text)>,
    /// The address of whoever is connected: a proxy's, perhaps.
    pub remote_addr: Option<Text>,
    /// Where the body is found, if it is read.
    pub body: Option<BodyPlace>,
    /// The media type of the body, where it is not in the form that its header says, like one of several parts that a
    /// framework has parsed.
    pub body_type: Option<Text>,
    /// The server's environment, like `SERVER_NAME`.
    pub env: Map,
}

/// What an event says of a body.
#[derive(Debug, PartialEq)]
enum Shown {
    Nothing,
    Value(Value),
    /// That it was left out for its size, in bytes if known.
    TooLarge(Option<u64>),
}

impl IncomingRequest {
    /// Adds it to an event that has none: as `request`, and the address of the user, where the options allow that.
    pub fn describe(&self, event: &mut Event, client: &Client) {
        let collect = client.options().data_collection();
        if event.request.is_none() {
            let (mut request, body) = (self.interface(client), self.shown_body(client, collect));
            match body {
                Shown::Nothing => {}
                Shown::Value(value) => request.data = Some(value),
                Shown::TooLarge(length) => note_body(event, length),
            }
            event.request = Some(request);
        }
        if collect.user_info
            && let Some(address) = self.user_address()
        {
            let user = event.user.get_or_insert_with(User::default);
            user.ip_address.get_or_insert_with(|| address.into());
        }
    }

    /// The `request` interface but for the body, with what the options let be collected. Secrets are masked later, by key.
    fn interface(&self, client: &Client) -> Request {
        let collect = client.options().data_collection();
        let address = Address::parse(&self.url);
        let mut env = self.env.clone();
        if collect.user_info {
            env.extend(self.remote_addr.as_ref().map(|own| ("REMOTE_ADDR".to_owned(), own.as_str().into())));
        } else {
            env.shift_remove("REMOTE_ADDR");
        }
        Request {
            url: Some(address.bare().into()),
            method: Some(self.method.clone()).filter(|method| !method.is_empty()),
            query_string: address.query.filter(|_| collect.query_params != Collect::Off).map(Value::from),
            cookies: self.header("cookie").filter(|_| collect.cookies != Collect::Off).map(Value::from),
            headers: (collect.request_headers != Collect::Off).then(|| self.shown_headers().into()),
            env,
            ..Request::default()
        }
    }

    /// What is known about the request when its transaction starts.
    pub fn attributes(&self) -> Map {
        let address = Address::parse(&self.url);
        let mut map = Map::new();
        map.insert("http.request.method".into(), self.method.as_str().into());
        map.insert("url".into(), address.bare().into());
        map
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// The nearest address of the user: what the first proxy saw, else who is connected.
    fn user_address(&self) -> Option<&str> {
        let forwarded = self.header("x-forwarded-for").and_then(|list| list.split(',').next());
        let forwarded = forwarded.or_else(|| self.header("x-real-ip"));
        forwarded.map(str::trim).filter(|text| !text.is_empty()).or(self.remote_addr.as_deref())
    }

    /// Several headers of one name are joined; cookies have a place of their own.
    fn shown_headers(&self) -> Map {
        let mut map = Map::new();
        for (name, value) in self.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("cookie")) {
            let mut known = map.iter_mut().filter(|(own, _)| own.eq_ignore_ascii_case(name));
            if let Some((_, Value::String(before))) = known.next() {
                before.push_str(", ");
                before.push_str(value);
            } else {
                map.insert(name.as_str().to_owned(), value.as_str().into());
            }
        }
        map
    }

    /// What cannot be parsed is left out: secrets could not be told from the rest.
    fn shown_body(&self, client: &Client, collect: &DataCollection) -> Shown {
        let place = self.body.as_ref().filter(|_| collect.http_bodies.incoming_request);
        let max = client.options().max_request_body_size().bytes();
        let (Some(body), Some(media)) = (
            place.and_then(BodyPlace::get),
            Media::of(self.body_type.as_deref().or_else(|| self.header("content-type"))),
        ) else {
            return Shown::Nothing;
        };
        let bytes = match body {
            RequestBody::TooLarge(length) => return Shown::TooLarge(*length),
            RequestBody::Whole(bytes) if bytes.is_empty() => return Shown::Nothing,
            RequestBody::Whole(bytes) if bytes.len() > max => {
                return Shown::TooLarge(Some(bytes.len() as u64));
            }
            RequestBody::Whole(bytes) => bytes,
        };
        let value = match media {
            Media::Json => serde_json::from_slice(bytes).ok(),
            Media::Form => std::str::from_utf8(bytes).ok().map(Value::from),
        };
        value.map_or(Shown::Nothing, Shown::Value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientOptions;

    fn request() -> IncomingRequest {
        let header = |name: &str, value: &str| (Text::from(name), Text::from(value));
        IncomingRequest {
            method: "POST".into(),
            url: "https://ada:pw@shop.example/orders/7?full=1".into(),
            headers: vec![
                header("Accept", "text/html"),
                header("accept", "*/*"),
                header("Cookie", "theme=dark"),
                header("Content-Type", "application/json; charset=utf-8"),
                header("X-Forwarded-For", "203.0.113.7, 10.0.0.1"),
            ],
            remote_addr: Some("10.0.0.1".into()),
            body: Some(RequestBody::Whole(b"{\"a\":1}".to_vec()).into()),
            body_type: None,
            env: Map::new(),
        }
    }

    fn described(options: ClientOptions) -> Event {
        let mut event = Event::default();
        request().describe(&mut event, &Client::builder(options).build());
        event
    }

    #[test]
    fn headers_are_left_to_the_scrubber_and_the_rest_is_not_collected() {
        let event = described(ClientOptions::new());
        let request = event.request.unwrap();
        assert_eq!(request.url.as_deref(), Some("https://shop.example/orders/7"));
        assert_eq!(request.query_string, Some("full=1".into()));
        assert_eq!((request.cookies, request.data, event.user), (None, None, None));
        assert!(request.env.is_empty());
        let headers = serde_json::to_string(&request.headers).unwrap();
        assert_eq!(
            headers,
            r#"{"Accept":"text/html, */*","Content-Type":"application/json; charset=utf-8","X-Forwarded-For":"203.0.113.7, 10.0.0.1"}"#
        );
    }

    #[test]
    fn everything_where_it_was_asked_for() {
        let event = described(ClientOptions::new().with_send_default_pii(true));
        let request = event.request.unwrap();
        assert_eq!(request.cookies, Some("theme=dark".into()));
        assert_eq!(request.data, Some(serde_json::json!({"a": 1})));
        assert_eq!(request.env["REMOTE_ADDR"], "10.0.0.1");
        assert_eq!(event.user.unwrap().ip_address.as_deref(), Some("203.0.113.7"));
    }

    #[test]
    fn what_is_too_large_is_noted_and_what_cannot_be_parsed_is_not_there() {
        let described = |content_type: &str, body: RequestBody| {
            let headers = vec![("content-type".into(), Text::from(content_type))];
            let request = IncomingRequest { headers, body: Some(body.into()), ..IncomingRequest::default() };
            let mut event = Event::default();
            request.describe(
                &mut event,
                &Client::builder(ClientOptions::new().with_send_default_pii(true)).build(),
            );
            (event.request.unwrap().data, event.other.get("_meta").cloned())
        };
        let whole = |text: &str| RequestBody::Whole(text.as_bytes().to_vec());
        let note = |note: Value| Some(serde_json::json!({"request": {"data": {"": note}}}));
        let (json, form) = ("application/json", "application/x-www-form-urlencoded");
        for (kind, body, data, meta) in [
            (form, whole("a=1&b=2"), Some("a=1&b=2".into()), None),
            (json, whole("{\"a\":"), None, None),
            (json, whole(""), None, None),
            (form, RequestBody::Whole(vec![0xff]), None, None),
            ("text/plain", whole("hi"), None, None),
            (json, RequestBody::TooLarge(None), None, note(serde_json::json!({"rem": [["!config", "x"]]}))),
            (
                json,
                whole(&"1".repeat(10_001)),
                None,
                note(serde_json::json!({"rem": [["!config", "x"]], "len": 10_001})),
            ),
        ] {
            assert_eq!(described(kind, body), (data, meta), "{kind}");
        }
    }
}
