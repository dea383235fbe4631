//! Issues that were imported from Sentry are found by the hashes that it gave their events.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use serde_json::{Value, json};
use support::{Server, event_envelope};

const IMPORT: &str = "/api/0/projects/default/shop/issues/import/";
const ISSUES: &str = "/api/0/organizations/default/issues/";
/// What Sentry answers for a `ValueError` of `hello world` without frames, and for one thrown in `baz.py` (frames first).
const PLAIN: &str = "b23ee1963904c2ca87b145febf94b66c";
const WITH_FRAME: &str = "9509e122c6175606d52862fa4f64853c";

fn thrown(more: &Value) -> Value {
    let mut event = json!({ "platform": "python", "release": "shop@2",
        "exception": { "values": [{ "type": "ValueError", "value": "hello world" }] } });
    if more.is_object() {
        event["exception"]["values"][0]["stacktrace"] = json!({ "frames": [more] });
    }
    event
}

async fn issue_of(server: &Server, id: u128, event: &Value) -> String {
    server.envelope(event_envelope(id, event)).await.ok();
    server.settle().await;
    let event = server.get(&format!("/api/0/projects/default/shop/events/{id:032x}/")).await.ok();
    event["groupID"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn events_find_the_issue_that_was_imported() {
    let server = Server::start();
    let old = json!({ "issues": [
        { "id": "991", "title": "ValueError: hello world", "culprit": "pay", "level": "error", "platform": "python",
          "type": "error", "metadata": { "type": "ValueError", "value": "hello world" }, "status": "resolved",
          "firstSeen": "2026-01-31T12:00:00Z", "lastSeen": "2026-11-01T12:00:00Z", "count": "1234", "userCount": 7,
          "hashes": [{ "id": PLAIN }] },
        { "title": "ValueError: hello world", "count": 5, "status": "ignored", "hashes": [WITH_FRAME] },
    ] });
    let done = server.post_json(IMPORT, old.clone()).await.ok();
    let ids: Vec<String> =
        done["issues"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        (&done["issues"][0]["isNew"], &done["issues"][0]["shortId"]),
        (&json!(true), &json!("SHOP-1"))
    );
    let again = server.post_json(IMPORT, old).await.ok();
    assert_eq!(
        (&again["issues"][0]["isNew"], &again["issues"][0]["id"]),
        (&json!(false), &json!(ids[0])),
        "once"
    );
    let first = server.get(&format!("{ISSUES}{}/", ids[0])).await.ok();
    assert_eq!(
        (&first["count"], &first["userCount"], &first["status"]),
        (&json!("1234"), &json!(7), &json!("resolved"))
    );
    assert!(first["firstSeen"].as_str().unwrap().starts_with("2026-01-31"), "{first}");
    assert_eq!(server.get(&format!("{ISSUES}{}/", ids[1])).await.ok()["status"], "ignored");
    // They go on with new events, and are known by hashes of this server from then on.
    assert_eq!(issue_of(&server, 1, &thrown(&Value::Null)).await, ids[0]);
    let frame = json!({ "filename": "baz.py", "lineno": 1, "in_app": true });
    assert_eq!(issue_of(&server, 2, &thrown(&frame)).await, ids[1]);
    let first = server.get(&format!("{ISSUES}{}/", ids[0])).await.ok();
    assert_eq!((&first["count"], &first["status"]), (&json!("1235"), &json!("unresolved")), "it came back");
    let hashes = server.get(&format!("{ISSUES}{}/hashes/", ids[0])).await.ok();
    let configs: Vec<&str> =
        hashes.as_array().unwrap().iter().map(|hash| hash["groupingConfig"].as_str().unwrap()).collect();
    assert!(
        configs.contains(&"sentry-md5") && configs.iter().any(|config| config.starts_with("wp:")),
        "{configs:?}"
    );
    assert_eq!(watchpost_server::check(&server.config.data).unwrap().problems, [""; 0]);
    // Another error is another issue.
    let mut other = thrown(&Value::Null);
    other["exception"]["values"][0]["type"] = "KeyError".into();
    assert!(!ids.contains(&issue_of(&server, 3, &other).await));
}

#[tokio::test]
async fn without_an_import_nobody_looks_for_such_hashes() {
    let server = Server::start();
    let settings = "/api/0/projects/default/shop/settings/";
    assert_eq!(server.get(settings).await.ok()["grouping"]["sentry_hashes"], false);
    let of_event = issue_of(&server, 1, &thrown(&Value::Null)).await;
    let import = json!({ "issues": [{ "title": "ValueError: hello world", "hashes": [PLAIN] }] });
    let done = server.post_json(IMPORT, import).await.ok();
    assert_eq!(server.get(settings).await.ok()["grouping"]["sentry_hashes"], true);
    // It has an issue of its own by now: people merge the two.
    assert_ne!(done["issues"][0]["id"], json!(of_event));
    assert_eq!(issue_of(&server, 2, &thrown(&Value::Null)).await, of_event, "its own hash comes first");
    for (wrong, word) in [
        (json!({ "issues": [] }), "issues"),
        (json!({ "issues": [{ "title": "x", "hashes": [] }] }), "hashes"),
        (json!({ "issues": [{ "title": "x", "hashes": ["abc"] }] }), "abc"),
        (json!({ "issues": [{ "title": "x", "hashes": [PLAIN], "status": "odd" }] }), "odd"),
        (json!({ "issues": [{ "title": "x", "hashes": [PLAIN], "count": "many" }] }), "count"),
        (json!({ "issues": [{ "title": "x", "hashes": [PLAIN], "lastSeen": "soon" }] }), "lastSeen"),
    ] {
        let answer = server.post_json(IMPORT, wrong.clone()).await;
        assert!(
            answer.status == 400 && answer.json()["detail"].as_str().unwrap().contains(word),
            "{wrong}: {:?}",
            answer.body
        );
    }
}
