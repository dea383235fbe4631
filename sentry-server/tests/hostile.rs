//! What hostile or broken clients send: refused or counted, never stored beyond its caps, and nobody else is hurt.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;

use serde_json::{Value, json};
use support::{Server, auth, counted, error, event_envelope, gzip};

const MIB: usize = 1_024 * 1_024;

async fn stored(server: &Server) -> Vec<Value> {
    server.settle().await;
    server.get("/api/0/projects/default/shop/events/").await.ok().as_array().unwrap().clone()
}

async fn outcomes(server: &Server) -> Value {
    server.settle().await;
    server.get("/api/0/organizations/default/outcomes/").await.ok()
}

/// The longest body in the day's file, inflated.
fn longest_body(server: &Server) -> usize {
    let day = rusqlite::Connection::open(server.config.data.join("events-2026-11-22.db")).unwrap();
    let mut longest = 0;
    for sql in ["SELECT body FROM events", "SELECT body FROM items"] {
        let mut statement = day.prepare(sql).unwrap();
        for body in statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap() {
            longest = longest.max(zstd::decode_all(&body.unwrap()[..]).unwrap().len());
        }
    }
    longest
}

/// A small body that inflates to a hundred times the cap, in every encoding, whole and inside of what it is sent as.
#[tokio::test]
async fn bombs_of_every_encoding_cost_one_cap() {
    let server = Server::start_with(|config| config.limits.inflated_body_bytes = MIB);
    let own = auth();
    let bomb = vec![b' '; 100 * MIB];
    let zlib = |bytes: &[u8]| {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let brotli = |bytes: &[u8]| {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 65_536, 5, 22).write_all(bytes).unwrap();
        out
    };
    let packed = [
        ("gzip", gzip(&bomb)),
        ("deflate", zlib(&bomb)),
        ("br", brotli(&bomb)),
        ("zstd", zstd::encode_all(&bomb[..], 3).unwrap()),
    ];
    for (encoding, wire) in packed {
        assert!(wire.len() < MIB, "{encoding}: {} bytes", wire.len());
        for path in ["/api/42/envelope/", "/api/42/store/", "/api/42/security/", "/api/42/minidump/"] {
            let headers = [
                ("x-sentry-auth", own.as_str()),
                ("content-encoding", encoding),
                ("content-type", "application/json"),
            ];
            let answer = server.post(path, &headers, wire.clone()).await;
            assert_eq!(answer.status, 413, "{encoding} {path}");
        }
    }
    // The inner layer of the oldest form is a bomb, too, and so is the inside of a crash report.
    use base64::Engine as _;
    let inner = base64::engine::general_purpose::STANDARD.encode(zlib(&bomb));
    let answer = server.post("/api/42/store/", &[("x-sentry-auth", &own)], inner).await;
    assert_eq!(answer.status, 413);
    let answer = server.post(&format!("/api/42/unreal/{}/", support::KEY), &[], zlib(&bomb)).await;
    assert_eq!(answer.status, 413);
    let answer = server.post("/api/42/minidump/", &[("x-sentry-auth", &own)], gzip(&bomb)).await;
    assert!(matches!(answer.status.as_u16(), 400 | 413), "{}", answer.status);
    server.envelope(event_envelope(1, &error("A", "f"))).await.ok();
    assert_eq!(stored(&server).await.len(), 1, "and everybody else is served");
}

#[tokio::test]
async fn deep_json_is_no_crash() {
    let server = Server::start();
    let own = auth();
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = open.repeat(100_000) + "1" + close.repeat(100_000).as_str();
        let event = format!("{{\"message\":\"x\",\"extra\":{deep}}}");
        let headers = [("x-sentry-auth", own.as_str()), ("content-type", "application/json")];
        // What is nested beyond any sense is cut out of an event, and the rest of it is taken.
        server.post("/api/42/store/", &headers, event.clone()).await.ok();
        for kind in [
            "event",
            "transaction",
            "session",
            "log",
            "span",
            "check_in",
            "replay_event",
            "user_report",
            "profile",
            "raw_security",
            "client_report",
        ] {
            let body = format!("{{}}\n{{\"type\":\"{kind}\",\"length\":{}}}\n{event}\n", event.len());
            // These two may have less than the 200 kB that it takes.
            let wanted = if matches!(kind, "check_in" | "client_report") { 413 } else { 200 };
            assert_eq!(server.envelope(body).await.status, wanted, "{kind}");
        }
        for path in ["security/", "nel/", "cron/a?status=ok", "otlp/v1/traces", "otlp/v1/logs/"] {
            let status = server.post(&format!("/api/42/{path}"), &headers, deep.clone()).await.status;
            // An export with a field that nobody knows says nothing, however deep it is.
            let wanted = if path.starts_with("otlp") && open != "[" { 202 } else { 400 };
            assert_eq!(status, wanted, "{path}");
        }
    }
    server.flush_outcomes().await;
    let rows = outcomes(&server).await;
    let told = |category: &str| -> i64 {
        let rows = rows.as_array().unwrap().iter().filter(|row| row["category"] == category);
        let rows = rows.filter(|row| row["outcome"] != "client_discard");
        rows.map(|row| row["quantity"].as_i64().unwrap()).sum()
    };
    for (category, items) in [
        ("error", 4),
        ("transaction", 2),
        ("session", 2),
        // With those that were refused at the doors of their own.
        ("log_item", 3),
        ("monitor", 4),
        ("feedback", 2),
        ("profile", 2),
        ("security", 6),
        ("replay", 2),
    ] {
        assert_eq!(told(category), items, "each is counted: {category}");
    }
    assert!(longest_body(&server) < MIB, "and none is kept whole");
    let events = stored(&server).await.len();
    server.envelope(event_envelope(1, &error("A", "f"))).await.ok();
    assert_eq!(stored(&server).await.len(), events + 1);
}

/// Protobuf nested in itself: attributes in attributes.
#[tokio::test]
async fn deep_protobuf_is_no_crash() {
    let server = Server::start();
    // AnyValue.kvlist_value(6) > KeyValueList.values(1) > KeyValue.value(2) > AnyValue ...
    let mut message = vec![0x0A, 0x01, b'x'];
    let wrapped = |tag: u8, inner: &[u8]| {
        let mut out = vec![tag << 3 | 2];
        let mut length = inner.len();
        while length >= 0x80 {
            out.push(length as u8 | 0x80);
            length >>= 7;
        }
        out.push(length as u8);
        out.extend_from_slice(inner);
        out
    };
    for _ in 0..2_000 {
        message = wrapped(6, &wrapped(1, &wrapped(2, &message)));
    }
    // ExportTraceServiceRequest.resource_spans(1) > resource(1) > attributes(1) > value(2)
    let body = wrapped(1, &wrapped(1, &wrapped(1, &wrapped(2, &message))));
    let own = auth();
    let headers = [("x-sentry-auth", own.as_str()), ("content-type", "application/x-protobuf")];
    assert_eq!(server.post("/api/42/otlp/v1/traces", &headers, body).await.status, 400);
}

#[tokio::test]
async fn a_hundred_thousand_tags_are_cut() {
    let server = Server::start();
    let tags: serde_json::Map<String, Value> =
        (0..100_000).map(|n| (format!("t{n}"), Value::from(n))).collect();
    let small: serde_json::Map<String, Value> =
        tags.iter().take(20_000).map(|(k, v)| (k.clone(), v.clone())).collect();
    for (id, tags, wanted) in [(1, tags, 413), (2, small, 200)] {
        let event = json!({ "message": "x", "tags": tags });
        assert_eq!(server.envelope(event_envelope(id, &event)).await.status, wanted);
    }
    let events = stored(&server).await;
    let rows = outcomes(&server).await;
    // Two megabytes of tags are over an item's limit; a quarter of that is cut to what is kept of tags.
    assert_eq!((events.len() as i64, counted(&rows, "invalid", "too_large")), (1, 1));
    let event = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 2)).await.ok();
    let kept = event["tags"].as_array().unwrap().len();
    assert!(kept <= 250, "{kept} tags");
    let issue = event["groupID"].as_str().unwrap();
    let keys = server.get(&format!("/api/0/issues/{issue}/tags/")).await.ok().as_array().unwrap().len();
    assert!(keys <= 250, "{keys} keys of an issue");
}

#[tokio::test]
async fn hostile_texts_are_cut_and_kept_apart() {
    let server = Server::start();
    let nulls = "a\0b".repeat(100);
    let bidi = "\u{202E}evil\u{2066}\u{200B}";
    let long = "x".repeat(900 * 1_024);
    let event = json!({ "message": format!("{nulls}{bidi}"), "logger": nulls, "release": bidi, "transaction": long,
        "tags": { "a\0b": nulls, "": "x", "k".repeat(1_000): "v" }, "user": { "id": nulls } });
    server.envelope(event_envelope(1, &event)).await.ok();
    let long_log =
        json!({ "items": [{ "body": long, "level": nulls, "attributes": { "a": { "value": bidi } } }] })
            .to_string();
    let named = |name: &str| json!({ "name": name, "type": "counter", "value": 1 });
    let names = json!({ "items": [named(&long), named(&long[..1_500])] }).to_string();
    let mut body = "{}\n".to_owned();
    for (kind, payload) in [("log", long_log), ("trace_metric", names)] {
        body.push_str(&format!("{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n", payload.len()));
    }
    server.envelope(body).await.ok();
    let huge = json!({ "message": "y".repeat(10 * MIB) });
    assert_eq!(server.envelope(event_envelope(2, &huge)).await.status, 413);
    let events = stored(&server).await;
    assert_eq!(events.len(), 1);
    let text = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 1)).await.ok().to_string();
    assert!(!text.contains("\\u0000"), "no null byte gets as far as the store");
    assert!(text.len() < 100_000, "{} bytes", text.len());
    server.flush_outcomes().await;
    assert_eq!(
        counted(&outcomes(&server).await, "invalid", "too_large"),
        2,
        "the metric with the longer name, too"
    );
    assert!(longest_body(&server) <= MIB + 1_024, "an item is kept as it came, within its limit");
    let day = rusqlite::Connection::open(server.config.data.join("events-2026-11-22.db")).unwrap();
    let widest: i64 = day.query_row("SELECT max(length(body)) FROM logs", [], |row| row.get(0)).unwrap();
    assert!(widest <= 1_024, "{widest}");
    let widest: i64 = day.query_row("SELECT max(length(text)) FROM texts", [], |row| row.get(0)).unwrap();
    assert!(widest <= 512, "{widest}");
}

/// Ten thousand items in one envelope: as many as a record may make, the others counted.
#[tokio::test]
async fn an_envelope_of_very_many_items_is_bounded() {
    let server = Server::start();
    let mut body = "{}\n".to_owned();
    for n in 0..10_000 {
        body.push_str(&format!("{{\"type\":\"attachment\",\"length\":1,\"filename\":\"{n}\"}}\nx\n"));
    }
    server.envelope(body).await.ok();
    let rows = outcomes(&server).await;
    assert_eq!(counted(&rows, "invalid", "too_many_items"), 10_000 - 1_024);
    let day = rusqlite::Connection::open(server.config.data.join("events-2026-11-22.db")).unwrap();
    assert_eq!(day.query_row("SELECT count(*) FROM items", [], |row| row.get::<_, i64>(0)).unwrap(), 1_024);
}
