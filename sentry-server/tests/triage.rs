//! What people do with issues: change, assign, mark, merge, discard, search.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};
use support::{Server, counted, error, event_envelope};

const ISSUES: &str = "/api/0/organizations/default/issues/";

/// Three issues: `A` with two events of two users, `B` with one, `C` a warning.
async fn server() -> Server {
    let server = Server::start();
    for (id, kind, user) in [(1, "A", 1), (2, "A", 2), (3, "B", 1)] {
        let mut event = error(kind, kind);
        event["user"] = json!({ "id": user });
        event["tags"] = json!({ "browser": format!("Firefox {user}"), "Some.Key": "x" });
        event["release"] = json!(format!("shop@{user}"));
        event["environment"] = json!(if kind == "A" { "prod" } else { "test" });
        server.envelope(event_envelope(id, &event)).await.ok();
        server.settle().await;
        server.clock.advance(Duration::from_secs(3_600));
    }
    let mut warning = error("C", "C");
    warning["level"] = json!("warning");
    server.envelope(event_envelope(4, &warning)).await.ok();
    server.settle().await;
    server
}

async fn titles(server: &Server, query: &str) -> Vec<String> {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    let rows = server.get(&format!("{ISSUES}?query={query}&sort=new")).await.ok();
    let name = |row: &Value| row["title"].as_str().unwrap().split(':').next().unwrap().to_owned();
    let mut all: Vec<String> = rows.as_array().unwrap().iter().map(name).collect();
    all.sort();
    all
}

#[tokio::test]
async fn the_search_language_finds_what_it_says() {
    let server = server().await;
    server.put(&format!("{ISSUES}2/"), json!({ "status": "resolved" })).await.ok();
    server.put(&format!("{ISSUES}1/"), json!({ "assignedTo": "admin", "priority": "low" })).await.ok();
    let table: &[(&str, &[&str])] = &[
        ("", &["A", "B", "C"]),
        ("is:unresolved", &["A", "C"]),
        ("!is:unresolved", &["B"]),
        ("is:resolved OR level:warning", &["B", "C"]),
        ("level:error (title:B* OR times_seen:>1)", &["A", "B"]),
        ("!level:warning", &["A", "B"]),
        ("level:[warning, fatal]", &["C"]),
        ("times_seen:2", &["A"]),
        ("times_seen:1..1", &["B", "C"]),
        ("users_seen:>=1", &["A", "B"]),
        ("has:browser", &["A", "B"]),
        ("!has:browser", &["C"]),
        ("browser:\"Firefox 2\"", &["A"]),
        ("browser:Firefox*", &["A", "B"]),
        ("tags[Some.Key]:x", &["A", "B"]),
        ("is:assigned", &["A"]),
        ("assigned:me", &["A"]),
        ("assigned:none", &["B", "C"]),
        ("priority:low", &["A"]),
        ("priority:high", &["B"]),
        ("firstRelease:shop@1", &["A", "B"]),
        ("lastRelease:shop@2", &["A"]),
        ("release:shop@2", &["A"]),
        ("environment:test", &["B"]),
        ("age:-90m", &["B", "C"]),
        ("lastSeen:+90m", &["A"]),
        ("first_seen:>=2026-11-22", &["A", "B", "C"]),
        ("first_seen:<2026-11-22", &[]),
        ("project:shop it broke", &["A", "B", "C"]),
        ("error.type:B", &["B"]),
        ("is:new", &["A", "C"]),
        ("issue.id:3", &["C"]),
        ("100%", &[]),
    ];
    for (query, wanted) in table {
        assert_eq!(titles(&server, query).await, *wanted, "{query}");
    }
    for (query, column) in [
        ("level:error is:odd", 13),
        ("times_seen:many", 1),
        ("a (b", 3),
        ("title:>5", 1),
        ("age:soon", 1),
        ("project:none", 1),
        ("x:\"", 3),
    ] {
        let path: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let answer = server.get(&format!("{ISSUES}?query={path}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(&format!("column {column}:")), "{query}: {detail}");
    }
}

#[tokio::test]
async fn issues_are_assigned_marked_and_put_to_sleep() {
    let server = server().await;
    let one = format!("{ISSUES}1/");
    let issue =
        server.put(&one, json!({ "assignedTo": "admin", "isBookmarked": true, "hasSeen": true })).await.ok();
    assert_eq!(
        (issue["assignedTo"]["type"].as_str(), issue["assignedTo"]["name"].as_str()),
        (Some("user"), Some("admin"))
    );
    assert_eq!((issue["isBookmarked"].as_bool(), issue["hasSeen"].as_bool()), (Some(true), Some(true)));
    assert_eq!(titles(&server, "is:bookmarked").await, ["A"]);
    server.post_json("/api/0/organizations/default/teams/", json!({ "slug": "web" })).await;
    assert_eq!(server.put(&one, json!({ "assignedTo": "#web" })).await.ok()["assignedTo"]["name"], "web");
    assert_eq!(titles(&server, "assigned:#web").await, ["A"]);
    assert_eq!(server.put(&one, json!({ "assignedTo": "" })).await.ok()["assignedTo"], Value::Null);
    for wrong in [
        json!({}),
        json!({ "status": "odd" }),
        json!({ "assignedTo": "nobody" }),
        json!({ "priority": "odd" }),
        json!({ "isBookmarked": 1 }),
        json!({ "status": "ignored", "statusDetails": { "ignoreWindow": 5 } }),
        json!({ "status": "resolved", "statusDetails": { "ignoreDuration": 5 } }),
        json!([]),
    ] {
        assert_eq!(server.put(&one, wrong.clone()).await.status, 400, "{wrong}");
    }
    // Asleep for half an hour, and until two more events.
    let details = json!({ "status": "ignored", "statusDetails": { "ignoreDuration": 30 } });
    assert_eq!(server.put(&one, details).await.ok()["substatus"], "archived_until_condition_met");
    let details = json!({ "status": "ignored", "statusDetails": { "ignoreCount": 2 } });
    server.put(&format!("{ISSUES}2/"), details).await.ok();
    assert_eq!(titles(&server, "is:ignored").await, ["A", "B"]);
    server.clock.advance(Duration::from_secs(31 * 60));
    assert_eq!(titles(&server, "is:ignored").await, ["B"]);
    for id in 10..12 {
        server.envelope(event_envelope(id, &error("B", "B"))).await.ok();
    }
    server.settle().await;
    assert_eq!(titles(&server, "is:ignored").await, [""; 0]);
    // A resolution keeps its details until the issue comes back.
    let details = json!({ "status": "resolved", "statusDetails": { "inRelease": "shop@9" } });
    assert_eq!(server.put(&one, details).await.ok()["statusDetails"]["inRelease"], "shop@9");
    let note = server.post_json(&format!("{one}notes/"), json!({ "text": "mine" })).await;
    assert_eq!(note.status, 201);
    let kinds = server.get(&one).await.ok()["activity"].clone();
    let kinds: Vec<&str> =
        kinds.as_array().unwrap().iter().map(|row| row["type"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["note", "set_resolved", "set_ignored", "unassigned", "assigned", "assigned"]);
    let id = note.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.delete(&format!("{one}notes/{id}/")).await.status, 204);
    assert_eq!(server.get(&format!("{one}notes/")).await.ok(), json!([]));
}

#[tokio::test]
async fn many_are_changed_by_id_by_search_or_all_at_once() {
    let server = server().await;
    let project = "/api/0/projects/default/shop/issues/";
    let resolve = json!({ "status": "resolved" });
    server.put(&format!("{project}?id=1&id=2"), resolve.clone()).await.ok();
    assert_eq!(titles(&server, "is:resolved").await, ["A", "B"]);
    server.put(&format!("{ISSUES}?query=level:warning"), json!({ "status": "ignored" })).await.ok();
    assert_eq!(titles(&server, "is:ignored").await, ["C"]);
    server.put(&format!("{project}?status=resolved"), json!({ "status": "unresolved" })).await.ok();
    assert_eq!(titles(&server, "is:unresolved").await, ["A", "B"]);
    assert_eq!(server.put(&format!("{project}?id=99"), resolve.clone()).await.status, 204);
    server.put(project, resolve).await.ok();
    assert_eq!(titles(&server, "is:resolved").await, ["A", "B", "C"]);
    assert_eq!(server.delete(ISSUES).await.status, 400, "not everything by accident");
    assert_eq!(server.delete(&format!("{ISSUES}?id=3")).await.status, 204);
    assert_eq!(titles(&server, "").await, ["A", "B"]);
    server.envelope(event_envelope(50, &error("New", "new"))).await.ok();
    server.settle().await;
    assert_eq!(titles(&server, "issue.id:3").await, [""; 0], "its number is not given out again");
    assert_eq!(titles(&server, "issue.id:4").await, ["New"]);
}

#[tokio::test]
async fn merged_issues_are_one_until_a_hash_is_detached() {
    let server = server().await;
    let merged = server.put(&format!("{ISSUES}?id=1&id=2"), json!({ "merge": true })).await.ok();
    assert_eq!(merged["merge"], json!({ "parent": "1", "children": ["2"] }));
    let issue = server.get(&format!("{ISSUES}1/")).await.ok();
    assert_eq!((issue["count"].as_str(), issue["userCount"].as_i64()), (Some("3"), Some(2)));
    assert_eq!(server.get(&format!("{ISSUES}2/")).await.status, 404);
    let events = server.get(&format!("{ISSUES}1/events/")).await.ok();
    assert_eq!(events.as_array().unwrap().len(), 3);
    let tags = server.get(&format!("{ISSUES}1/tags/browser/")).await.ok();
    assert_eq!((tags["totalValues"].as_i64(), tags["uniqueValues"].as_i64()), (Some(3), Some(2)));
    // An event like those of the second counts for the first.
    server.envelope(event_envelope(20, &error("B", "B"))).await.ok();
    server.settle().await;
    assert_eq!(server.get(&format!("{ISSUES}1/")).await.ok()["count"], "4");
    assert_eq!(server.put(&format!("{ISSUES}?id=1"), json!({ "merge": true })).await.status, 400);
    assert_eq!(server.put(&format!("{ISSUES}?id=1&id=99"), json!({ "merge": true })).await.status, 400);

    let hashes = server.get(&format!("{ISSUES}1/hashes/")).await.ok();
    let all: Vec<String> =
        hashes.as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert!(all.len() >= 2, "{all:?}");
    let query = all.iter().map(|hash| format!("id={hash}")).collect::<Vec<_>>().join("&");
    assert_eq!(server.delete(&format!("{ISSUES}1/hashes/?{query}")).await.status, 409, "one stays");
    for hash in &all[1..] {
        assert_eq!(server.delete(&format!("{ISSUES}1/hashes/?id={hash}")).await.status, 202);
    }
    for (id, kind) in [(30, "A"), (31, "B")] {
        server.envelope(event_envelope(id, &error(kind, kind))).await.ok();
    }
    server.settle().await;
    let counts = server.get(&format!("{ISSUES}?query=")).await.ok();
    assert_eq!(counts.as_array().unwrap().len(), 3, "one of them made an issue of its own");
}

#[tokio::test]
async fn what_is_discarded_is_turned_away_and_counted() {
    let server = server().await;
    let limited = server.post_json("/api/0/api-tokens/", json!({ "scopes": ["event:write"] })).await.json();
    let limited = limited["token"].as_str().unwrap();
    let discard = json!({ "discard": true });
    let refused = server.api(Method::PUT, &format!("{ISSUES}1/"), limited, discard.clone()).await;
    assert_eq!(refused.status, 403);
    assert_eq!(server.put(&format!("{ISSUES}1/"), discard).await.status, 204);
    assert_eq!(titles(&server, "").await, ["B", "C"]);
    server.envelope(event_envelope(40, &error("A", "A"))).await.ok();
    server.settle().await;
    assert_eq!(titles(&server, "").await, ["B", "C"]);
    let outcomes = server.get("/api/0/organizations/default/outcomes/").await.ok();
    assert_eq!(counted(&outcomes, "filtered", "discarded-hash"), 1);
}

/// Counts of what a day's file holds: events, items.
fn rows(server: &Server) -> (i64, i64) {
    let day = server.day_file();
    let count = |table: &str| {
        day.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    (count("events"), count("items"))
}

/// Whether a text stands in a day's file or in the log beside it.
fn day_has(server: &Server, text: &str) -> bool {
    ["", "-wal"].iter().any(|end| {
        let path = server.config.data.join(format!("events-2026-11-22.db{end}"));
        memchr::memmem::find(&std::fs::read(path).unwrap_or_default(), text.as_bytes()).is_some()
    })
}

#[tokio::test]
async fn what_is_deleted_answers_nowhere() {
    for discard in [false, true] {
        let server = Server::start();
        let note = "the note of an attachment, 0f8c6e11";
        let with_note = |id: u128, kind: &str| {
            let envelope = event_envelope(id, &error(kind, kind));
            let header = json!({ "type": "attachment", "filename": "a.txt", "length": note.len() });
            format!("{envelope}{header}\n{note}\n")
        };
        server.envelope(with_note(1, "A")).await.ok();
        server.envelope(event_envelope(2, &error("B", "B"))).await.ok();
        // A file that comes later.
        let later = format!("/api/42/events/{:032x}/attachments/", 1);
        let key = support::auth();
        let sent = server.post(&later, &[("x-sentry-auth", &key)], note).await;
        assert_eq!(sent.status, 201);
        server.settle().await;
        assert_eq!((rows(&server), day_has(&server, note)), ((2, 2), true));
        let project = "/api/0/projects/default/shop";
        let listed = server.get(&format!("{project}/events/{:032x}/attachments/", 1)).await.ok();
        let file = listed[0]["id"].as_str().unwrap().to_owned();
        let paths = [
            format!("{project}/events/{:032x}/", 1),
            format!("{project}/events/{:032x}/json/", 1),
            format!("{project}/events/{:032x}/attachments/{file}/?download=1", 1),
            format!("/api/0/organizations/default/eventids/{:032x}/", 1),
            format!("{ISSUES}1/"),
            format!("{ISSUES}1/events/"),
        ];
        for path in &paths {
            assert_eq!(server.get(path).await.status, 200, "{path}");
        }
        let gone = match discard {
            true => server.put(&format!("{ISSUES}1/"), json!({ "discard": true })).await,
            false => server.delete(&format!("{ISSUES}1/")).await,
        };
        assert!([202, 204].contains(&gone.status.as_u16()), "{gone:?}", gone = gone.status);
        for path in &paths {
            assert_eq!(server.get(path).await.status, 404, "{path}");
        }
        let all = server.get(&format!("{project}/events/")).await.ok();
        assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
        let found = server.get("/api/0/organizations/default/events/?dataset=errors&field=title").await.ok();
        assert_eq!(
            (found["data"].as_array().unwrap().len(), &found["data"][0]["title"]),
            (1, &json!("B: it broke"))
        );
        assert_eq!((rows(&server), day_has(&server, note)), ((1, 0), false), "bodies are overwritten");
        // A client that did not hear the answer sends again: that is no new event.
        server.envelope(with_note(1, "A")).await.ok();
        server.settle().await;
        assert_eq!(rows(&server), (1, 0));
        assert_eq!(watchpost_server::check(&server.config.data).unwrap().problems, [""; 0]);
    }
}

#[tokio::test]
async fn a_project_that_is_deleted_takes_everything_along() {
    let server = Server::start();
    server.post_json("/api/0/organizations/default/projects/", json!({ "name": "other" })).await;
    let span = json!({ "items": [{ "name": "q", "trace_id": "a".repeat(32), "span_id": "b".repeat(16),
        "start_timestamp": 1, "end_timestamp": 2 }] })
    .to_string();
    let span =
        format!("{{\"event_id\":\"{:032x}\"}}\n{{\"type\":\"span\",\"length\":{}}}\n{span}\n", 9, span.len());
    server.envelope(event_envelope(1, &error("A", "A"))).await.ok();
    server.envelope(span).await.ok();
    server.settle().await;
    assert_eq!(rows(&server), (1, 1));
    // What is accepted and not yet stored goes nowhere.
    for id in 2..40 {
        server.envelope(event_envelope(id, &error("A", "A"))).await.ok();
    }
    assert_eq!(server.delete("/api/0/projects/default/shop/").await.status, 204);
    server.settle().await;
    server.app.tidy().unwrap();
    assert_eq!(rows(&server), (0, 0));
    let spans: i64 = server.day_file().query_row("SELECT count(*) FROM spans", [], |row| row.get(0)).unwrap();
    assert_eq!(spans, 0);
    assert_eq!(watchpost_server::check(&server.config.data).unwrap().problems, [""; 0]);
}

#[tokio::test]
async fn an_issue_says_who_looked_and_who_wrote() {
    let server = server().await;
    let one = format!("{ISSUES}1/");
    for text in ["first", "second"] {
        assert_eq!(server.post_json(&format!("{one}notes/"), json!({ "text": text })).await.status, 201);
    }
    for change in [
        json!({ "hasSeen": true }),
        json!({ "isSubscribed": true }),
        json!({ "isPublic": false }),
        json!({ "inbox": false }),
        json!({ "status": "ignored", "statusDetails": { "ignoreCount": 5, "ignoreWindow": 60 } }),
        json!({ "status": "ignored", "statusDetails": { "ignoreUserCount": 5, "ignoreUserWindow": 60 } }),
    ] {
        let answer = server.put(&one, change.clone()).await;
        assert_eq!(answer.status, 200, "{change}: {:?}", answer.body);
        for (name, wanted) in change["statusDetails"].as_object().into_iter().flatten() {
            assert_eq!(&answer.json()["statusDetails"][name], wanted);
        }
    }
    assert_eq!(server.put(&one, json!({ "isPublic": "yes" })).await.status, 400);
    let report = json!({ "event_id": format!("{:032x}", 1), "name": "Zoe", "email": "zoe@example.com", "comments": "it broke" })
        .to_string();
    let about = format!("{{}}\n{{\"type\":\"user_report\",\"length\":{}}}\n{report}\n", report.len());
    server.envelope(about).await.ok();
    server.settle().await;
    let issue = server.get(&one).await.ok();
    assert_eq!((&issue["numComments"], &issue["userReportCount"]), (&json!(2), &json!(1)), "{issue}");
    assert_eq!((&issue["isSubscribed"], &issue["hasSeen"]), (&json!(true), &json!(true)));
    assert_eq!(
        (&issue["seenBy"][0]["username"], &issue["participants"][0]["username"]),
        (&json!("admin"), &json!("admin"))
    );
    assert!(issue["seenBy"][0]["lastSeen"].is_string());
    let reports = server.get(&format!("{one}user-reports/")).await.ok();
    assert_eq!((&reports[0]["comments"], &reports[0]["issue"]["id"]), (&json!("it broke"), &json!("1")));
    assert_eq!(server.get(&format!("{ISSUES}2/user-reports/")).await.ok(), json!([]));
    for path in
        [format!("{one}events/{:032x}/", 1), format!("/api/0/projects/default/shop/events/{:032x}/", 1)]
    {
        assert_eq!(server.get(&path).await.ok()["userReport"]["email"], "zoe@example.com", "{path}");
    }
    assert_eq!(server.get(&format!("{one}events/{:032x}/", 2)).await.ok()["userReport"], Value::Null);
    let commit = |n: u32, author: &str| json!({ "id": format!("{n:040x}"), "author_name": author, "author_email": "a@example.com" });
    let release =
        json!({ "version": "shop@9", "projects": ["shop"], "commits": [commit(1, "Ann"), commit(2, "Ann")] });
    assert_eq!(server.post_json("/api/0/organizations/default/releases/", release).await.status, 201);
    let at = "/api/0/organizations/default/releases/shop@9/";
    assert_eq!((server.get(at).await.ok()["lastDeploy"].clone()), Value::Null);
    for environment in ["test", "prod"] {
        let deploy = json!({ "environment": environment });
        assert_eq!(server.post_json(&format!("{at}deploys/"), deploy).await.status, 201);
    }
    let release = server.get(at).await.ok();
    assert_eq!(release["lastDeploy"]["environment"], "prod");
    assert!(release["lastDeploy"]["dateFinished"].as_str().unwrap().starts_with("2026-11-22T"), "{release}");
    assert_eq!(release["authors"], json!([{ "name": "Ann", "email": "a@example.com" }]));
}

#[tokio::test]
async fn lists_are_narrowed_by_what_is_listed() {
    let server = server().await;
    let project = "/api/0/projects/default/shop";
    let names = |rows: &Value, name: &str| -> Vec<String> {
        rows.as_array().unwrap().iter().map(|row| row[name].as_str().unwrap().to_owned()).collect()
    };
    for path in [format!("{project}/environments/"), "/api/0/organizations/default/environments/".to_owned()]
    {
        assert_eq!(names(&server.get(&path).await.ok(), "name"), ["prod", "production", "test"], "{path}");
    }
    let tags = server.get(&format!("{project}/tags/")).await.ok();
    let browser = tags.as_array().unwrap().iter().find(|tag| tag["key"] == "browser").unwrap();
    assert_eq!((&browser["totalValues"], &browser["uniqueValues"]), (&json!(3), &json!(2)), "{tags}");
    let values = format!("{ISSUES}1/tags/browser/values/");
    let all = server.get(&values).await.ok();
    assert_eq!(names(&all, "value"), ["Firefox 1", "Firefox 2"]);
    assert_eq!((&all[0]["count"], all[0]["lastSeen"].is_string()), (&json!(1), true));
    assert_eq!(
        names(&server.get(&format!("{values}?per_page=1&cursor=0:1:0")).await.ok(), "value"),
        ["Firefox 2"]
    );
    assert_eq!(server.get(&format!("{ISSUES}1/tags/none/values/")).await.status, 404);
    let key = support::auth();
    for (event, name) in [(1, "a"), (2, "b"), (3, "c")] {
        let at = format!("/api/42/events/{event:032x}/attachments/");
        assert_eq!(server.post(&at, &[("x-sentry-auth", &key)], name).await.status, 201);
    }
    server.settle().await;
    let files = server.get(&format!("{ISSUES}1/attachments/")).await.ok();
    assert_eq!(names(&files, "event_id"), [format!("{:032x}", 2), format!("{:032x}", 1)], "of this issue");
    let live = server.call(Method::GET, "/api/0/relays/live/", &[], axum::body::Body::empty()).await;
    assert_eq!(live.ok()["is_healthy"], true);
    let offered = server.get("/api/0/organizations/default/chunk-upload/").await.ok();
    assert!(!offered["accept"].as_array().unwrap().contains(&json!("portablepdbs")), "{offered}");
}
