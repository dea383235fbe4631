//! How events come to their issues: a project's rules, reasons, transitions, taking issues apart, likeness, owners.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use support::{Server, error, event_envelope};

const ISSUES: &str = "/api/0/organizations/default/issues/";
const PROJECT: &str = "/api/0/projects/default/shop/";

async fn send(server: &Server, id: u128, event: &Value) -> String {
    server.envelope(event_envelope(id, event)).await.ok();
    server.settle().await;
    let event = server.get(&format!("{PROJECT}events/{id:032x}/")).await.ok();
    event["groupID"].as_str().unwrap().to_owned()
}

/// An error whose last frame is a helper's.
fn through(helper: &str) -> Value {
    let mut event = error("PaymentError", "charge");
    let frames = event["exception"]["values"][0]["stacktrace"]["frames"].as_array_mut().unwrap();
    frames.push(json!({"function": helper, "module": "app.retry", "filename": "retry.py", "in_app": true}));
    event
}

#[tokio::test]
async fn rules_are_set_checked_and_followed() {
    let server = Server::start();
    let shown = server.get(PROJECT).await.ok();
    assert_eq!(
        (shown["fingerprintingRules"].as_str(), shown["groupingAutoUpdate"].as_bool()),
        (Some(""), Some(true))
    );
    let newest = shown["groupingConfig"].as_str().unwrap().to_owned();
    let configs = server.get(&format!("{PROJECT}grouping-configs/")).await.ok();
    assert_eq!(
        (configs[0]["id"].as_str(), configs[0]["latest"].as_bool()),
        (Some(newest.as_str()), Some(true))
    );
    let of_org = server.get("/api/0/organizations/default/grouping-configs/").await.ok();
    assert_eq!(of_org, configs);

    for (body, wanted) in [
        (
            json!({"fingerprintingRules": "type:A -> a\ntype:B"}),
            "fingerprintingRules: line 2, column 7: expected ->",
        ),
        (json!({"groupingEnhancements": "function:a -grup"}), "groupingEnhancements: line 1, column 12"),
        (json!({"groupingConfig": "none"}), "groupingConfig: \"none\" is not known"),
    ] {
        let answer = server.put(PROJECT, body).await;
        assert_eq!(answer.status, 400);
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.starts_with(wanted), "{detail}");
    }
    let one = send(&server, 1, &through("attempt_1")).await;
    assert_ne!(send(&server, 2, &through("attempt_2")).await, one);
    let rules = json!({
        "fingerprintingRules": "error.type:Timeout -> slow title=\"Slow: {{ transaction }}\"",
        "groupingEnhancements": "stack.module:app.retry -group -app",
    });
    let shown = server.put(PROJECT, rules.clone()).await.ok();
    assert_eq!(shown["fingerprintingRules"], rules["fingerprintingRules"]);
    assert_eq!(shown["secondaryGroupingConfig"].as_str(), Some(newest.as_str()));
    assert_eq!(server.get(PROJECT).await.ok()["groupingEnhancements"], rules["groupingEnhancements"]);

    let made = |rules: &str| json!({"name": "web", "slug": "web", "fingerprintingRules": rules});
    let projects = "/api/0/organizations/default/projects/";
    assert_eq!(server.post_json(projects, made("type:A")).await.status, 400);
    assert_eq!(server.post_json(projects, made("type:A -> a")).await.status, 201);
    let web = server.get("/api/0/projects/default/web/").await.ok();
    assert_eq!(
        (web["fingerprintingRules"].as_str(), web["secondaryGroupingConfig"].is_null()),
        (Some("type:A -> a"), true)
    );

    // By the old rules it is the first issue's; the new hash leads there, too, from now on.
    assert_eq!(send(&server, 3, &through("attempt_1")).await, one);
    assert_eq!(send(&server, 4, &through("attempt_3")).await, one);
    let event = server.get(&format!("{PROJECT}events/{:032x}/json/", 4)).await.ok();
    let frame = &event["exception"]["values"][0]["stacktrace"]["frames"][2];
    assert_eq!(
        (frame["in_app"].as_bool(), frame["data"]["in_app_before_rules"].as_bool()),
        (Some(false), Some(true))
    );
    assert_eq!(event["culprit"], "app in charge", "the frame to blame is the application's");
    let mut slow = error("Timeout", "f");
    slow["transaction"] = json!("/pay");
    let slow_issue = send(&server, 5, &slow).await;
    assert_eq!(server.get(&format!("{ISSUES}{slow_issue}/")).await.ok()["title"], "Slow: /pay");
    // When the transition is over, what only the old rules knew makes an issue of its own.
    server.clock.advance(Duration::from_secs(91 * 24 * 3_600));
    assert_eq!(send(&server, 6, &through("attempt_9")).await, one);
    assert_eq!(server.get(PROJECT).await.ok()["secondaryGroupingConfig"], Value::Null);
}

#[tokio::test]
async fn events_say_why_they_are_grouped() {
    let server = Server::start();
    let issue = send(&server, 1, &through("attempt")).await;
    let path = format!("{PROJECT}events/{:032x}/grouping-info/", 1);
    let info = server.get(&path).await.ok();
    assert_eq!((info["stored"].as_bool(), info["groupID"].as_str()), (Some(true), Some(issue.as_str())));
    assert_eq!((info["basis"].as_str(), info["now"]["changed"].as_bool()), (Some("stacktrace"), Some(false)));
    let app = &info["variants"]["app"];
    assert_eq!((app["type"].as_str(), app["contributes"].as_bool()), (Some("component"), Some(true)));
    let hashes = server.get(&format!("{ISSUES}{issue}/hashes/")).await.ok();
    assert_eq!(hashes[0]["hash"], app["hash"]);
    assert_eq!(hashes[0]["latestEvent"]["eventID"], format!("{:032x}", 1));
    assert_eq!(hashes[0]["basis"], "stacktrace");
    let exception = &app["component"];
    assert_eq!(exception["id"], "exception");
    let value = exception["values"].as_array().unwrap().iter().find(|part| part["id"] == "value").unwrap();
    assert_eq!(
        (value["contributes"].as_bool(), value["hint"].as_str()),
        (Some(false), Some("the frames are more exact"))
    );
    // The reasons stay what they were; beside them is what would be said today.
    server.put(PROJECT, json!({"groupingEnhancements": "stack.module:app.retry -group"})).await.ok();
    let info = server.get(&path).await.ok();
    assert_eq!(
        (&info["variants"]["app"]["hash"], info["now"]["changed"].as_bool()),
        (&app["hash"], Some(true))
    );
    assert_eq!(server.get(&format!("{PROJECT}events/{:032x}/grouping-info/", 9)).await.status, 404);
    let by_rule = json!({"fingerprintingRules": "type:PaymentError -> pay, {{ level }}"});
    server.put(PROJECT, by_rule).await.ok();
    send(&server, 2, &through("attempt")).await;
    let info = server.get(&format!("{PROJECT}events/{:032x}/grouping-info/", 2)).await.ok();
    assert_eq!(info["variants"]["custom"]["type"], "custom_fingerprint");
    assert_eq!(info["variants"]["custom"]["values"], json!(["pay", "error"]));
    assert_eq!(info["matchedRule"]["text"], "type:PaymentError -> pay, {{ level }}");
}

#[tokio::test]
async fn rules_are_tried_out_without_a_trace() {
    let server = Server::start();
    for (id, helper) in [(1, "attempt_1"), (2, "attempt_2"), (3, "attempt_3")] {
        send(&server, id, &through(helper)).await;
    }
    let path = format!("{PROJECT}grouping/dry-run/");
    let enhancements = "stack.module:app.retry -group";
    let tried = server.post_json(&path, json!({"groupingEnhancements": enhancements})).await.ok();
    assert_eq!((tried["event"].is_null(), tried["issues"]["examined"].as_i64()), (true, Some(3)));
    let merged = tried["issues"]["merged"].as_array().unwrap();
    assert_eq!((merged.len(), merged[0].as_array().unwrap().len()), (1, 3));

    let body = json!({"eventId": format!("{:032x}", 1), "fingerprintingRules": "error.type:Pay* -> pay title=\"Pay\""});
    let tried = server.post_json(&path, body).await.ok();
    let event = &tried["event"];
    assert_eq!((event["changed"].as_bool(), event["title"].as_str()), (Some(true), Some("Pay")));
    assert_eq!((event["matchedRule"]["line"].as_i64(), event["issueAfter"].is_null()), (Some(1), true));
    assert_eq!(event["issueBefore"], "1");
    assert_ne!(event["before"]["hashes"], event["after"]["hashes"]);
    let body =
        json!({"event": through("attempt_2"), "groupingEnhancements": "function:charge +app", "issues": 2});
    let tried = server.post_json(&path, body).await.ok();
    assert_eq!(
        (tried["event"]["changed"].as_bool(), tried["event"]["issueAfter"].as_str()),
        (Some(false), Some("2"))
    );
    assert_eq!(tried["issues"]["examined"], 2);

    for (body, status) in [
        (json!({"fingerprintingRules": "x"}), 400),
        (json!({"eventId": "x"}), 400),
        (json!({"eventId": format!("{:032x}", 99)}), 404),
        (json!({"event": 5}), 400),
    ] {
        assert_eq!(server.post_json(&path, body.clone()).await.status, status, "{body}");
    }
    let shown = server.get(PROJECT).await.ok();
    assert_eq!(
        (shown["groupingEnhancements"].as_str(), shown["secondaryGroupingConfig"].is_null()),
        (Some(""), true)
    );
    let reader = server.post_json("/api/0/api-tokens/", json!({"scopes": ["project:read"]})).await.json();
    let reader = reader["token"].as_str().unwrap();
    assert_eq!(server.api(Method::POST, &path, reader, json!({})).await.status, 403);
}

#[tokio::test]
async fn issues_that_were_merged_come_apart_with_their_events() {
    let server = Server::start();
    let mut ids = Vec::new();
    for (id, kind, user) in [(1, "A", 1), (2, "A", 2), (3, "B", 2), (4, "B", 3)] {
        let mut event = error(kind, kind);
        event["user"] = json!({ "id": user });
        event["tags"] = json!({ "kind": kind });
        ids.push(send(&server, id, &event).await);
    }
    let (one, two) = (&ids[0], &ids[2]);
    server.put(&format!("{ISSUES}?id={one}&id={two}"), json!({ "merge": true })).await.ok();
    let hashes = server.get(&format!("{ISSUES}{one}/hashes/")).await.ok();
    let is_second = |row: &&Value| row["latestEvent"]["title"] == "B: it broke";
    let last = hashes.as_array().unwrap().iter().find(is_second).unwrap();
    let path = format!("{ISSUES}{one}/hashes/?id={}", last["id"].as_str().unwrap());
    let answer = server.api(Method::PUT, &path, &server.first.token, Value::Null).await;
    assert_eq!(answer.status, 202);
    let apart = answer.json()["destination"].as_str().unwrap().to_owned();
    for (issue, title, count) in [(one, "A: it broke", "2"), (&apart, "B: it broke", "2")] {
        let shown = server.get(&format!("{ISSUES}{issue}/")).await.ok();
        assert_eq!((shown["title"].as_str(), shown["count"].as_str()), (Some(title), Some(count)));
        assert_eq!(shown["userCount"], 2, "{title}");
        let events = server.get(&format!("{ISSUES}{issue}/events/")).await.ok();
        assert_eq!(events.as_array().unwrap().len(), 2);
        let tag = server.get(&format!("{ISSUES}{issue}/tags/kind/")).await.ok();
        assert_eq!((tag["totalValues"].as_i64(), tag["uniqueValues"].as_i64()), (Some(2), Some(1)));
    }
    assert_eq!(send(&server, 5, &error("B", "B")).await, apart);
    assert_eq!(server.delete(&format!("{ISSUES}{one}/hashes/?id=odd")).await.status, 400);
    assert_eq!(server.delete(&format!("{ISSUES}{one}/hashes/")).await.status, 400);
}

#[tokio::test]
async fn issues_that_are_alike_are_suggested() {
    let server = Server::start();
    let deep = |last: &str| {
        let names = ["main", "serve", "route", "view", "cart", "checkout", "pay", "charge", last];
        let frames: Vec<Value> =
            names.iter().map(|name| json!({"function": name, "module": "app", "in_app": true})).collect();
        json!({"platform": "python", "exception": {"values": [{"type": "A", "value": "v", "stacktrace": {"frames": frames}}]}})
    };
    let one = send(&server, 1, &deep("send")).await;
    let two = send(&server, 2, &deep("send_again")).await;
    send(&server, 3, &error("B", "elsewhere")).await;
    let found = server.get(&format!("{ISSUES}{one}/similar/")).await.ok();
    assert_eq!(found.as_array().unwrap().len(), 1, "{found}");
    assert_eq!(found[0][0]["id"].as_str(), Some(two.as_str()));
    assert!(found[0][1]["contribution"].as_f64().unwrap() >= 0.4);
}

#[tokio::test]
async fn a_resolution_names_the_releases_that_have_it() {
    let server = Server::start();
    let of = |release: &str| {
        let mut event = error("A", "f");
        event["release"] = json!(release);
        event
    };
    let issue = send(&server, 1, &of("shop@1.0.0")).await;
    let path = format!("{ISSUES}{issue}/");
    for wrong in [json!({"inRelease": 5}), json!({"inCommit": {}}), json!({"inNextRelease": "yes"})] {
        let body = json!({"status": "resolved", "statusDetails": wrong});
        assert_eq!(server.put(&path, body).await.status, 400);
    }
    let next = server.put(&path, json!({"status": "resolvedInNextRelease"})).await.ok();
    assert_eq!(
        (next["status"].as_str(), next["statusDetails"]["inNextRelease"].as_bool()),
        (Some("resolved"), Some(true))
    );
    send(&server, 2, &of("shop@1.0.0")).await;
    assert_eq!(server.get(&path).await.ok()["status"], "resolved", "it was not fixed in this one");
    send(&server, 3, &of("shop@1.0.1")).await;
    let back = server.get(&path).await.ok();
    assert_eq!(
        (back["status"].as_str(), back["substatus"].as_str()),
        (Some("unresolved"), Some("regressed"))
    );
    let activity = &back["activity"][0];
    assert_eq!(
        (activity["type"].as_str(), activity["data"]["version"].as_str()),
        (Some("set_regression"), Some("shop@1.0.1"))
    );
    let body = json!({"status": "resolved", "statusDetails": {"inRelease": "latest"}});
    assert_eq!(server.put(&path, body).await.ok()["statusDetails"]["inRelease"], "shop@1.0.1");
    send(&server, 4, &of("shop@1.0.0")).await;
    assert_eq!(server.get(&path).await.ok()["status"], "resolved");
}

#[tokio::test]
async fn commits_that_touched_the_stack_are_suspects() {
    let server = Server::start();
    let commit = |id: &str, email: &str, path: &str| {
        json!({"id": id, "author_name": id, "author_email": email, "message": "m", "repository": "shop",
               "timestamp": "2026-11-20T10:00:00Z", "patch_set": [{"path": path, "type": "M"}, {"path": "README.md", "type": "M"}]})
    };
    let release = json!({"version": "shop@2", "projects": ["shop"], "commits": [
        commit("aaa", "admin", "src/shop/payment.py"), commit("bbb", "zoe@example.com", "src/shop/cart.py"),
        commit("ccc", "zoe@example.com", "docs/payment.py")]});
    assert_eq!(server.post_json("/api/0/organizations/default/releases/", release).await.status, 201);
    let frames = json!([
        {"function": "checkout", "module": "shop.cart", "filename": "shop/cart.py", "in_app": true},
        {"function": "charge", "module": "shop.payment", "filename": "shop/payment.py", "in_app": true},
        {"function": "get", "module": "requests", "filename": "README.md", "in_app": false}]);
    let event = json!({"platform": "python", "release": "shop@2",
        "exception": {"values": [{"type": "A", "value": "v", "stacktrace": {"frames": frames}}]}});
    let issue = send(&server, 1, &event).await;
    let found = server.get(&format!("{PROJECT}events/{:032x}/committers/", 1)).await.ok();
    let all = found["committers"].as_array().unwrap();
    let commits =
        |n: usize| all[n]["commits"].as_array().unwrap().iter().map(|c| c["id"].clone()).collect::<Vec<_>>();
    assert_eq!((all.len(), commits(0), commits(1)), (2, vec![json!("aaa")], vec![json!("bbb")]), "{found}");
    assert_eq!(
        (all[0]["commits"][0]["score"].as_i64(), all[1]["author"]["email"].as_str()),
        (Some(2), Some("zoe@example.com"))
    );
    let owners = server.get(&format!("{ISSUES}{issue}/")).await.ok()["owners"].clone();
    assert_eq!((owners[0]["type"].as_str(), owners.as_array().unwrap().len()), (Some("suspectCommit"), 1));
    let owner = owners[0]["owner"].as_str().unwrap();
    let assigned = server.put(&format!("{ISSUES}{issue}/"), json!({"assignedTo": owner})).await.ok();
    assert_eq!(assigned["assignedTo"]["name"], "admin");
}

#[tokio::test]
async fn what_is_turned_away_is_listed_and_let_in_again() {
    let server = Server::start();
    let issue = send(&server, 1, &error("A", "f")).await;
    assert_eq!(server.put(&format!("{ISSUES}{issue}/"), json!({"discard": true})).await.status, 204);
    let all = server.get(&format!("{PROJECT}tombstones/")).await.ok();
    assert_eq!((all.as_array().unwrap().len(), all[0]["title"].as_str()), (1, Some("A: it broke")));
    let path = format!("{PROJECT}tombstones/{}/", all[0]["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).await.status, 204);
    assert_eq!(server.delete(&path).await.status, 404);
    send(&server, 2, &error("A", "f")).await;
}
