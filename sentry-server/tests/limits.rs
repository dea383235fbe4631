//! Limits, filters and scrubbing: what is not taken, what is not stored, and that each is counted.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{KEY, Server, auth, counted, error, event_envelope};
use watchpost_core::Clock as _;
use watchpost_server::{SettingsOwner, set_settings};

/// A server whose project, key and organisation have these settings.
fn server(settings: &[(SettingsOwner, Value)]) -> Server {
    Server::start_prepared(|data| {
        for (owner, value) in settings {
            set_settings(data, owner, &value.to_string()).unwrap();
        }
    })
}

fn project(settings: Value) -> Server {
    server(&[(SettingsOwner::Project("shop".to_owned()), settings)])
}

async fn outcomes(server: &Server) -> Value {
    server.settle().await;
    server.flush_outcomes().await;
    server.get("/api/0/organizations/default/outcomes/").await.ok()
}

async fn stored(server: &Server) -> usize {
    server.settle().await;
    server.get("/api/0/projects/default/shop/events/").await.ok().as_array().unwrap().len()
}

fn session() -> String {
    let payload = json!({ "sid": "8730b7fd6cbe4f5fb1e3973e64ffad7a", "init": true, "status": "ok",
        "started": "2026-11-22T17:59:55Z", "attrs": { "release": "r" } })
    .to_string();
    format!("{{\"type\":\"session\",\"length\":{}}}\n{payload}\n", payload.len())
}

#[tokio::test]
async fn every_scope_limits_and_says_what_it_limits() {
    let quota =
        |limit: u64| json!({ "quotas": [{ "categories": ["error"], "limit": limit, "window_seconds": 60 }] });
    for (owner, scope, reason) in [
        (SettingsOwner::Key(KEY.to_owned()), "key", "key_limit"),
        (SettingsOwner::Project("shop".to_owned()), "project", "project_quota"),
        (SettingsOwner::Organization, "organization", "organization_quota"),
    ] {
        let server = server(&[(owner, quota(2))]);
        for n in 1..=2 {
            let answer = server.envelope(event_envelope(n, &error("A", "f"))).await;
            assert_eq!((answer.status.as_u16(), answer.header("x-sentry-rate-limits")), (200, ""));
        }
        let answer = server.envelope(event_envelope(3, &error("A", "f"))).await;
        assert_eq!(answer.status, 429);
        // The clock stands at the beginning of a minute.
        assert_eq!(answer.header("x-sentry-rate-limits"), format!("60:error;default:{scope}:{reason}"));
        assert_eq!(answer.header("retry-after"), "60");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(answer.json()["causes"][0].as_str().unwrap().contains(reason));
        // What else is in an envelope is taken, and the answer says what was not.
        let both = event_envelope(4, &error("A", "f")) + session().as_str();
        let answer = server.envelope(both).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("x-sentry-rate-limits"), format!("60:error;default:{scope}:{reason}"));
        let cron = server.post(&format!("/api/42/cron/nightly/{KEY}?status=ok"), &[], "").await;
        assert_eq!(cron.status, 202, "another category");
        let rows = outcomes(&server).await;
        assert_eq!(stored(&server).await, 2);
        assert_eq!((counted(&rows, "rate_limited", reason), counted(&rows, "accepted", "")), (2, 4));
        // Another minute, another two.
        server.clock.advance(std::time::Duration::from_secs(60));
        assert!(server.clock.now().micros() > support::NOW);
        server.envelope(event_envelope(5, &error("A", "f"))).await.ok();
        assert_eq!(stored(&server).await, 3);
    }
}

#[tokio::test]
async fn a_limited_check_in_is_no_error_for_the_job() {
    let server =
        project(json!({ "quotas": [{ "categories": ["monitor"], "limit": 0, "window_seconds": 60 }] }));
    let answer = server.post(&format!("/api/42/cron/nightly/{KEY}?status=ok"), &[], "").await;
    assert_eq!(answer.status, 202);
    assert_eq!(counted(&outcomes(&server).await, "rate_limited", "project_quota"), 1);
}

#[tokio::test]
async fn what_comes_with_an_event_shares_its_limit() {
    let server =
        project(json!({ "quotas": [{ "categories": ["error"], "limit": 0, "window_seconds": 60 }] }));
    let file = "{\"type\":\"attachment\",\"length\":2,\"filename\":\"a.txt\"}\nhi\n";
    let answer = server.envelope(event_envelope(1, &error("A", "f")) + file).await;
    assert_eq!(answer.status, 429, "{}", answer.header("x-sentry-rate-limits"));
    let answer = server.envelope(event_envelope(1, &error("A", "f")) + file + session().as_str()).await;
    assert_eq!(answer.status, 200);
    let path = format!("/api/0/projects/default/shop/events/{:032x}/attachments/", 1);
    server.settle().await;
    assert!(server.get(&path).await.status != 200 || server.get(&path).await.json() == json!([]));
    let rows = outcomes(&server).await;
    let limited: i64 = rows
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["category"] == "attachment" && row["outcome"] == "rate_limited")
        .map(|row| row["quantity"].as_i64().unwrap())
        .sum();
    assert_eq!(limited, 4);
}

async fn reason(server: &Server, id: u128, event: &Value, headers: &[(&str, &str)]) -> Option<String> {
    let own = auth();
    let mut all = vec![("x-sentry-auth", own.as_str())];
    all.extend(headers);
    let before = outcomes(server).await;
    let file = "{\"type\":\"attachment\",\"length\":2,\"filename\":\"a.txt\"}\nhi\n";
    server.post("/api/42/envelope/", &all, event_envelope(id, event) + file).await.ok();
    let after = outcomes(server).await;
    let filtered = |rows: &Value, category: &str| -> std::collections::BTreeMap<String, i64> {
        let rows = rows.as_array().unwrap().iter();
        rows.filter(|row| row["outcome"] == "filtered" && row["category"] == category)
            .map(|row| (row["reason"].as_str().unwrap().to_owned(), row["quantity"].as_i64().unwrap()))
            .collect()
    };
    let grown = |category: &str| {
        let earlier = filtered(&before, category);
        filtered(&after, category)
            .into_iter()
            .find(|(key, n)| earlier.get(key) != Some(n))
            .map(|(key, _)| key)
    };
    let category = if event["type"] == "transaction" { "transaction" } else { "error" };
    assert_eq!(grown(category), grown("attachment"), "what came along is not wanted either");
    grown(category)
}

#[tokio::test]
async fn filters_drop_what_is_not_wanted_and_nothing_else() {
    let server = project(json!({ "filters": {
        "legacy_browsers": true, "browser_extensions": true, "localhost": true, "web_crawlers": true,
        "health_checks": true, "error_messages": ["*ResizeObserver*", "ChunkLoadError: *"], "releases": ["old@*"],
        "ip_addresses": ["10.1.0.0/16"],
    } }));
    let agent = |agent: &str| json!({ "platform": "javascript", "message": "x", "request": { "headers": { "User-Agent": agent } } });
    let transaction = |name: &str| {
        json!({ "type": "transaction", "transaction": name, "start_timestamp": 1795370399.0,
        "timestamp": 1795370400.0, "contexts": { "trace": { "trace_id": "a".repeat(32), "span_id": "b".repeat(16) } } })
    };
    let thrown = |kind: &str, value: &str, path: &str| {
        json!({ "platform": "javascript", "exception": { "values": [{
        "type": kind, "value": value, "stacktrace": { "frames": [{ "abs_path": path, "function": "f" }] } }] } })
    };
    let cases = [
        (agent("Mozilla/4.0 (compatible; MSIE 8.0)"), Some("legacy-browsers")),
        (agent("Mozilla/5.0 (compatible; Googlebot/2.1)"), Some("web-crawlers")),
        (agent("Mozilla/5.0 Chrome/156.0 Safari/537.36"), None),
        (thrown("Error", "x", "chrome-extension://abc/a.js"), Some("browser-extensions")),
        (thrown("ChunkLoadError", "Loading chunk 3 failed", "https://a/b.js"), Some("error-message")),
        (thrown("Error", "ResizeObserver loop", "https://a/b.js"), Some("error-message")),
        (thrown("Error", "boom", "https://a/b.js"), None),
        (json!({ "message": "a ResizeObserver b" }), Some("error-message")),
        (json!({ "message": "x", "release": "old@1" }), Some("release-version")),
        (json!({ "message": "x", "release": "new@1" }), None),
        (json!({ "message": "x", "request": { "url": "http://localhost:8080/a" } }), Some("localhost")),
        (json!({ "message": "x", "request": { "url": "http://[::1]/a" } }), Some("localhost")),
        (json!({ "message": "x", "request": { "url": "http://localhost.example/a" } }), None),
        (transaction("GET /healthz"), Some("filtered-transaction")),
        (transaction("GET /health/records"), None),
    ];
    for (id, (event, wanted)) in cases.iter().enumerate() {
        let found = reason(&server, id as u128 + 1, event, &[]).await;
        assert_eq!(found.as_deref(), *wanted, "{event}");
    }
    let wanted = cases.iter().filter(|(_, reason)| reason.is_none()).count();
    assert_eq!(stored(&server).await, wanted);
}

#[tokio::test]
async fn filters_know_the_clients_address_behind_a_proxy() {
    let server = Server::start_with_settings(
        |config| config.trust_proxy = vec!["127.0.0.1".parse().unwrap()],
        |data| {
            let settings = json!({ "filters": { "ip_addresses": ["10.1.0.0/16", "2001:db8::1"] } });
            set_settings(data, &SettingsOwner::Project("shop".to_owned()), &settings.to_string()).unwrap();
        },
    );
    for (id, (address, wanted)) in
        [("10.1.2.3", true), ("10.2.2.3", false), ("2001:db8::1", true), ("2001:db8::2", false)]
            .iter()
            .enumerate()
    {
        let before = counted(&outcomes(&server).await, "filtered", "ip-address");
        let own = auth();
        let mut request = axum::http::Request::post("/api/42/envelope/")
            .header("x-sentry-auth", &own)
            .header("x-forwarded-for", *address)
            .body(axum::body::Body::from(event_envelope(id as u128 + 1, &error("A", "f"))))
            .unwrap();
        let peer = std::net::SocketAddr::from(([127, 0, 0, 1], 9));
        request.extensions_mut().insert(axum::extract::ConnectInfo(peer));
        server.send(request).await.ok();
        let after = counted(&outcomes(&server).await, "filtered", "ip-address");
        assert_eq!(after - before, i64::from(*wanted), "{address}");
    }
}

/// Files in a folder, and in those within, that have a text in them.
fn files_with(folder: &std::path::Path, text: &str) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .filter(|path| path.extension().is_none_or(|extension| extension != "lock"))
        .map(|path| {
            if path.is_dir() {
                return files_with(&path, text);
            }
            // Deleted meanwhile.
            let bytes = std::fs::read(&path).unwrap_or_default();
            usize::from(memchr::memmem::find(&bytes, text.as_bytes()).is_some())
        })
        .sum()
}

async fn wait_for(is_so: impl Fn() -> bool) {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while !is_so() {
        assert!(std::time::Instant::now() < until, "it does not come");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

/// Secrets in every kind of item, and where they are looked for afterwards: in every file of the folder.
#[tokio::test]
async fn secrets_are_in_no_file_afterwards() {
    let secret = "hunter2-secret-value";
    let items = [
        (
            "event",
            json!({ "message": "x", "extra": { "password": secret }, "request": {
            "headers": { "Authorization": format!("Bearer {secret}") }, "cookies": { "session": secret },
            "query_string": format!("token={secret}"), "data": { "api_key": secret } },
            "exception": { "values": [{ "type": "A", "value": "b", "stacktrace": { "frames": [
                { "function": "f", "vars": { "secret": secret } }] } }] },
            "breadcrumbs": [{ "data": { "auth": secret } }] }),
        ),
        (
            "transaction",
            json!({ "type": "transaction", "transaction": "GET /", "start_timestamp": 1795370399.0,
            "timestamp": 1795370400.0, "contexts": { "trace": { "trace_id": "a".repeat(32), "span_id": "b".repeat(16) } },
            "spans": [{ "span_id": "c".repeat(16), "start_timestamp": 1795370399.0, "timestamp": 1795370400.0,
                "data": { "db.password": secret } }] }),
        ),
        (
            "log",
            json!({ "items": [{ "body": "x", "level": "info", "attributes": {
            "password": { "value": secret, "type": "string" } } }] }),
        ),
        (
            "span",
            json!({ "items": [{ "name": "x", "span_id": "d".repeat(16), "trace_id": "a".repeat(32),
            "start_timestamp": 1795370399.0, "end_timestamp": 1795370400.0, "attributes": {
            "token": { "value": secret, "type": "string" } } }] }),
        ),
        (
            "trace_metric",
            json!({ "items": [{ "name": "m", "type": "counter", "value": 1, "attributes": {
            "secret": { "value": secret, "type": "string" } } }] }),
        ),
        (
            "replay_event",
            json!({ "replay_id": "e".repeat(32), "segment_id": 0, "request": {
            "headers": { "Cookie": format!("sid={secret}") } } }),
        ),
    ];
    for (settings, kept) in [(json!({}), false), (json!({ "scrub": { "enabled": false } }), true)] {
        let server = project(settings);
        let spool = server.config.data.join("spool");
        for (n, (kind, payload)) in items.iter().enumerate() {
            let payload = payload.to_string();
            let id = format!("{:032x}", n + 1);
            let body = format!(
                "{{\"event_id\":\"{id}\"}}\n{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n",
                payload.len()
            );
            server.envelope(body).await.ok();
            assert!(n > 0 || files_with(&spool, secret) == 1, "what is accepted is in the spool, as it came");
        }
        server.settle().await;
        // A quiet server keeps nothing of that. Bodies in the store are packed: they are looked into below.
        wait_for(|| files_with(&spool, "") == 0).await;
        assert_eq!(files_with(&server.config.data, secret), 0);
        let day = rusqlite::Connection::open(server.config.data.join("events-2026-11-22.db")).unwrap();
        let mut bodies = Vec::new();
        for sql in ["SELECT body FROM events", "SELECT body FROM items"] {
            let mut statement = day.prepare(sql).unwrap();
            let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0)).unwrap();
            bodies.extend(rows.map(|body| zstd::decode_all(&body.unwrap()[..]).unwrap()));
        }
        assert_eq!(bodies.len(), items.len());
        let with_secret =
            bodies.iter().filter(|body| memchr::memmem::find(body, secret.as_bytes()).is_some()).count();
        assert_eq!(with_secret, if kept { items.len() } else { 0 });
    }
}

#[tokio::test]
async fn project_rules_of_scrubbing() {
    let server = project(json!({ "scrub": { "sensitive_fields": ["iban"], "safe_fields": ["password_hint"],
        "addresses": true, "cards": true } }));
    let event = json!({ "platform": "javascript", "message": "paid with 4111 1111 1111 1111", "tags": { "iban": "DE1" },
        "extra": { "password_hint": "blue", "password": "x" }, "user": { "id": "1", "ip_address": "8.8.8.8" } });
    server.envelope(event_envelope(1, &event)).await.ok();
    server.settle().await;
    let stored = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 1)).await.ok();
    assert_eq!(stored["title"], "paid with [Filtered]");
    assert_eq!(stored["context"], json!({ "password_hint": "blue", "password": "[Filtered]" }));
    assert!(stored["tags"].as_array().unwrap().contains(&json!({ "key": "iban", "value": "[Filtered]" })));
    assert!(stored["user"]["ip_address"].is_null(), "{}", stored["user"]);
}

#[tokio::test]
async fn what_is_refused_at_the_door_is_counted() {
    let server = Server::start_with(|config| config.limits.wire_body_bytes = 1 << 20);
    let key = format!("sentry_key={KEY}");
    let item = |kind: &str, bytes: usize| {
        format!("{{\"type\":\"{kind}\",\"length\":{bytes}}}\n{}\n", "x".repeat(bytes))
    };
    let check_in = item("check_in", 102_401);
    let refused: [(u16, &str, Option<&str>, String); 6] = [
        (400, "envelope", None, "no envelope".to_owned()),
        (400, "store", None, "{\"message\":".to_owned()),
        (415, "security", Some("text/html"), "{}".to_owned()),
        (415, "otlp/v1/logs", Some("text/html"), "{}".to_owned()),
        (413, "envelope", None, format!("{{}}\n{check_in}")),
        (413, "envelope", None, item("event", 2 << 20)),
    ];
    for (status, path, media, body) in refused {
        let headers: Vec<(&str, &str)> = media.iter().map(|media| ("content-type", *media)).collect();
        let answer = server.post(&format!("/api/42/{path}/?{key}"), &headers, body.clone()).await;
        assert_eq!(answer.status, status, "{path}");
        if status == 413 {
            let limit = if body.len() > 1 << 20 { "1048576" } else { "102400" };
            let cause = answer.json()["causes"][0].as_str().unwrap().to_owned();
            assert!(cause.contains(limit) && cause.contains("send less"), "{cause}");
        }
        // Whose it is nobody can know without the key.
        let answer =
            server.post(&format!("/api/42/{path}/?sentry_key={}", "f".repeat(32)), &headers, body).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    // Beside something that can be taken it is left out, and counted all the same.
    let beside = format!("{}{check_in}", event_envelope(1, &error("A", "f")));
    server.envelope(beside).await.ok();
    assert_eq!(stored(&server).await, 1);
    let counts = outcomes(&server).await;
    let of = |category: &str, reason: &str| {
        let is = |row: &&Value| {
            row["category"] == category && row["reason"] == reason && row["outcome"] == "invalid"
        };
        counts.as_array().unwrap().iter().filter(is).map(|row| row["quantity"].as_i64().unwrap()).sum::<i64>()
    };
    let found = [
        of("default", "malformed"),
        of("error", "malformed"),
        of("security", "wrong_type"),
        of("log_item", "wrong_type"),
        of("monitor", "too_large"),
        of("default", "too_large"),
    ];
    assert_eq!(found, [1, 1, 1, 1, 2, 1], "{counts}");
}

#[tokio::test]
async fn what_is_sent_to_a_busy_server_is_counted() {
    let server = Server::start_with(|config| config.limits.in_flight_bytes = 200);
    let answer = server.envelope(event_envelope(1, &error("A", "f"))).await;
    assert_eq!((answer.status.as_u16(), answer.header("retry-after")), (429, "5"));
    assert!(answer.header("x-sentry-rate-limits").contains("error"), "{:?}", answer.headers);
    // A job's script must not hear of a 429.
    let called = server.post(&format!("/api/42/cron/nightly/{KEY}?status=ok"), &[], "x".repeat(300)).await;
    assert_eq!((called.status.as_u16(), called.header("retry-after")), (503, "5"));
    assert_eq!(counted(&outcomes(&server).await, "rate_limited", "busy"), 2);
}
