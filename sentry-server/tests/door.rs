//! Odd requests at the door: each is taken or refused in the same words, and a browser may read which.

mod support;

use axum::http::Method;
use serde_json::json;
use support::{KEY, Server, auth, counted, error, event_envelope};

#[tokio::test]
async fn a_key_in_the_query_may_be_encoded() {
    let server = Server::start();
    let encoded = format!("/api/42/envelope/?sentry%5Fkey=%{:02x}{}", KEY.as_bytes()[0], &KEY[1..]);
    server.post(&encoded, &[], event_envelope(1, &error("A", "f"))).await.ok();
    let newer = format!("/api/42/envelope/?sentry_key={KEY}&sentry%5Fversion=8");
    assert_eq!(server.post(&newer, &[], "{}").await.status, 400);
}

#[tokio::test]
async fn a_wrong_method_is_said_as_everything_else_is() {
    let server = Server::start();
    for (method, path, allowed) in [
        (Method::GET, "/api/42/envelope/", "POST"),
        (Method::PUT, "/api/42/store", "POST,GET,HEAD"),
        (Method::DELETE, "/api/42/cron/nightly/", "GET,HEAD,POST"),
        (Method::GET, "/api/42/otlp/v1/traces", "POST"),
    ] {
        let answer = server.call(method.clone(), path, &[("x-sentry-auth", &auth())], "").await;
        assert_eq!(answer.status, 405, "{method} {path}");
        assert_eq!(answer.header("access-control-allow-origin"), "*");
        assert!(!answer.header("x-sentry-error").is_empty() && !answer.json()["causes"][0].is_null());
        let mut own: Vec<&str> = answer.header("allow").split(',').collect();
        own.sort_unstable();
        let mut wanted: Vec<&str> = allowed.split(',').collect();
        wanted.sort_unstable();
        assert_eq!(own, wanted, "{method} {path}");
        // A preflight asks nothing of the address.
        let preflight = server.call(Method::OPTIONS, path, &[("origin", "https://a.test")], "").await;
        assert_eq!((preflight.status.as_u16(), preflight.header("access-control-allow-origin")), (204, "*"));
    }
}

#[tokio::test]
async fn a_check_in_that_names_no_run_ends_none() {
    let server = Server::start();
    let at = |rest: &str| format!("/api/42/cron/nightly/{KEY}?{rest}");
    assert_eq!(server.post(&at("status=in_progress"), &[], "").await.status, 202);
    let odd = server.post(&at("status=ok&check_in_id=run-7"), &[], "").await;
    assert_eq!(odd.status, 400);
    assert!(odd.json()["causes"][0].as_str().unwrap().contains("run-7"), "{:?}", odd.body);
    let headers = [("content-type", "application/json")];
    let body = json!({ "status": "ok", "check_in_id": 7 }).to_string();
    assert_eq!(server.post(&at(""), &headers, body).await.status, 400);
    server.settle().await;
    let runs = server.get("/api/0/organizations/default/monitors/nightly/checkins/").await.ok();
    assert_eq!((runs.as_array().unwrap().len(), &runs[0]["status"]), (1, &json!("in_progress")));
    // Both forms of an id are one.
    let id = "5afe2427de2d4f2baea15542aa31f3df";
    let hyphens = "5afe2427-de2d-4f2b-aea1-5542aa31f3df";
    for rest in [format!("status=in_progress&check_in_id={id}"), format!("status=ok&check_in_id={hyphens}")] {
        assert_eq!(server.post(&at(&rest), &[], "").await.status, 202);
    }
    server.settle().await;
    let runs = server.get("/api/0/organizations/default/monitors/nightly/checkins/").await.ok();
    assert_eq!(runs.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_busy_server_asks_everything_to_wait_but_reports_of_losses() {
    let server = Server::start_with(|config| config.limits.in_flight_bytes = 200);
    let answer = server.envelope(event_envelope(1, &error("A", "f"))).await;
    assert_eq!(answer.status, 429);
    let limits = answer.header("x-sentry-rate-limits");
    for category in [
        "default",
        "error",
        "transaction",
        "span",
        "monitor",
        "log_item",
        "security",
        "attachment",
        "session",
        "profile",
        "profile_chunk",
        "profile_chunk_ui",
        "replay",
        "feedback",
        "trace_metric",
        "metric_bucket",
    ] {
        let named = limits.split([':', ';']).any(|name| name == category);
        assert!(named, "{category} is not in {limits}");
    }
    assert!(!limits.contains("internal"), "{limits}");
    server.settle().await;
    let report =
        json!({ "discarded_events": [{ "reason": "mine", "category": "error", "quantity": 4 }] }).to_string();
    let body = format!("{{}}\n{{\"type\":\"client_report\",\"length\":{}}}\n{report}\n", report.len());
    assert_eq!(body.len().min(200), body.len(), "it fits");
    server.envelope(body).await.ok();
    server.settle().await;
    let outcomes = server.get("/api/0/organizations/default/outcomes/").await.ok();
    assert_eq!(counted(&outcomes, "client_discard", "mine"), 4);
}
