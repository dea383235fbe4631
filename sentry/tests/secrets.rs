//! Secrets that are planted in every keyed place are neither in the spool's files nor on the wire. One test in a binary
//! of its own, as the client is global.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use watchpost::{Attribute, Breadcrumb, ClientOptions, Event, Level, Log, LogLevel, ScrubPatterns};

/// Stands in every value that must not leave.
const SECRET: &str = "hush0451";
/// Stands in values that must, so that the search is known to find something.
const KEPT: &str = "kept0451";
/// What is captured last, of each kind: when all of it is there, everything is.
const LAST: [&[u8]; 4] = [b"last event", b"last span", b"last log", b"last metric"];

#[test]
fn no_planted_secret_is_stored_or_sent() {
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (go, wait) = mpsc::channel::<()>();
    let (tell, wire) = mpsc::channel();
    let sink = std::thread::spawn(move || {
        // Nothing is acknowledged before the spool has been searched.
        let (mut stream, _) = listener.accept().unwrap();
        wait.recv_timeout(Duration::from_secs(60)).unwrap();
        let mut bytes = Vec::new();
        listener.set_nonblocking(true).unwrap();
        let end = Instant::now() + Duration::from_secs(30);
        while Instant::now() < end && !is_complete(&bytes) {
            if take_request(&mut stream, &mut bytes).is_none() {
                match listener.accept() {
                    Ok((next, _)) => {
                        next.set_nonblocking(false).unwrap();
                        stream = next;
                    }
                    Err(_) => std::thread::sleep(Duration::from_millis(20)),
                }
            }
        }
        tell.send(bytes).unwrap();
    });

    let options = ClientOptions::new()
        .with_storage_dir(Some(folder.path().to_owned()))
        .with_compression("none")
        .unwrap()
        .with_sanitize_fields(vec!["shoe_size".into()])
        .with_enable_logs(true)
        .with_scrub_patterns(ScrubPatterns::ALL)
        .with_traces_sample_rate(1.0)
        .unwrap()
        .with_shutdown_timeout(Duration::ZERO);
    let guard = watchpost::init((format!("http://key@{address}/42").as_str(), options)).unwrap();
    plant();
    plant_signals();
    // What was held back goes into the spool; the server does not answer yet.
    watchpost::flush(Duration::from_millis(1));

    let stored = await_stored(folder.path());
    assert_eq!(count(&stored, SECRET.as_bytes()), 0, "in the spool: {}", around(&stored));
    assert!(is_complete(&stored), "not everything is in the spool");
    assert!(count(&stored, KEPT.as_bytes()) >= 10, "the search finds nothing");
    assert!(count(&stored, b"[Filtered]") >= 100, "{}", count(&stored, b"[Filtered]"));
    go.send(()).unwrap();
    let sent = wire.recv_timeout(Duration::from_secs(60)).unwrap();
    assert_eq!(count(&sent, SECRET.as_bytes()), 0, "on the wire: {}", around(&sent));
    assert!(is_complete(&sent), "not everything was sent");
    assert!(count(&sent, KEPT.as_bytes()) >= 10, "the search finds nothing");
    drop(guard);
    sink.join().unwrap();
}

/// Reads one request and answers it; `None` when the connection is at its end.
fn take_request(stream: &mut TcpStream, bytes: &mut Vec<u8>) -> Option<()> {
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.extend(byte);
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let length =
        text.split("content-length:").nth(1).and_then(|rest| rest.lines().next()?.trim().parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body).ok()?;
    while length.is_none() && !body.ends_with(b"\r\n0\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        body.extend(byte);
    }
    bytes.extend(head);
    if text.contains("content-encoding: gzip") {
        let mut plain = Vec::new();
        flate2::read::GzDecoder::new(body.as_slice()).read_to_end(&mut plain).unwrap();
        body = plain;
    }
    bytes.extend(body);
    stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}").ok()
}

fn plant() {
    let hush = || Value::from(SECRET);
    watchpost::set_extra("password", SECRET);
    watchpost::set_extra("nested", json!({"a": [{"api_key": hush()}, ["token", hush()]]}));
    watchpost::set_extra("json", format!("{{\"a\": 1, \"secret\": \"{SECRET}\"}}"));
    watchpost::set_extra("form", format!("a=1&passwd={SECRET}"));
    watchpost::set_extra("database", format!("postgres://u:{SECRET}@h/db?password={SECRET}"));
    watchpost::set_extra("note", KEPT);
    watchpost::set_tag("shoe_size", SECRET);
    watchpost::set_context("job", json!({"session": hush(), "deep": {"jwt": hush()}}).as_object().cloned());
    watchpost::set_user(
        serde_json::from_value::<watchpost::User>(json!({"id": "1", "shoe_size": hush()})).unwrap(),
    );
    for data in [
        json!({"url": format!("https://u:{SECRET}@h/a?token={SECRET}#access_token={SECRET}")}),
        json!({"http.query": format!("sid={SECRET}"), "authorization": hush()}),
        json!({"shoe_size": hush(), "body": format!("{{\"shoe_size\":\"{SECRET}\"}}")}),
    ] {
        let data = data.as_object().cloned().unwrap().into();
        let message = Some(format!("password={SECRET}").into());
        watchpost::add_breadcrumb(Breadcrumb { message, data, ..Breadcrumb::default() });
    }
    let event: Event = serde_json::from_value(json!({
        "logentry": {"message": format!("Bearer {SECRET}"), "params": [{"token": hush()}, format!("api_key: {SECRET}")]},
        "exception": [{
            "type": "A", "value": format!("refused: password={SECRET}"),
            "mechanism": {"type": "generic", "data": {"secret": hush()}, "shoe_size": hush()},
            "stacktrace": {"frames": [{"function": "f", "vars": {"pwd": hush(), "order": {"shoe_size": hush()}, "n": KEPT}}]},
        }],
        "threads": [{"id": 1, "shoe_size": hush(), "stacktrace": {"frames": [{"function": "f", "vars": {"token": hush()}}]}}],
        "request": {
            "url": format!("https://u:{SECRET}@h/?session={SECRET}"),
            "query_string": format!("q=1&key={SECRET}&shoe%5Fsize={SECRET}"),
            "cookies": format!("sid={SECRET}; theme=dark"),
            "headers": {"Authorization": hush(), "Cookie": format!("sid={SECRET}"), "X-Forwarded-For": hush()},
            "data": format!("{{\"user\": {{\"password\": \"{SECRET}\", \"shoe_size\": {{\"eu\": \"{SECRET}\"}}}}}}"),
            "env": {"REMOTE_ADDR": hush(), "SECRET_KEY": hush()},
            "shoe_size": hush(),
        },
        "contexts": {
            "response": {"headers": {"Set-Cookie": format!("session={SECRET}; Path=/")}, "cookies": {"sid": hush()},
                "data": format!("password={SECRET}&a=1")},
            "trace": {"trace_id": "0123456789abcdef0123456789abcdef", "span_id": "0123456789abcdef", "data": {"token": hush()}},
            "shoe_size": {"eu": hush()},
        },
        "unknown": {"shoe_size": hush()},
        "extra": {"note": KEPT},
    }))
    .unwrap();
    watchpost::capture_event(event).unwrap();
    // Headers, cookies and queries come as objects and lists of pairs too; a body as a form, or parsed.
    for request in [
        json!({
            "headers": [["X-Api-Key", hush()], ["Referer", format!("https://h/?token={SECRET}")], ["Shoe_Size", hush()]],
            "cookies": {"sid": hush(), "shoe_size": hush(), "theme": KEPT},
            "query_string": [["token", hush()], ["shoe_size", hush()]],
            "data": format!("user=ann&password={SECRET}&shoe_size={SECRET}&note={KEPT}"),
        }),
        json!({
            "query_string": {"jwt": hush(), "shoe_size": hush()},
            "cookies": [["csrftoken", hush()], ["shoe_size", hush()]],
            "data": {"login": [{"pwd": hush(), "shoe_size": hush(), "note": KEPT}]},
        }),
    ] {
        let event =
            json!({"message": "form", "request": request, "errors": [{"type": "x", "shoe_size": hush()}]});
        watchpost::capture_event(serde_json::from_value(event).unwrap()).unwrap();
    }
    // A body that cannot be read is no reason to send it.
    let unreadable = json!({"message": "b", "request": {"data": format!("<a password=\"{SECRET}\"/>"), "cookies": SECRET}});
    watchpost::capture_event(serde_json::from_value(unreadable).unwrap()).unwrap();
    watchpost::capture_message("last event", Level::Info).unwrap();
}

/// The same in spans, logs, metrics and feedback.
fn plant_signals() {
    {
        let transaction = watchpost::start_transaction("GET /orders", "http.server");
        transaction.set_data("authorization", SECRET);
        transaction.set_data("note", KEPT);
        transaction.set_tag("shoe_size", SECRET);
        let span = watchpost::start_span("http.client", "last span");
        span.set_data("url", format!("https://u:{SECRET}@h/a?token={SECRET}"));
        span.set_data("http.query", format!("sid={SECRET}"));
        span.set_data("body", json!({"shoe_size": SECRET, "api_key": SECRET}));
        span.set_tag("shoe_size", SECRET);
        span.set_tag("note", KEPT);
    }
    let attributes = [
        ("api_token", SECRET.to_owned()),
        ("shoe_size", SECRET.to_owned()),
        ("url.full", format!("https://h/?session={SECRET}")),
        ("url.query", format!("sid={SECRET}")),
        ("note", KEPT.to_owned()),
    ];
    watchpost::set_attribute("db.password", SECRET);
    let log = |body: String| {
        let mut log = Log::new(LogLevel::Info, body);
        for (name, value) in &attributes {
            log.attributes.insert(*name, value.clone());
        }
        log.attributes
            .insert("list", Attribute::from_json(&json!([format!("password={SECRET}"), KEPT])).unwrap());
        watchpost::logs::capture(log);
    };
    log(format!("login with password={SECRET}"));
    log("last log".to_owned());
    let metric = watchpost::metrics::count("last metric", 1.0);
    attributes.iter().fold(metric, |metric, (name, value)| metric.attribute(*name, value.clone())).send();
    let feedback = json!({"message": format!("my password={SECRET}"), "name": KEPT});
    watchpost::capture_feedback(serde_json::from_value(feedback).unwrap()).unwrap();
}

fn is_complete(bytes: &[u8]) -> bool {
    LAST.iter().all(|last| count(bytes, last) > 0)
}

/// What the files of the spool hold, once all of it is there.
fn await_stored(folder: &Path) -> Vec<u8> {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let mut bytes = Vec::new();
        read_all(folder, &mut bytes);
        if is_complete(&bytes) || Instant::now() > end {
            return bytes;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn read_all(folder: &Path, bytes: &mut Vec<u8>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read_all(&path, bytes);
        } else {
            bytes.extend(std::fs::read(&path).unwrap_or_default());
        }
    }
}

fn count(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).filter(|window| window == &part).count()
}

/// What stands around the first find.
fn around(bytes: &[u8]) -> String {
    let at = bytes.windows(SECRET.len()).position(|window| window == SECRET.as_bytes()).unwrap_or(0);
    String::from_utf8_lossy(&bytes[at.saturating_sub(120)..(at + 40).min(bytes.len())]).into_owned()
}
