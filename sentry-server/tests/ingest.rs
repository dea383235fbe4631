//! The door: what is let in, in which forms, and how refusals look.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::Write as _;

use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode};
use http_body::Frame;
use serde_json::{Value, json};
use support::{KEY, PROJECT, Server, auth, error, event_envelope, gzip};

async fn stored(server: &Server) -> usize {
    server.settle().await;
    server.get("/api/0/projects/default/shop/events/").await.ok().as_array().unwrap().len()
}

#[tokio::test]
async fn a_key_is_read_from_every_place() {
    let server = Server::start();
    let basic = "Basic MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY6";
    let sentry = auth();
    let event = error("A", "f");
    let forms: [(&str, &[(&str, &str)]); 6] = [
        ("/api/42/envelope/", &[("x-sentry-auth", &sentry)]),
        ("/api/42/envelope", &[("authorization", &sentry)]),
        ("/api/42/envelope/", &[("authorization", basic)]),
        (&format!("/api/42/envelope/?sentry_version=7&sentry_key={KEY}"), &[]),
        ("/api/42/store/", &[("x-sentry-auth", &sentry), ("content-type", "application/x-sentry-envelope")]),
        ("/api/42/envelope/", &[("x-sentry-auth", &sentry), ("content-type", "text/plain")]),
    ];
    for (n, (path, headers)) in forms.iter().enumerate() {
        let answer = server.post(path, headers, event_envelope(n as u128 + 1, &event)).await;
        assert_eq!(answer.ok(), json!({ "id": format!("{:032x}", n + 1) }), "{path}");
    }
    let envelope = event_envelope(99, &event);
    let with_dsn = envelope.replacen('{', &format!("{{\"dsn\":\"http://{KEY}@errors.test/{PROJECT}\","), 1);
    server.post("/api/42/envelope/", &[], with_dsn).await.ok();
    assert_eq!(stored(&server).await, forms.len() + 1);
}

#[tokio::test]
async fn wrong_credentials_are_refused_and_nothing_is_stored() {
    let server = Server::start();
    let envelope = event_envelope(1, &error("A", "f"));
    let own = auth();
    let with_dsn = |dsn: &str| envelope.replacen('{', &format!("{{\"dsn\":\"{dsn}\","), 1);
    let cases = [
        ("/api/42/envelope/", None, envelope.clone(), 401),
        (
            "/api/42/envelope/",
            Some("Sentry sentry_key=f123456789abcdef0123456789abcdef"),
            envelope.clone(),
            403,
        ),
        ("/api/43/envelope/", Some(own.as_str()), envelope.clone(), 403),
        ("/api/shop/envelope/", Some(own.as_str()), envelope.clone(), 400),
        ("/api/42/envelope/", Some("Sentry sentry_key=0, sentry_version=8"), envelope.clone(), 400),
        ("/api/42/envelope/", None, with_dsn("http://f@errors.test/42"), 403),
        ("/api/42/envelope/", None, with_dsn("not a dsn"), 400),
        ("/api/42/envelope/", Some(own.as_str()), with_dsn(&format!("http://{KEY}@errors.test/7")), 400),
        ("/api/42/envelope/", Some(own.as_str()), with_dsn("http://f@errors.test/42"), 400),
        ("/api/42/store/", None, "{}".to_owned(), 401),
    ];
    for (path, header, body, status) in cases {
        let headers: Vec<(&str, &str)> = header.iter().map(|header| ("x-sentry-auth", *header)).collect();
        let answer = server.post(path, &headers, body).await;
        assert_eq!(answer.status, status, "{path} {header:?}: {:?}", answer.body);
        assert!(answer.json()["detail"].is_string() && answer.json()["causes"].is_array());
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(!answer.header("x-sentry-error").is_empty());
    }
    assert_eq!(stored(&server).await, 0);
}

#[tokio::test]
async fn every_encoding_is_inflated() {
    let server = Server::start();
    let own = auth();
    let zlib = |bytes: &[u8]| {
        let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let raw_deflate = |bytes: &[u8]| {
        let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
        writer.write_all(bytes).unwrap();
        writer.finish().unwrap()
    };
    let brotli = |bytes: &[u8]| {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 4_096, 4, 20).write_all(bytes).unwrap();
        out
    };
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 3).unwrap();
    type Encode<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;
    let encodings: [(&str, Encode<'_>); 7] = [
        ("identity", &|bytes| bytes.to_vec()),
        ("gzip", &gzip),
        ("GZIP", &gzip),
        ("deflate", &zlib),
        ("deflate", &raw_deflate),
        ("br", &brotli),
        ("zstd", &zstd),
    ];
    for (n, (name, encode)) in encodings.iter().enumerate() {
        let wire = encode(event_envelope(n as u128 + 1, &error("A", "f")).as_bytes());
        let headers = [("x-sentry-auth", own.as_str()), ("content-encoding", *name)];
        // Cut into chunks of odd sizes, as a chunked transfer brings it.
        let chunks: Vec<Bytes> = wire.chunks(37).map(Bytes::copy_from_slice).collect();
        let answer = server.post("/api/42/envelope/", &headers, Body::new(Chunks(chunks.into()))).await;
        assert_eq!(answer.status, 200, "{name}: {:?}", answer.body);
        // And the same cut short, or not encoded at all, is a bad request.
        for broken in [&wire[..wire.len() / 2], b"{}".as_slice()] {
            if name.eq_ignore_ascii_case("identity") {
                continue;
            }
            let answer = server.post("/api/42/envelope/", &headers, broken.to_vec()).await;
            assert_eq!(answer.status, 400, "{name}: {:?}", answer.body);
        }
    }
    let odd = [("x-sentry-auth", own.as_str()), ("content-encoding", "lzma")];
    assert_eq!(server.post("/api/42/envelope/", &odd, "{}").await.status, 400);
    assert_eq!(stored(&server).await, encodings.len());
}

struct Chunks(std::collections::VecDeque<Bytes>);

impl http_body::Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        std::task::Poll::Ready(self.0.pop_front().map(|chunk| Ok(Frame::data(chunk))))
    }
}

#[tokio::test]
async fn bodies_over_the_caps_are_refused_while_they_stream() {
    let server = Server::start_with(|config| {
        config.limits.wire_body_bytes = 20_000;
        config.limits.inflated_body_bytes = 100_000;
    });
    let own = auth();
    let bomb = vec![b'a'; 50_000_000];
    let brotli = {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 4_096, 4, 20).write_all(&bomb).unwrap();
        out
    };
    let cases = [
        ("gzip", gzip(&bomb[..2_000_000])),
        ("zstd", zstd::encode_all(&bomb[..], 3).unwrap()),
        ("br", brotli),
    ];
    for (name, wire) in cases {
        assert!(wire.len() < 20_000, "{name}: {} is about the inflated cap", wire.len());
        let headers = [("x-sentry-auth", own.as_str()), ("content-encoding", name)];
        let answer = server.post("/api/42/envelope/", &headers, wire).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE, "{name}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
    }
    let answer = server.envelope(vec![b'a'; 20_001]).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    // Also when the length is not announced.
    let chunks: Vec<Bytes> = (0..30).map(|_| Bytes::from(vec![b'a'; 1_000])).collect();
    let answer = server.envelope(Body::new(Chunks(chunks.into()))).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn malformed_envelopes_say_what_is_wrong() {
    let server = Server::start();
    for (body, cause) in [
        ("", "first line"),
        ("nonsense", "header"),
        ("{}\n{\"type\":\"event\",\"length\":99}\n{}", "ends after"),
        ("{}\n{\"length\":2}\n{}", "item 0"),
        ("{\"event_id\":\"zz\"}\n", "header"),
    ] {
        let answer = server.envelope(body).await;
        assert_eq!(answer.status, 400, "{body:?}");
        let cause_found = answer.json()["causes"][0].as_str().unwrap().contains(cause);
        assert!(cause_found, "{body:?}: {:?}", answer.body);
    }
    // An envelope of nothing is fine and does nothing.
    assert_eq!(server.envelope("{}").await.ok(), json!({}));
}

#[tokio::test]
async fn bad_and_unknown_items_do_not_cost_their_neighbours() {
    let server = Server::start();
    let event = error("A", "f").to_string();
    let huge = format!("{{\"message\":\"{}\"}}", "x".repeat(1_024 * 1_024));
    let body = format!(
        "{{\"event_id\":\"{:032x}\"}}\n{{\"type\":\"from_the_future\",\"length\":3}}\na\nb\n\
         {{\"type\":\"attachment\",\"length\":2,\"filename\":\"a.txt\"}}\nhi\n\
         {{\"type\":\"event\",\"length\":{}}}\n{event}\n{{\"type\":\"event\",\"length\":{}}}\n{huge}\n\
         {{\"type\":\"event\",\"length\":8}}\nnot json\n{{\"type\":\"client_report\"}}\n\
         {{\"discarded_events\":[{{\"reason\":\"before_send\",\"category\":\"error\",\"quantity\":7}}]}}\n",
        1,
        event.len(),
        huge.len()
    );
    server.envelope(body).await.ok();
    assert_eq!(stored(&server).await, 1);
    let rows = server.get("/api/0/organizations/default/outcomes/").await.ok();
    let quantity = |outcome: &str, reason: &str| {
        rows.as_array()
            .unwrap()
            .iter()
            .filter(|row| row["outcome"] == outcome && row["reason"] == reason)
            .map(|row| row["quantity"].as_i64().unwrap())
            .sum::<i64>()
    };
    let accepted = |category: &str| {
        let rows = rows.as_array().unwrap().iter();
        let rows = rows.filter(|row| row["outcome"] == "accepted" && row["category"] == category);
        rows.map(|row| row["quantity"].as_i64().unwrap()).sum::<i64>()
    };
    // Attachments are counted in bytes, and apart from that in pieces.
    assert_eq!(["error", "attachment", "attachment_item"].map(accepted), [1, 2, 1]);
    assert_eq!(quantity("accepted", ""), 4);
    assert_eq!(quantity("invalid", "unknown_item"), 1);
    assert_eq!(quantity("invalid", "too_large"), 1);
    assert_eq!(quantity("invalid", "malformed"), 1);
    assert_eq!(quantity("client_discard", "before_send"), 7);
}

#[tokio::test]
async fn the_store_endpoint_takes_old_and_odd_forms() {
    let server = Server::start();
    let own = auth();
    let headers = [("x-sentry-auth", own.as_str())];
    let plain = json!({ "event_id": format!("{:032x}", 1), "message": "hello" });
    let answer = server.post("/api/42/store/", &headers, plain.to_string()).await.ok();
    assert_eq!(answer["id"], format!("{:032x}", 1));
    // Without an id the server makes one, and the event is found under it.
    let made = server.post("/api/42/store", &headers, "{\"message\":\"no id\"}").await.ok();
    let base64 = {
        use base64::Engine as _;
        let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        zlib.write_all(b"{\"message\":\"packed\"}").unwrap();
        base64::engine::general_purpose::STANDARD.encode(zlib.finish().unwrap())
    };
    let packed = server.post("/api/42/store/", &headers, base64).await.ok();
    // Tokens that are no JSON, from old clients.
    let nan =
        server.post("/api/42/store/", &headers, "{\"message\":\"nan\",\"extra\":{\"x\":NaN}}").await.ok();
    for wrong in ["", "[]", "nonsense", "{\"message\":"] {
        assert_eq!(server.post("/api/42/store/", &headers, wrong).await.status, 400, "{wrong:?}");
    }
    server.settle().await;
    for (answer, title) in [(made, "no id"), (packed, "packed"), (nan, "nan")] {
        let id = answer["id"].as_str().unwrap();
        let event = server.get(&format!("/api/0/projects/default/shop/events/{id}/")).await.ok();
        assert_eq!(event["title"], title);
    }
}

#[tokio::test]
async fn browsers_may_ask_first() {
    let server = Server::start();
    for path in ["/api/42/envelope/", "/api/999/store/"] {
        let answer =
            server.call(Method::OPTIONS, path, &[("origin", "http://shop.test")], Body::empty()).await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.header("access-control-allow-headers").contains("x-sentry-auth"));
        assert!(answer.header("access-control-expose-headers").contains("x-sentry-rate-limits"));
    }
}

#[tokio::test]
async fn a_full_spool_tells_which_categories_are_to_wait() {
    let server = Server::start_with(|config| config.limits.spool_bytes = 400);
    let refused = server.envelope(event_envelope(1, &error("A", "f"))).await;
    assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
    let limits = refused.header("x-sentry-rate-limits");
    let (seconds, rest) = limits.split_once(':').unwrap();
    assert!((5..=30).contains(&seconds.parse::<u32>().unwrap()), "{limits}");
    assert_eq!(rest, "error;default:project:queue_full");
    assert_eq!(refused.header("retry-after"), seconds);
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    // What fits is still taken.
    server.envelope("{}\n{\"type\":\"session\"}\n{}\n").await.ok();
}

#[tokio::test]
async fn bodies_share_a_budget_and_give_it_back() {
    let server = Server::start_with(|config| config.limits.in_flight_bytes = 50_000);
    let large = format!("{{}}\n{{\"type\":\"session\"}}\n{}\n", "x".repeat(60_000));
    for _ in 0..3 {
        let refused = server.envelope(large.clone()).await;
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        assert!(refused.header("x-sentry-rate-limits").starts_with("5:default;error;"));
        for n in 0..100 {
            server.envelope(event_envelope(n + 1, &error("A", "f"))).await.ok();
        }
    }
}

#[tokio::test]
async fn a_project_made_by_another_process_is_found_within_a_second() {
    let server = Server::start();
    let made =
        watchpost_server::create_project(&server.config.data, support::URL, "new", None, None, None).unwrap();
    let key = made.dsn.split(['/', '@']).nth(2).unwrap();
    let path = format!("/api/{}/envelope/?sentry_key={key}", made.id);
    let envelope = event_envelope(1, &error("A", "f"));
    assert_eq!(server.post(&path, &[], envelope.clone()).await.status, 403, "keys were read this instant");
    server.clock.advance(std::time::Duration::from_secs(1));
    server.post(&path, &[], envelope).await.ok();
}

#[tokio::test]
async fn counters_add_up() {
    let server = Server::start();
    server.envelope(event_envelope(1, &error("A", "f"))).await.ok();
    server.envelope(event_envelope(1, &error("A", "f"))).await.ok();
    server.envelope("nonsense").await;
    server.settle().await;
    let text = server.call(Method::GET, "/metrics", &[], Body::empty()).await;
    let text = String::from_utf8(text.body.to_vec()).unwrap();
    for line in [
        "watchpost_accepted_requests_total 2",
        "watchpost_digested_events_total 1",
        "watchpost_duplicate_events_total 1",
        "watchpost_rejected_requests_total{reason=\"malformed\"} 1",
        "watchpost_queue_bytes 0",
    ] {
        assert!(text.lines().any(|have| have == line), "{line} in\n{text}");
    }
    let health = server.call(Method::GET, "/health", &[], Body::empty()).await.ok();
    assert_eq!(health["status"], "ok");
    for kind in ["live", "ready"] {
        let path = format!("/api/relay/healthcheck/{kind}/");
        let answer: Value = server.call(Method::GET, &path, &[], Body::empty()).await.ok();
        assert_eq!(answer["is_healthy"], true);
    }
}

#[tokio::test]
async fn the_clients_address_is_taken_from_a_trusted_proxy_only() {
    for (trusted, wanted) in [("", "10.1.2.3"), ("10.0.0.0/8", "203.0.113.9")] {
        let server = Server::start_with(|config| {
            config.trust_proxy = trusted.split(',').filter_map(|proxy| proxy.parse().ok()).collect();
        });
        let mut event = error("A", "f");
        event["user"] = json!({ "ip_address": "{{auto}}" });
        let peer = axum::extract::ConnectInfo(std::net::SocketAddr::from(([10, 1, 2, 3], 4_000)));
        let request = axum::http::Request::post("/api/42/envelope/")
            .header("x-sentry-auth", auth())
            .header("x-forwarded-for", "198.51.100.1, 203.0.113.9, 10.9.9.9")
            .extension(peer)
            .body(Body::from(event_envelope(1, &event)))
            .unwrap();
        server.send(request).await.ok();
        server.settle().await;
        let event = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/json/", 1)).await.ok();
        assert_eq!(event["user"]["ip_address"], wanted, "trusted: {trusted:?}");
    }
}
