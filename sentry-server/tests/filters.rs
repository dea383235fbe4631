//! Filters by release and by address, for everything that can be sent: dropped, counted, and nothing else is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::net::SocketAddr;

use axum::body::Body;
use axum::extract::ConnectInfo;
use axum::http::Request;
use serde_json::{Value, json};
use support::{KEY, Server, auth};
use watchpost_server::{SettingsOwner, set_settings};

const SPAN: &str = "application/vnd.sentry.items.span.v2+json";

fn server() -> Server {
    Server::start_with_settings(
        |config| config.trust_proxy = vec!["127.0.0.1".parse().unwrap()],
        |data| {
            let settings = json!({ "filters": { "releases": ["old@*"], "ip_addresses": ["10.1.0.0/16"] } });
            set_settings(data, &SettingsOwner::Project("shop".to_owned()), &settings.to_string()).unwrap();
        },
    )
}

/// Posts from an address behind the proxy.
async fn post_from(server: &Server, address: &str, path: &str, media: &str, body: impl Into<Body>) {
    let own = auth();
    let mut request = Request::post(path)
        .header("x-sentry-auth", &own)
        .header("x-forwarded-for", address)
        .header("content-type", media)
        .body(body.into())
        .unwrap();
    request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 9))));
    let answer = server.send(request).await;
    assert!(answer.status.is_success(), "{path}: {} {:?}", answer.status, answer.body);
}

fn item(kind: &str, more: &str, payload: &Value) -> String {
    let payload = payload.to_string();
    format!("{{\"type\":\"{kind}\",\"length\":{}{more}}}\n{payload}\n", payload.len())
}

fn attributes(release: &str) -> Value {
    json!({ "sentry.release": { "value": release, "type": "string" } })
}

/// One of every kind of item that says its release, by what it counts as.
fn items(release: &str, n: u32) -> Vec<(&'static str, String)> {
    let id = |kind: u32| format!("{:032x}", kind * 1_000 + n);
    let span = |id: String| {
        json!({ "name": "x", "span_id": id, "trace_id": "a".repeat(32), "start_timestamp": 1795370399.0,
            "end_timestamp": 1795370400.0, "attributes": attributes(release) })
    };
    let old_span = json!({ "description": "x", "span_id": format!("{n:016x}"), "trace_id": "a".repeat(32),
        "start_timestamp": 1795370399.0, "timestamp": 1795370400.0, "data": { "sentry.release": release } });
    let session = json!({ "sid": id(1), "init": true, "status": "ok", "started": "2026-11-22T17:59:55Z",
        "attrs": { "release": release } });
    let aggregates = json!({ "aggregates": [{ "started": "2026-11-22T17:59:00Z", "exited": 3 }],
        "attrs": { "release": release } });
    let log = json!({ "items": [{ "body": "x", "level": "info", "attributes": attributes(release) }] });
    let metric = json!({ "items": [{ "name": "m", "type": "counter", "value": 1, "attributes": attributes(release) }] });
    let check_in =
        json!({ "check_in_id": id(2), "monitor_slug": "bill", "status": "ok", "release": release });
    let replay =
        item("replay_event", "", &json!({ "replay_id": id(3), "segment_id": 0, "release": release }))
            + "{\"type\":\"replay_recording\",\"length\":20}\n{\"segment_id\":0}\n[1]\n\n";
    let profile = json!({ "event_id": id(4), "platform": "python", "release": release });
    let chunk = json!({ "chunk_id": id(5), "profiler_id": id(6), "platform": "python", "release": release });
    let feedback = json!({ "type": "feedback", "event_id": id(7), "release": release,
        "contexts": { "feedback": { "message": "x" } } });
    let transaction = json!({ "type": "transaction", "event_id": id(8), "transaction": "t", "release": release,
        "start_timestamp": 1795370399.0, "timestamp": 1795370400.0,
        "contexts": { "trace": { "trace_id": "a".repeat(32), "span_id": "b".repeat(16) } },
        "spans": [{ "span_id": "c".repeat(16), "start_timestamp": 1795370399.0, "timestamp": 1795370400.0 }] });
    vec![
        ("error", item("event", "", &json!({ "event_id": id(9), "message": "x", "release": release }))),
        ("transaction", item("transaction", "", &transaction)),
        ("feedback", item("feedback", "", &feedback)),
        ("session", item("session", "", &session)),
        ("session", item("sessions", "", &aggregates)),
        ("log_item", item("log", ",\"item_count\":1", &log)),
        ("trace_metric", item("trace_metric", ",\"item_count\":1", &metric)),
        (
            "span",
            item(
                "span",
                &format!(",\"item_count\":2,\"content_type\":\"{SPAN}\""),
                &json!({ "items": [span(format!("{:016x}", n + 100)), span(format!("{:016x}", n + 200))] }),
            ),
        ),
        ("span", item("span", "", &old_span)),
        ("monitor", item("check_in", "", &check_in)),
        ("replay", replay),
        ("profile", item("profile", "", &profile)),
        ("profile_chunk", item("profile_chunk", "", &chunk)),
    ]
}

/// What was counted so far, by category, outcome and reason, without what an envelope of this test's own adds.
async fn counts(server: &Server) -> BTreeMap<(String, String, String), i64> {
    server.settle().await;
    server.flush_outcomes().await;
    let rows = server.get("/api/0/organizations/default/outcomes/").await.ok();
    let text = |row: &Value, key: &str| row[key].as_str().unwrap().to_owned();
    let mut counts = BTreeMap::new();
    for row in rows.as_array().unwrap().iter().filter(|row| row["outcome"] != "client_discard") {
        let key = (text(row, "category"), text(row, "outcome"), text(row, "reason"));
        *counts.entry(key).or_insert(0) += row["quantity"].as_i64().unwrap();
    }
    counts
}

async fn grown(server: &Server, before: &BTreeMap<(String, String, String), i64>) -> Vec<String> {
    let after = counts(server).await;
    let change = |(key, now): (&(String, String, String), &i64)| {
        let grown = now - before.get(key).copied().unwrap_or_default();
        (grown != 0 && !key.0.ends_with("_byte")).then(|| format!("{} {} {} {grown}", key.0, key.1, key.2))
    };
    after.iter().filter_map(change).map(|text| text.replace("  ", " ")).collect()
}

/// Rows in all tables that items fill.
fn rows(server: &Server) -> Vec<i64> {
    let (day, meta) = (server.day_file(), server.meta());
    let count = |file: &rusqlite::Connection, table: &str| {
        file.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
    };
    let days = ["events", "items", "logs", "metrics", "spans", "profiles", "feedback"];
    let metas = ["issues", "session_hours", "session_states", "check_ins", "monitors", "replays"];
    days.iter().map(|table| count(&day, table)).chain(metas.iter().map(|table| count(&meta, table))).collect()
}

/// What of each kind is counted when it is taken or filtered.
fn quantities(category: &str, kind: &str) -> i64 {
    match (category, kind) {
        ("span", text) if text.contains("item_count") => 2,
        ("replay", _) => 2,
        _ => 1,
    }
}

#[tokio::test]
async fn nothing_of_an_unwanted_release_or_address_is_kept() {
    let server = server();
    // So that the day and all tables are there.
    server.envelope(format!("{{}}\n{}", items("new@1", 0)[0].1)).await.ok();
    let mut n = 0;
    for (release, address, reason) in
        [("old@1", "10.2.0.1", "release-version"), ("new@1", "10.1.0.1", "ip-address")]
    {
        for index in 0..items(release, n).len() {
            n += 1;
            let (category, text) = items(release, n).swap_remove(index);
            let (counted, kept) = (counts(&server).await, rows(&server));
            let body = format!("{{\"event_id\":\"{:032x}\"}}\n{text}", n + 7_000_000);
            post_from(&server, address, "/api/42/envelope/", "application/x-sentry-envelope", body).await;
            let mut wanted = vec![format!("{category} filtered {reason} {}", quantities(category, &text))];
            if category == "transaction" {
                wanted.insert(0, format!("span filtered {reason} 2"));
            }
            assert_eq!(grown(&server, &counted).await, wanted, "{text}");
            assert_eq!(rows(&server), kept, "{text}");
        }
    }
    // The same from elsewhere and of another release is taken.
    for index in 0..items("new@1", n).len() {
        n += 1;
        let (category, text) = items("new@1", n).swap_remove(index);
        let counted = counts(&server).await;
        let body = format!("{{\"event_id\":\"{:032x}\"}}\n{text}", n + 7_000_000);
        post_from(&server, "10.2.0.1", "/api/42/envelope/", "application/x-sentry-envelope", body).await;
        let found = grown(&server, &counted).await;
        assert!(found.contains(&format!("{category} accepted {}", quantities(category, &text))), "{found:?}");
        assert!(found.iter().all(|text| text.contains("accepted")), "{found:?}");
    }
}

#[tokio::test]
async fn of_a_container_only_the_unwanted_entries_go() {
    let server = server();
    let log = |body: &str, release: &str| json!({ "body": body, "level": "info", "attributes": attributes(release) });
    let payload = json!({ "items": [log("keep 1", "new@1"), log("secret of the old one", "old@1"), log("keep 2", "new@1")] });
    server.envelope(format!("{{}}\n{}", item("log", ",\"item_count\":3", &payload))).await.ok();
    let bytes = payload.to_string().len() as i64;
    let found = counts(&server).await;
    let of = |category: &str, outcome: &str, reason: &str| {
        found.get(&(category.to_owned(), outcome.to_owned(), reason.to_owned())).copied().unwrap_or_default()
    };
    assert_eq!(of("log_item", "accepted", ""), 2);
    assert_eq!(of("log_item", "filtered", "release-version"), 1);
    assert_eq!(of("log_byte", "accepted", "") + of("log_byte", "filtered", "release-version"), bytes);
    assert!(of("log_byte", "filtered", "release-version") > 50);
    let day = server.day_file();
    assert_eq!(support::texts(&day, "SELECT body FROM logs ORDER BY body"), ["keep 1", "keep 2"]);
    let body: Vec<u8> = day.query_row("SELECT body FROM items", [], |row| row.get(0)).unwrap();
    let kept = String::from_utf8(zstd::decode_all(&body[..]).unwrap()).unwrap();
    assert!(kept.contains("keep 2") && !kept.contains("secret"), "{kept}");
}

#[tokio::test]
async fn what_comes_by_other_ways_is_filtered_too() {
    let server = server();
    let resource = |release: &str| json!({ "attributes": [{ "key": "service.version", "value": { "stringValue": release } }] });
    let otlp = |release: &str| {
        [
            (
                "traces",
                json!({ "resourceSpans": [{ "resource": resource(release), "scopeSpans": [{ "spans": [{
                    "traceId": "a".repeat(32), "spanId": "b".repeat(16), "name": "x",
                    "startTimeUnixNano": "1795370399000000000", "endTimeUnixNano": "1795370400000000000" }] }] }] }),
            ),
            (
                "logs",
                json!({ "resourceLogs": [{ "resource": resource(release), "scopeLogs": [{ "logRecords": [{
                    "timeUnixNano": "1795370399000000000", "severityNumber": 9, "body": { "stringValue": "x" } }] }] }] }),
            ),
            (
                "metrics",
                json!({ "resourceMetrics": [{ "resource": resource(release), "scopeMetrics": [{ "metrics": [{
                    "name": "m", "gauge": { "dataPoints": [{ "timeUnixNano": "1795370399000000000", "asDouble": 1.5 }] } }] }] }] }),
            ),
        ]
    };
    let categories = [("traces", "span"), ("logs", "log_item"), ("metrics", "trace_metric")];
    for (release, address, reason) in
        [("old@1", "10.2.0.1", "release-version"), ("new@1", "10.1.0.1", "ip-address")]
    {
        for (signal, body) in otlp(release) {
            let counted = counts(&server).await;
            let path = format!("/api/42/integration/otlp/v1/{signal}");
            post_from(&server, address, &path, "application/json", body.to_string()).await;
            let category = categories.iter().find(|(known, _)| *known == signal).unwrap().1;
            assert_eq!(grown(&server, &counted).await, [format!("{category} filtered {reason} 1")]);
        }
    }
    for (path, media, body, category) in [
        ("cron/bill".to_owned(), "text/plain", String::new(), "monitor"),
        ("nel".to_owned(), "application/reports+json", nel(), "security"),
        ("security".to_owned(), "application/csp-report", csp(), "security"),
        ("store".to_owned(), "application/json", json!({ "message": "x" }).to_string(), "error"),
        (format!("events/{:032x}/attachments", 1), "multipart/form-data; boundary=b", form(), "attachment"),
    ] {
        let counted = counts(&server).await;
        let path = format!("/api/42/{path}/?sentry_key={KEY}&status=ok");
        post_from(&server, "10.1.2.3", &path, media, body).await;
        let found = grown(&server, &counted).await;
        let wanted = format!("{category} filtered ip-address ");
        assert!(found.iter().any(|text| text.starts_with(&wanted)), "{path}: {found:?}");
        assert!(found.iter().all(|text| text.contains("filtered ip-address")), "{path}: {found:?}");
    }
    // A client's own account of what it lost is taken from everywhere.
    let report = json!({ "discarded_events": [{ "reason": "mine", "category": "error", "quantity": 4 }] });
    let body = format!("{{}}\n{}", item("client_report", "", &report));
    post_from(&server, "10.1.0.1", "/api/42/envelope/", "text/plain", body).await;
    server.settle().await;
    let outcomes = server.get("/api/0/organizations/default/outcomes/").await.ok();
    assert_eq!(support::counted(&outcomes, "client_discard", "mine"), 4);
}

fn csp() -> String {
    json!({ "csp-report": { "document-uri": "https://a.b/", "violated-directive": "script-src",
        "blocked-uri": "https://c.d/x.js" } })
    .to_string()
}

fn nel() -> String {
    json!([{ "type": "network-error", "age": 1, "url": "https://a.b/", "body": { "type": "dns.unreachable",
        "phase": "dns", "protocol": "http/1.1", "status_code": 0 } }])
    .to_string()
}

fn form() -> String {
    "--b\r\ncontent-disposition: form-data; name=\"a.txt\"; filename=\"a.txt\"\r\n\r\nhello\r\n--b--\r\n"
        .to_owned()
}
