//! What is no event is stored as rows that can be asked for, counted exactly, and counted once.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use rusqlite::Connection;
use serde_json::{Value, json};
use support::{Server, texts};

fn number(file: &Connection, sql: &str) -> i64 {
    file.query_row(sql, [], |row| row.get(0)).unwrap()
}

async fn outcome(server: &Server, category: &str, outcome: &str) -> i64 {
    let rows = server.get("/api/0/organizations/default/outcomes/").await.ok();
    let rows = rows.as_array().unwrap().clone();
    let of = |row: &&Value| row["category"] == category && row["outcome"] == outcome;
    rows.iter().filter(of).map(|row| row["quantity"].as_i64().unwrap()).sum()
}

/// One item in an envelope.
fn envelope(header: &Value, kind: &str, payload: &Value) -> String {
    let payload = payload.to_string();
    format!("{header}\n{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n", payload.len())
}

async fn send_corpus(server: &Server, files: &[&str]) {
    for file in files {
        let body = std::fs::read(support::corpus().join(format!("{file}.envelope"))).unwrap();
        server.envelope(body).await.ok();
    }
    server.settle().await;
}

#[tokio::test]
async fn what_official_clients_send_becomes_rows() {
    let server = Server::start();
    send_corpus(
        &server,
        &[
            "python-logs_api-00",
            "rust-metrics-00",
            "browser-react_traced_profiler-01",
            "python-transaction_profile-00",
            "browser-replay_session-01",
            "cli-monitors_run-00",
            "cli-monitors_run-01",
            "node-express_error-01",
            "browser-exception_minified_cause-01",
            "browser-exception_minified_cause-02",
            "python-feedback_handmade-01",
            "python-feedback_handmade-02",
            "node-transaction_unsampled-00",
        ],
    )
    .await;
    let (day, meta) = (server.day_file(), server.meta());
    assert_eq!(number(&day, "SELECT count(*) FROM logs"), 45);
    assert_eq!(number(&day, "SELECT count(*) FROM metrics"), 41);
    assert_eq!(number(&day, "SELECT count(*) FROM profiles"), 1);
    assert_eq!(outcome(&server, "log_item", "accepted").await, 45);
    assert_eq!(outcome(&server, "trace_metric", "accepted").await, 41);
    assert!(outcome(&server, "log_byte", "accepted").await > 40_000);
    assert_eq!(
        outcome(&server, "span", "accepted").await,
        number(&day, "SELECT count(*) FROM spans"),
        "of containers and transactions"
    );
    let segments = texts(&day, "SELECT DISTINCT text FROM spans JOIN texts ON texts.id = segment ORDER BY 1");
    assert!(
        segments.contains(&"Pageload".to_owned()) && segments.contains(&"profiled".to_owned()),
        "{segments:?}"
    );
    assert_eq!(texts(&meta, "SELECT slug || status FROM monitors"), ["nightly-billok"]);
    assert_eq!(number(&meta, "SELECT count(*) FROM check_ins"), 1, "two reports of one run");
    // The second file of the browser was sent before the first: one session with an error all the same.
    let health = "SELECT release || ':' || sum(total) || ':' || sum(errored) || ':' || sum(crashed) \
                  FROM session_hours GROUP BY release ORDER BY release";
    assert_eq!(texts(&meta, health), ["shop@1.4.2+77:2:0:1", "web@2.0.0:1:1:0"]);
    assert_eq!(texts(&meta, "SELECT kind || segments FROM replays"), ["session1"]);
    assert_eq!(
        texts(&day, "SELECT kind FROM items WHERE kind LIKE 'replay%' ORDER BY kind"),
        ["replay_event", "replay_recording"]
    );
    let feedback = texts(&day, "SELECT hex(about) || ' ' || message FROM feedback ORDER BY seq");
    assert_eq!(feedback.len(), 2, "{feedback:?}");
    assert!(feedback[1].ends_with(" broken") && feedback[0][..32] == feedback[1][..32], "{feedback:?}");
    assert_eq!(outcome(&server, "span", "client_discard").await, 55);
    assert_eq!(outcome(&server, "attachment", "accepted").await, 0);
}

/// A client that got no answer sends again: nothing that has an id is counted or kept twice.
#[tokio::test]
async fn a_second_copy_changes_nothing() {
    let server = Server::start();
    let files = [
        "python-exception_attachments-00",
        "python-transaction_profile-00",
        "browser-exception_minified_cause-01",
        "cli-monitors_run-01",
        "python-feedback_handmade-02",
        "browser-replay_session-01",
    ];
    send_corpus(&server, &files).await;
    let look = |server: &Server| {
        let (day, meta) = (server.day_file(), server.meta());
        let days = ["events", "spans", "profiles", "feedback"];
        let metas = ["check_ins", "replays", "session_states"];
        let mut counts: Vec<i64> =
            days.iter().map(|table| number(&day, &format!("SELECT count(*) FROM {table}"))).collect();
        counts.extend(metas.iter().map(|table| number(&meta, &format!("SELECT count(*) FROM {table}"))));
        counts.push(number(&meta, "SELECT sum(total) FROM session_hours"));
        counts.push(number(&day, "SELECT count(*) FROM items WHERE kind = 'attachment'"));
        counts.push(number(&meta, "SELECT sum(segments) FROM replays"));
        counts
    };
    let before = look(&server);
    assert!(before.iter().all(|count| *count > 0), "{before:?}");
    let bytes = outcome(&server, "attachment", "accepted").await;
    send_corpus(&server, &files).await;
    assert_eq!(look(&server), before);
    assert_eq!(outcome(&server, "attachment", "accepted").await, bytes);
    assert_eq!(outcome(&server, "attachment", "invalid").await, bytes, "the copies are told of");
    assert_eq!(outcome(&server, "attachment_item", "invalid").await, 4);
}

/// A clock that is a day behind: everything is dated by the server's.
#[tokio::test]
async fn a_wrong_clock_is_corrected_in_all_telemetry() {
    let server = Server::start();
    let day = 86_400.0;
    let now = support::NOW as f64 / 1e6;
    let header = json!({ "sent_at": "2026-11-21T18:00:00Z" });
    let then = now - day - 5.0;
    let log = json!({ "items": [{ "timestamp": then, "level": "info", "body": "x" }] });
    let span = json!({ "items": [{ "start_timestamp": then, "end_timestamp": then + 1.0, "name": "a",
        "span_id": "0102030405060708", "trace_id": "0102030405060708090a0b0c0d0e0f10" }] });
    let session = json!({ "sid": "8730b7fd6cbe4f5fb1e3973e64ffad7a", "init": true, "status": "ok",
        "started": "2026-11-21T17:59:55Z", "attrs": { "release": "r" } });
    for (kind, payload) in [("log", &log), ("span", &span), ("session", &session)] {
        server.envelope(envelope(&header, kind, payload)).await.ok();
    }
    server.settle().await;
    let (file, meta) = (server.day_file(), server.meta());
    let wanted = support::NOW - 5_000_000;
    assert_eq!(number(&file, "SELECT timestamp FROM logs"), wanted);
    assert_eq!(number(&file, "SELECT timestamp FROM spans"), wanted);
    assert_eq!(number(&file, "SELECT duration FROM spans"), 1_000_000);
    assert_eq!(number(&meta, "SELECT hour FROM session_hours"), wanted / 3_600_000_000);
}

/// One entry or item that cannot be used is counted, and nothing beside it is lost.
#[tokio::test]
async fn a_bad_item_never_costs_its_neighbours() {
    let server = Server::start();
    let items = [
        ("log", "{\"items\":[{\"body\":\"good\",\"level\":\"info\"},{\"level\":\"info\"},4]}"),
        ("log", "no json"),
        ("session", "{\"sid\":\"x\"}"),
        ("sessions", "{\"aggregates\":[{\"started\":\"2026-11-22T17:00:00Z\",\"exited\":1}]}"),
        ("check_in", "{\"monitor_slug\":\"a\",\"status\":\"never heard of\"}"),
        ("trace_metric", "{\"items\":[{\"name\":\"m\",\"type\":\"counter\",\"value\":1}]}"),
        ("user_report", "{}"),
        ("made_up", "?"),
    ];
    let mut body = "{}\n".to_owned();
    for (kind, payload) in items {
        body.push_str(&format!("{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n", payload.len()));
    }
    server.envelope(body).await.ok();
    server.settle().await;
    let day = server.day_file();
    assert_eq!(texts(&day, "SELECT body FROM logs"), ["good"]);
    assert_eq!(number(&day, "SELECT count(*) FROM metrics"), 1);
    assert_eq!(outcome(&server, "log_item", "accepted").await, 1);
    assert_eq!(outcome(&server, "log_item", "invalid").await, 3);
    assert_eq!(outcome(&server, "session", "invalid").await, 2);
    assert_eq!(outcome(&server, "monitor", "invalid").await, 1);
    assert_eq!(outcome(&server, "feedback", "invalid").await, 1);
    assert_eq!(outcome(&server, "default", "invalid").await, 1);
}

/// Pieces come in any order, packed or not; one that cannot be read costs no other.
#[tokio::test]
async fn a_recording_is_answered_piece_by_piece() {
    let server = Server::start();
    let id = "5cd4285462dc41e894564d87f6617003";
    for (segment, events) in [(2, r#"[{"type":3}]"#), (1, "nonsense")] {
        let told = json!({ "replay_id": id, "segment_id": segment, "timestamp": 1_795_365_146 }).to_string();
        let recording = format!("{{\"segment_id\":{segment}}}\n{events}");
        let (a, b) = (told.len(), recording.len());
        let body = format!(
            "{{\"event_id\":\"{id}\"}}\n{{\"type\":\"replay_event\",\"length\":{a}}}\n{told}\n\
             {{\"type\":\"replay_recording\",\"length\":{b}}}\n{recording}\n"
        );
        server.envelope(body).await.ok();
    }
    // The first piece, as an official client packed it.
    send_corpus(&server, &["browser-replay_session-01"]).await;
    let at = format!("/api/0/projects/default/shop/replays/{id}/recording-segments/");
    let listed = server.get(&at).await.ok();
    let numbers: Vec<&Value> = listed.as_array().unwrap().iter().map(|piece| &piece["segmentId"]).collect();
    assert_eq!(numbers, [0, 1, 2]);
    let read = server.get(&format!("{at}?download")).await.ok();
    assert!(read[0].as_array().unwrap().len() > 2 && read[0][0]["type"].is_u64(), "{}", read[0]);
    assert_eq!((&read[1], &read[2]), (&json!([]), &json!([{ "type": 3 }])));
    let second = server.get(&format!("{at}?download&per_page=1&cursor=0:1:0")).await;
    assert_eq!(second.ok(), json!([[]]));
    assert!(second.header("link").contains("cursor=\"0:2:0\""), "{}", second.header("link"));
    assert_eq!(server.get(&format!("{at}2/?download")).await.ok(), read[2]);
    assert_eq!(server.get(&format!("{at}2/")).await.ok()["data"]["segmentId"], 2);
    for missing in ["1/?download", "3/", "x/"] {
        assert_eq!(server.get(&format!("{at}{missing}")).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn feedback_names_the_issue_that_it_is_about() {
    let server = Server::start();
    let about = format!("{:032x}", 7);
    server.envelope(support::event_envelope(7, &support::error("ChargeError", "charge"))).await.ok();
    for (id, event) in [(1, Some(about.as_str())), (2, None)] {
        let feedback = json!({ "message": format!("entry {id}"), "associated_event_id": event });
        let event = json!({ "type": "feedback", "contexts": { "feedback": feedback } });
        let header = json!({ "event_id": format!("{id:032x}") });
        server.envelope(envelope(&header, "feedback", &event)).await.ok();
    }
    server.settle().await;
    let all = server.get("/api/0/organizations/default/feedback/").await.ok();
    let find = |text: &str| all.as_array().unwrap().iter().find(|entry| entry["message"] == text).unwrap();
    assert_eq!(find("entry 2")["issue"], Value::Null);
    let issue = &find("entry 1")["issue"];
    assert_eq!((&issue["id"], &issue["shortId"]), (&json!("1"), &json!("SHOP-1")), "{issue}");
    let path = format!("/api/0/projects/default/shop/events/{about}/user-reports/");
    assert_eq!(server.get(&path).await.ok()[0]["issue"], *issue);
}

/// Official clients flush 1,000 spans or 5 MiB at a time: limits hold for an entry, and what is dropped is counted by entries.
#[tokio::test]
async fn a_container_is_larger_than_an_entry_may_be() {
    let server = Server::start();
    let now = support::NOW as f64 / 1e6;
    let pad = |bytes: usize| "x".repeat(bytes);
    let span = |n: usize, bytes: usize| {
        json!({ "name": "q", "trace_id": "a".repeat(32), "span_id": format!("{:016x}", n + 1), "start_timestamp": now,
            "end_timestamp": now + 0.1, "attributes": { "pad": { "type": "string", "value": pad(bytes) } } })
    };
    let log = |n: usize, bytes: usize| json!({ "timestamp": now, "level": "info", "body": format!("{n} {}", pad(bytes)) });
    let metric = |bytes: usize| {
        json!({ "timestamp": now, "name": "m", "type": "counter", "value": 1,
            "attributes": { "pad": { "type": "string", "value": pad(bytes) } } })
    };
    let of = |kind: &str, entries: Vec<Value>| {
        let count = entries.len();
        let payload = json!({ "items": entries }).to_string();
        format!(
            "{{}}\n{{\"type\":\"{kind}\",\"item_count\":{count},\"length\":{}}}\n{payload}\n",
            payload.len()
        )
    };
    const MIB: usize = 1 << 20;
    let mut spans: Vec<Value> = (0..999).map(|n| span(n, 5_300)).collect();
    spans.insert(500, span(999, MIB));
    let spans = of("span", spans);
    assert!(spans.len() > 5 * MIB, "else this shows nothing");
    let mut logs: Vec<Value> = (0..99).map(|n| log(n, 20_000)).collect();
    logs.push(log(99, MIB));
    let mut metrics: Vec<Value> = (0..99).map(|_| metric(1_800)).collect();
    metrics.push(metric(2_100));
    for body in [spans, of("log", logs), of("trace_metric", metrics)] {
        server.envelope(body).await.ok();
    }
    server.settle().await;
    let day = server.day_file();
    assert_eq!(number(&day, "SELECT count(*) FROM spans"), 999);
    assert_eq!(number(&day, "SELECT count(*) FROM spans WHERE place > 500"), 499, "places are kept");
    assert_eq!(number(&day, "SELECT count(*) FROM logs"), 99);
    assert_eq!(number(&day, "SELECT count(*) FROM metrics"), 99);
    for (category, accepted) in [("span", 999), ("log_item", 99), ("trace_metric", 99)] {
        assert_eq!(outcome(&server, category, "accepted").await, accepted, "{category}");
        assert_eq!(outcome(&server, category, "invalid").await, 1, "{category}");
    }
    // What cannot be read as a whole is counted by what it says it holds.
    let broken = "{}\n{\"type\":\"span\",\"item_count\":70,\"length\":1}\n[\n";
    server.envelope(broken).await.ok();
    server.settle().await;
    assert_eq!(outcome(&server, "span", "invalid").await, 71);
}
