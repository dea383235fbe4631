//! Every call of the API is described with what it answers, and answers that: a debug build holds it to it. Here all lists
//! and things are asked for on a server that has one of everything.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::collections::HashMap;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use support::upload::{send_part, sha1};
use support::{KEY, Server, error, event_envelope};

const ORG: &str = "/api/0/organizations/default";
const PROJECT: &str = "/api/0/projects/default/shop";
const UUID: &str = "660f839b-8bfd-580d-9a7c-ea339a6c9867";

/// One of everything, and what paths call it.
async fn full(server: &Server) -> HashMap<&'static str, String> {
    for file in [
        "python-exception_attachments-00",
        "python-transaction_profile-00",
        "python-logs_api-00",
        "rust-metrics-00",
        "browser-replay_session-01",
        "cli-monitors_run-00",
        "cli-monitors_run-01",
        "node-express_error-01",
        "python-feedback_handmade-01",
        "python-feedback_handmade-02",
        "browser-react_traced_profiler-01",
    ] {
        let body = std::fs::read(support::corpus().join(format!("{file}.envelope"))).unwrap();
        server.envelope(body).await.ok();
    }
    let mut event = error("ValueError", "pay");
    event["release"] = "shop@1.0".into();
    event["user"] = json!({ "id": "7" });
    event["contexts"] = json!({ "trace": { "trace_id": "a".repeat(32), "span_id": "b".repeat(16) } });
    let file = "{\"type\":\"attachment\",\"length\":2,\"filename\":\"a.txt\"}\nhi\n";
    server.envelope(event_envelope(1, &event) + file).await.ok();
    let report =
        json!({ "event_id": format!("{:032x}", 1), "name": "Jane", "email": "j@x.y", "comments": "broken" });
    let report = report.to_string();
    server
        .envelope(format!("{{}}\n{{\"type\":\"user_report\",\"length\":{}}}\n{report}\n", report.len()))
        .await
        .ok();
    server.settle().await;
    let made = |answer: support::Answer| {
        assert!(answer.status.is_success(), "{} {:?}", answer.status, answer.body);
        answer.json()
    };
    let commit = json!({ "id": "c0ffee", "repository": "acme/shop", "author_email": "admin", "timestamp": "2026-11-22T10:00:00Z",
        "author_name": "A", "message": "m", "patch_set": [{ "path": "app.py", "type": "M" }] });
    made(
        server
            .post_json(
                &format!("{ORG}/releases/"),
                json!({ "version": "shop@1.0", "projects": ["shop"], "commits": [commit] }),
            )
            .await,
    );
    made(
        server
            .post_json(&format!("{ORG}/releases/shop@1.0/deploys/"), json!({ "environment": "prod" }))
            .await,
    );
    let files = format!("{ORG}/releases/shop@1.0/files/");
    let file = made(send_part(server, &files, "file", "app.js", b"x()").await);
    made(
        server
            .post_json(
                &format!("{ORG}/code-mappings/bulk/"),
                json!({ "project": "shop", "repository": "acme/shop",
        "mappings": [{ "stackRoot": "", "sourceRoot": "src/" }] }),
            )
            .await,
    );
    made(
        server
            .post_json(
                &format!("{PROJECT}/files/proguard-artifact-releases/"),
                json!({ "release_name": "shop@1.0", "proguard_uuid": UUID }),
            )
            .await,
    );
    let mapping = b"a.B -> c:\n    void d() -> e\n";
    support::upload::debug_file(server, &format!("proguard/{UUID}.txt"), mapping).await;
    assert_eq!(sha1(mapping).len(), 40);
    made(server.post_json(&format!("{ORG}/teams/"), json!({ "slug": "payments" })).await);
    made(server.post_json(&format!("{PROJECT}/teams/payments/"), Value::Null).await);
    made(server.post_json(&format!("{ORG}/members/1/teams/payments/"), Value::Null).await);
    made(server.post_json("/api/0/api-tokens/", json!({ "name": "t", "scopes": ["event:read"] })).await);
    made(server.post_json(&format!("{ORG}/org-auth-tokens/"), json!({ "name": "t" })).await);
    let issues = server.get(&format!("{ORG}/issues/?query=ValueError")).await.ok();
    let issue = issues[0]["id"].as_str().unwrap().to_owned();
    made(server.post_json(&format!("{ORG}/issues/{issue}/notes/"), json!({ "text": "look" })).await);
    made(
        server
            .put(&format!("{ORG}/issues/{issue}/"), json!({ "assignedTo": "admin", "hasSeen": true }))
            .await,
    );
    let other = server.get(&format!("{ORG}/issues/?query=!ValueError")).await.ok();
    let other = other[0]["id"].as_str().unwrap().to_owned();
    let discarded = server.put(&format!("{ORG}/issues/{other}/"), json!({ "discard": true })).await;
    assert_eq!(discarded.status, 204);
    let replays = server.get(&format!("{ORG}/replays/")).await.ok();
    let replay = replays["data"][0]["id"].as_str().unwrap().to_owned();
    let attachments = server.get(&format!("{PROJECT}/events/{:032x}/attachments/", 1)).await.ok();
    let spans = server.get(&format!("{ORG}/events/?dataset=spans&field=trace")).await.ok();
    HashMap::from([
        ("org", "default".to_owned()),
        ("project", "shop".to_owned()),
        ("event", format!("{:032x}", 1)),
        ("attachment", attachments[0]["id"].as_str().unwrap().to_owned()),
        ("issue", issue),
        ("version", "shop@1.0".to_owned()),
        ("file", file["id"].as_str().unwrap().to_owned()),
        ("team", "payments".to_owned()),
        ("member", "1".to_owned()),
        ("monitor", "nightly-bill".to_owned()),
        ("replay", replay),
        ("segment", "0".to_owned()),
        ("trace", spans["data"][0]["trace"].as_str().unwrap().to_owned()),
    ])
}

/// What stands behind the question mark where a call needs something there.
fn query(path: &str) -> String {
    match path {
        path if path.ends_with("/sessions/") => {
            "?field=sum(session)&field=crash_free_rate(session)&groupBy=release".to_owned()
        }
        path if path.ends_with("/events/") => "?field=id&field=title&full=1".to_owned(),
        path if path.ends_with("/events-stats/") => "?yAxis=count()&yAxis=count_unique(user.id)".to_owned(),
        path if path.ends_with("/events-timeseries/") => "?topEvents=3&field=title&field=count()".to_owned(),
        path if path.ends_with("/stats_v2/") => "?groupBy=outcome&groupBy=category".to_owned(),
        path if path.ends_with("/issues/") => "?query=".to_owned(),
        path if path.ends_with("-artifact-releases/") => format!("?proguard_uuid={UUID}"),
        _ => String::new(),
    }
}

#[tokio::test]
async fn everything_that_can_be_read_answers_what_is_described() {
    let server = Server::start();
    let names = full(&server).await;
    let document = server.call(Method::GET, "/api/0/openapi.json", &[], Body::empty()).await.ok();
    let mut empty = Vec::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        let Some(call) = calls.get("get") else { continue };
        let name = |part: &str| match part {
            "key" if path.contains("/keys/") => KEY.to_owned(),
            "key" if path.contains("/trace-items/") => "sentry.environment".to_owned(),
            "key" => "level".to_owned(),
            other => names.get(other).unwrap_or_else(|| panic!("{path}: what is {other}?")).clone(),
        };
        let filled = path.split('/').map(|part| {
            match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
                Some(part) => name(part),
                None => part.to_owned(),
            }
        });
        let filled = format!("{}{}", filled.collect::<Vec<String>>().join("/"), query(path));
        let answer = server.get(&filled).await;
        assert_eq!(answer.status, 200, "{filled}: {:?}", answer.body);
        let content = &call["responses"]["2XX"]["content"];
        let kind = answer.header("content-type").to_owned();
        assert!(content.get(&kind).is_some(), "{path} is not described to answer {kind}");
        if kind == "application/json" && matches!(answer.json(), Value::Array(list) if list.is_empty()) {
            empty.push(path.clone());
        }
    }
    // A list without anything in it says nothing about what it would have.
    let known = ["/external-issues/", "/similar/", "/activities/"];
    empty.retain(|path| !known.iter().any(|known| path.ends_with(known)));
    assert!(empty.is_empty(), "nothing in {empty:?}");
}

#[tokio::test]
async fn every_call_says_what_it_answers() {
    let server = Server::start();
    let document = server.call(Method::GET, "/api/0/openapi.json", &[], Body::empty()).await.ok();
    let (mut shapes, mut bare) = (0, Vec::new());
    for (path, calls) in document["paths"].as_object().unwrap() {
        for (method, call) in calls.as_object().unwrap() {
            let done = &call["responses"]["2XX"];
            assert!(done.is_object(), "{method} {path} does not say what it answers");
            let schema = &done["content"]["application/json"]["schema"];
            match schema.as_object().map(serde_json::Map::len) {
                Some(0) => bare.push(format!("{method} {path}")),
                Some(_) => shapes += 1,
                None => {}
            }
        }
    }
    assert!(shapes > 120, "{shapes}");
    assert!(bare.is_empty(), "only JSON, say {bare:?}");
    let schemas = document["components"]["schemas"].as_object().unwrap();
    assert_eq!(schemas["Issue"]["properties"]["firstSeen"]["format"], "date-time");
    assert!(schemas["Issue"]["required"].as_array().unwrap().contains(&json!("shortId")));
    assert!(schemas["Settings"]["properties"]["filters"]["properties"].get("releases").is_some());
}
