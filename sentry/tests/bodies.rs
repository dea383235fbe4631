//! Bodies of requests on events: real servers, a client that writes its requests by hand.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "bodies/servers.rs"]
mod servers;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::pin::Pin;
use std::sync::{Mutex, MutexGuard, PoisonError, mpsc};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::http::{Request, Response};
use axum::routing::post;
use http_body::{Body, Frame};
use serde_json::{Value, json};
use servers::{actix_server, axum_server, hyper_server, serve_actix, serve_axum, upgrade};
use tower_layer::Layer as _;
use tower_service::Service;
use watchpost::integrations::tower::{WatchpostLayer, record_body};
use watchpost::testing::{Recorded, init, record};
use watchpost::{ClientOptions, CollectBodies, DataCollection, MaxRequestBodySize, Timestamp};

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
const PATIENCE: Duration = Duration::from_secs(60);

/// Servers have threads of their own, so that the client is the whole process's: one test at a time.
static ALONE: Mutex<()> = Mutex::new(());

fn alone() -> MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server that captures an event about every request, once it has read its body.
type Start = fn() -> SocketAddr;
const SERVERS: [(&str, Start); 3] =
    [("axum", axum_server), ("actix-web", actix_server), ("hyper", hyper_server)];

fn connect(address: SocketAddr, head: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// The answer's body.
fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    text.split_once("\r\n\r\n").unwrap().1.to_owned()
}

fn head(path: &str, content_type: &str, framing: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nhost: shop.example\r\nconnection: close\r\ncontent-type: {content_type}\r\n{framing}\r\n\r\n"
    )
}

/// Posts a body of known length.
fn post_body(address: SocketAddr, content_type: &str, body: &[u8]) {
    let mut stream =
        connect(address, &head("/read", content_type, &format!("content-length: {}", body.len())));
    stream.write_all(body).unwrap();
    assert_eq!(answer(stream), body.len().to_string(), "the handler reads what was sent");
}

/// Posts a body in pieces, whose length is not said.
fn post_pieces(address: SocketAddr, content_type: &str, pieces: &[&[u8]]) {
    let mut stream = connect(address, &head("/read", content_type, "transfer-encoding: chunked"));
    for piece in pieces {
        write_piece(&mut stream, piece);
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    let sum: usize = pieces.iter().map(|piece| piece.len()).sum();
    assert_eq!(answer(stream), sum.to_string());
}

fn write_piece(stream: &mut TcpStream, piece: &[u8]) {
    stream.write_all(format!("{:x}\r\n", piece.len()).as_bytes()).unwrap();
    stream.write_all(piece).unwrap();
    stream.write_all(b"\r\n").unwrap();
}

fn asked_for() -> ClientOptions {
    let http_bodies = CollectBodies { incoming_request: true, ..CollectBodies::NONE };
    ClientOptions::new().with_data_collection(DataCollection { http_bodies, ..DataCollection::default() })
}

/// What the event of the request says of its body: the data, and the note about it.
fn recorded(options: ClientOptions, ask: impl FnOnce()) -> (Value, Value) {
    let options = options.with_dsn("https://key@errors.example.com/42").unwrap();
    let (_guard, test) = init(options, Timestamp::from_micros(0), 1);
    ask();
    let recorded = Recorded { envelopes: test.transport.take() };
    let payload = recorded.payloads(&watchpost::ItemType::Event).remove(0);
    assert_eq!(payload["request"]["method"], "POST");
    (payload["request"]["data"].clone(), payload["_meta"]["request"]["data"][""].clone())
}

#[test]
fn json_and_forms_are_on_the_event_and_secrets_are_not() {
    let _alone = alone();
    for (name, start) in SERVERS {
        let address = start();
        let body = br#"{"order": 7, "password": "hush", "card": {"apiToken": "hush"}}"#;
        let masked = json!({"order": 7, "password": "[Filtered]", "card": {"apiToken": "[Filtered]"}});
        let (data, meta) = recorded(asked_for(), || post_body(address, JSON, body));
        assert_eq!((data, meta), (masked.clone(), Value::Null), "{name}");
        let pieces: Vec<&[u8]> = body.chunks(7).collect();
        let (data, _) = recorded(asked_for(), || post_pieces(address, JSON, &pieces));
        assert_eq!(data, masked, "{name}: in pieces");
        let (data, _) = recorded(asked_for(), || post_body(address, FORM, b"order=7&password=hush"));
        assert_eq!(data, "order=7&password=[Filtered]", "{name}");
        let sanitized = asked_for().with_sanitize_fields(vec!["order".into()]);
        let (data, _) = recorded(sanitized, || post_body(address, JSON, br#"{"order": 7}"#));
        assert_eq!(data, json!({"order": "[Filtered]"}), "{name}");
        let (data, _) = recorded(ClientOptions::new().with_send_default_pii(true), || {
            post_body(address, FORM, b"order=7");
        });
        assert_eq!(data, "order=7", "{name}");
    }
}

#[test]
fn nothing_is_collected_that_was_not_asked_for_or_cannot_be_masked() {
    let _alone = alone();
    let body = br#"{"order": 7}"#;
    let no_size = asked_for().with_max_request_body_size(MaxRequestBodySize::None);
    for (name, start) in SERVERS {
        let address = start();
        for (options, content_type) in [
            (ClientOptions::new(), JSON),
            (no_size.clone(), JSON),
            (asked_for(), "application/octet-stream"),
            (asked_for(), "multipart/form-data; boundary=x"),
            (asked_for(), "text/plain"),
        ] {
            let found = recorded(options, || post_body(address, content_type, body));
            assert_eq!(found, (Value::Null, Value::Null), "{name}: {content_type}");
        }
        let found = recorded(asked_for(), || post_body(address, JSON, b"{\"order\": "));
        assert_eq!(found, (Value::Null, Value::Null), "{name}: no JSON after all");
    }
}

#[test]
fn a_body_over_the_cap_is_left_out_and_noted() {
    let _alone = alone();
    let small = || asked_for().with_max_request_body_size(MaxRequestBodySize::Small);
    let body = format!("\"{}\"", "x".repeat(1999));
    for (name, start) in SERVERS {
        let address = start();
        let (data, meta) = recorded(small(), || post_body(address, JSON, body.as_bytes()));
        assert_eq!((data, meta), (Value::Null, json!({"rem": [["!config", "x"]], "len": 2001})), "{name}");
        let (first, rest) = body.as_bytes().split_at(900);
        let (data, meta) = recorded(small(), || post_pieces(address, JSON, &[first, rest]));
        assert_eq!((data, meta), (Value::Null, json!({"rem": [["!config", "x"]]})), "{name}: in pieces");
        let (data, _) = recorded(small(), || post_body(address, JSON, &body.as_bytes()[1001..2000]));
        assert_eq!(data, Value::Null, "{name}: small enough, but no JSON");
        let fits = format!("{{\"x\":\"{}\"}}", "x".repeat(992));
        let (data, meta) = recorded(small(), || post_body(address, JSON, fits.as_bytes()));
        assert_eq!((data, meta), (serde_json::from_str(&fits).unwrap(), Value::Null), "{name}: 1,000 bytes");
    }
}

/// What each server of the next test was given, a piece at a time.
static PIECES: Mutex<Option<mpsc::Sender<Vec<u8>>>> = Mutex::new(None);

fn piece(bytes: &[u8]) {
    PIECES.lock().unwrap().as_ref().unwrap().send(bytes.to_vec()).unwrap();
}

#[test]
fn a_body_that_is_streamed_is_not_held_up() {
    use actix_web::web;

    async fn axum_pieces(mut body: axum::body::Body) -> &'static str {
        watchpost::capture_message("before", None);
        while let Some(frame) = poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            piece(frame.unwrap().data_ref().unwrap());
        }
        watchpost::capture_message("after", None);
        "all"
    }
    async fn actix_pieces(mut body: web::Payload) -> &'static str {
        watchpost::capture_message("before", None);
        while let Some(part) =
            poll_fn(|context| futures_core::Stream::poll_next(Pin::new(&mut body), context)).await
        {
            piece(&part.unwrap());
        }
        watchpost::capture_message("after", None);
        "all"
    }
    let _alone = alone();
    for (name, start) in [
        ("axum", (|| serve_axum(axum::Router::new().route("/pieces", post(axum_pieces)))) as Start),
        ("actix-web", || {
            serve_actix(|config| {
                config.route("/pieces", web::post().to(actix_pieces));
            })
        }),
    ] {
        let address = start();
        let (tell, told) = mpsc::channel();
        *PIECES.lock().unwrap() = Some(tell);
        let options = asked_for().with_dsn("https://key@errors.example.com/42").unwrap();
        let (_guard, test) = init(options, Timestamp::from_micros(0), 1);
        let mut stream = connect(address, &head("/pieces", FORM, "transfer-encoding: chunked"));
        for sent in ["a=1&", "b=2&", "c=3"] {
            write_piece(&mut stream, sent.as_bytes());
            // The handler has it before anything else is sent.
            assert_eq!(told.recv_timeout(PATIENCE).unwrap(), sent.as_bytes(), "{name}");
        }
        stream.write_all(b"0\r\n\r\n").unwrap();
        assert_eq!(answer(stream), "all");
        let events = Recorded { envelopes: test.transport.take() }.payloads(&watchpost::ItemType::Event);
        assert_eq!(events.len(), 2, "{name}");
        assert_eq!(events[0]["request"].get("data"), None, "{name}: nobody had read it");
        assert_eq!(events[1]["request"]["data"], "a=1&b=2&c=3", "{name}");
    }
}

#[test]
fn a_connection_that_leaves_http_is_not_touched() {
    let _alone = alone();
    let axum = || serve_axum(axum::Router::new().route("/upgrade", post(upgrade::<axum::body::Body>)));
    for (name, start) in [("axum", axum as Start), ("hyper", hyper_server)] {
        let options = asked_for().with_dsn("https://key@errors.example.com/42").unwrap();
        let (_guard, test) = init(options, Timestamp::from_micros(0), 1);
        let head =
            head("/upgrade", JSON, "upgrade: echo").replace("connection: close", "connection: upgrade");
        let mut stream = connect(start(), &head);
        stream.write_all(b"ping").unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        assert!(text.starts_with("HTTP/1.1 101") && text.ends_with("\r\n\r\nping"), "{name}: {text}");
        let event = Recorded { envelopes: test.transport.take() }.only_event();
        assert_eq!(event.logentry.unwrap().formatted.as_deref(), Some("upgraded"), "{name}");
    }
}

/// A body that is nobody's: pieces, each in two parts.
#[derive(Debug)]
struct Pieces(VecDeque<&'static [u8]>);

impl Body for Pieces {
    type Data = bytes::buf::Chain<&'static [u8], &'static [u8]>;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Infallible>>> {
        let next = self.0.pop_front().map(|piece| piece.split_at(piece.len() / 2));
        Poll::Ready(next.map(|(first, rest)| Ok(Frame::data(bytes::Buf::chain(first, rest)))))
    }
}

/// Reads its body to the end, as a service without a framework would.
#[derive(Debug)]
struct Reads;

impl Service<Request<Pieces>> for Reads {
    type Response = Response<usize>;
    type Error = Infallible;
    type Future = std::future::Ready<Result<Response<usize>, Infallible>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Pieces>) -> Self::Future {
        let mut body = record_body(request).into_body();
        let mut length = 0;
        let mut context = Context::from_waker(Waker::noop());
        while let Poll::Ready(Some(frame)) = Pin::new(&mut body).poll_frame(&mut context) {
            length += bytes::Buf::remaining(frame.unwrap().data_ref().unwrap());
        }
        watchpost::capture_message("read", None);
        std::future::ready(Ok(Response::new(length)))
    }
}

#[test]
fn services_without_a_framework_ask_for_it() {
    for (options, data) in [(asked_for(), Some(json!({"order": 7}))), (ClientOptions::new(), None)] {
        let (length, recorded) = record(options, || {
            let body = Pieces([br#"{"ord"#.as_slice(), br#"er": "#, b"7}"].into());
            let request = Request::post("/orders").header("content-type", JSON).body(body).unwrap();
            let mut answer = Box::pin(WatchpostLayer.layer(Reads).call(request));
            match answer.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                Poll::Ready(answer) => answer.unwrap().into_body(),
                Poll::Pending => panic!("it answers at once"),
            }
        });
        assert_eq!(length, 12);
        assert_eq!(recorded.only_event().request.unwrap().data, data);
    }
}
