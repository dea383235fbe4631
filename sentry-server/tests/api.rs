//! What is counted, listed and changed through `/api/0/`.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use support::{Answer, NOW, Server, error, event_envelope};

const ISSUES: &str = "/api/0/organizations/default/issues/";

async fn send(server: &Server, id: u128, event: &Value) {
    server.envelope(event_envelope(id, event)).await.ok();
}

fn cursor(answer: &Answer, rel: &str) -> Option<String> {
    let link =
        answer.header("link").split(", <").find(|link| link.contains(&format!("rel=\"{rel}\""))).unwrap();
    let part =
        |name: &str| link.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned();
    (part("results") == "true").then(|| part("cursor"))
}

#[tokio::test]
async fn events_are_grouped_and_counted_exactly_once() {
    let server = Server::start();
    let mut event = error("ValueError", "charge");
    for n in 0..10_u32 {
        event["user"] = json!({ "id": n % 3 });
        event["tags"] = json!({ "browser": if n < 7 { "Firefox" } else { "Chrome" } });
        event["exception"]["values"][0]["value"] = json!(format!("order {n} broke"));
        send(&server, u128::from(n) + 1, &event).await;
    }
    send(&server, 100, &error("KeyError", "lookup")).await;
    // The same ids again, as a client that saw no answer would send them.
    for n in 0..10_u32 {
        send(&server, u128::from(n) + 1, &event).await;
    }
    server.settle().await;

    let issues = server.get(&format!("{ISSUES}?query=is:unresolved&sort=freq")).await.ok();
    assert_eq!(issues.as_array().unwrap().len(), 2);
    let issue = &issues[0];
    assert_eq!((issue["count"].as_str(), issue["userCount"].as_i64()), (Some("10"), Some(3)));
    assert_eq!(issue["title"], "ValueError: order 9 broke");
    assert_eq!(issue["shortId"], "SHOP-1");
    assert_eq!(issue["permalink"], "http://errors.test/organizations/default/issues/1/");
    assert_eq!(issue["level"], "error");
    let day: Vec<Value> = issue["stats"]["24h"].as_array().unwrap().clone();
    assert_eq!((day.len(), &day[23]), (24, &json!([NOW / 3_600_000_000 * 3_600, 10])));

    let tags = server.get(&format!("{ISSUES}SHOP-1/tags/")).await.ok();
    let browser = tags.as_array().unwrap().iter().find(|tag| tag["key"] == "browser").unwrap();
    assert_eq!((browser["totalValues"].as_i64(), browser["uniqueValues"].as_i64()), (Some(10), Some(2)));
    assert_eq!(browser["topValues"][0]["value"], "Firefox");
    assert_eq!(browser["topValues"][0]["count"], 7);

    let project = server.get("/api/0/projects/default/shop/").await.ok();
    assert!(project["firstEvent"].is_string());
}

#[tokio::test]
async fn an_event_reads_in_the_shape_that_clients_expect() {
    let server = Server::start();
    let mut event = error("ValueError", "charge");
    event["breadcrumbs"] = json!([{ "timestamp": 1_795_370_000, "message": "clicked", "category": "ui" }]);
    event["request"] = json!({ "url": "http://shop.test/pay", "method": "POST", "query_string": "a=b" });
    event["release"] = json!("shop@1");
    event["extra"] = json!({ "cart": 3 });
    for id in 1..=3 {
        send(&server, id, &event).await;
    }
    server.settle().await;
    let id = |n: u128| format!("{n:032x}");
    let middle = server.get(&format!("{ISSUES}1/events/{}/", id(2))).await.ok();
    assert_eq!(middle["previousEventID"], id(1));
    assert_eq!(middle["nextEventID"], id(3));
    assert_eq!(middle["release"]["version"], "shop@1");
    assert_eq!(middle["context"]["cart"], 3);
    let entry = |kind: &str| {
        let entries = middle["entries"].as_array().unwrap();
        entries.iter().find(|entry| entry["type"] == kind).unwrap_or_else(|| panic!("no {kind}"))["data"]
            .clone()
    };
    let frame = &entry("exception")["values"][0]["stacktrace"]["frames"][1];
    assert_eq!(frame["context"], json!([[5, "a"], [6, "b"], [7, "c"], [8, "d"]]));
    assert_eq!((frame["lineNo"].as_i64(), frame["inApp"].as_bool()), (Some(7), Some(true)));
    assert_eq!(frame["vars"]["x"], "1");
    assert_eq!(entry("breadcrumbs")["values"][0]["timestamp"], "2026-11-22T17:53:20Z");
    assert_eq!(entry("request")["method"], "POST");
    for (name, n) in [("latest", 3), ("recommended", 3), ("oldest", 1)] {
        let event = server.get(&format!("/api/0/issues/1/events/{name}/")).await.ok();
        assert_eq!(event["eventID"], id(n), "{name}");
    }
    let found = server.get(&format!("/api/0/organizations/default/eventids/{}/", id(2))).await.ok();
    assert_eq!((found["groupId"].as_str(), found["projectSlug"].as_str()), (Some("1"), Some("shop")));
    let raw = server.get(&format!("/api/0/projects/default/shop/events/{}/json/", id(2))).await.ok();
    assert_eq!(raw["event_id"], id(2));
    for missing in ["9", "zz"] {
        let answer = server.get(&format!("{ISSUES}1/events/{missing:0>32}/")).await;
        assert!(answer.status.is_client_error() && answer.json()["detail"].is_string());
    }
}

#[tokio::test]
async fn events_of_an_issue_cross_days() {
    let server = Server::start();
    for id in 1..=6 {
        send(&server, id, &error("A", "f")).await;
        server.clock.advance(Duration::from_secs(16 * 3_600));
    }
    server.settle().await;
    let files = std::fs::read_dir(&server.config.data).unwrap();
    let days =
        files.filter(|file| file.as_ref().unwrap().file_name().to_str().unwrap().ends_with("2.db")).count();
    assert!(days >= 1);
    let mut ids = Vec::new();
    let mut next = Some(String::new());
    while let Some(at) = next {
        let answer = server.get(&format!("{ISSUES}1/events/?per_page=2&cursor={at}")).await;
        ids.extend(
            answer.ok().as_array().unwrap().iter().map(|event| event["id"].as_str().unwrap().to_owned()),
        );
        next = cursor(&answer, "next");
    }
    let wanted: Vec<String> = (1..=6_u128).rev().map(|id| format!("{id:032x}")).collect();
    assert_eq!(ids, wanted);
    let mut at = wanted[0].clone();
    for earlier in &wanted[1..] {
        let event = server.get(&format!("{ISSUES}1/events/{at}/")).await.ok();
        assert_eq!(event["previousEventID"], earlier.as_str());
        at.clone_from(earlier);
    }
}

#[tokio::test]
async fn lists_page_both_ways_in_every_order() {
    let server = Server::start();
    for n in 0..7_u128 {
        for copy in 0..=(n % 3) {
            send(&server, n * 10 + copy + 1, &error(&format!("Error{n}"), &format!("f{n}"))).await;
            server.clock.advance(Duration::from_secs(60));
        }
    }
    server.settle().await;
    for sort in ["date", "new", "freq", "user"] {
        let whole = server.get(&format!("{ISSUES}?sort={sort}")).await.ok();
        let whole: Vec<&Value> = whole.as_array().unwrap().iter().map(|issue| &issue["id"]).collect();
        assert_eq!(whole.len(), 7);
        let (mut forward, mut pages, mut at) = (Vec::new(), 0, String::new());
        let last = loop {
            let answer = server.get(&format!("{ISSUES}?sort={sort}&limit=3&cursor={at}")).await;
            forward.extend(answer.ok().as_array().unwrap().iter().map(|issue| issue["id"].clone()));
            pages += 1;
            assert_eq!(cursor(&answer, "previous").is_some(), pages > 1);
            match cursor(&answer, "next") {
                Some(next) => at = next,
                None => break answer,
            }
        };
        assert_eq!((forward.iter().collect::<Vec<_>>(), pages), (whole.clone(), 3), "{sort}");
        let path = format!("{ISSUES}?sort={sort}&limit=3&cursor={}", cursor(&last, "previous").unwrap());
        let back = server.get(&path).await.ok();
        let back: Vec<&Value> = back.as_array().unwrap().iter().map(|issue| &issue["id"]).collect();
        assert_eq!(back, whole[3..6], "{sort}");
    }
    for wrong in ["cursor=x", "cursor=1:2:3", "limit=0", "sort=odd", "query=is:odd", "statsPeriod=1y"] {
        assert_eq!(server.get(&format!("{ISSUES}?{wrong}")).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn searches_narrow_the_list() {
    let server = Server::start();
    let mut first = error("ValueError", "charge");
    first["tags"] = json!({ "browser": "Mobile Safari" });
    send(&server, 1, &first).await;
    let mut second = error("KeyError", "lookup");
    second["level"] = json!("warning");
    send(&server, 2, &second).await;
    server.settle().await;
    for (query, titles) in [
        ("", 2),
        ("valueerror", 1),
        ("value%20it%20broke", 1),
        ("100%25", 0),
        ("level:warning", 1),
        ("browser:%22Mobile+Safari%22", 1),
        ("browser:Chrome", 0),
        ("is:resolved", 0),
        ("is:unresolved+KeyError", 1),
    ] {
        let found = server.get(&format!("{ISSUES}?query={query}")).await.ok();
        assert_eq!(found.as_array().unwrap().len(), titles, "{query}");
    }
    server.clock.advance(Duration::from_secs(48 * 3_600));
    assert_eq!(server.get(&format!("{ISSUES}?statsPeriod=24h")).await.ok(), json!([]));
    let other = server.get("/api/0/projects/default/shop/issues/?project=99").await.ok();
    assert_eq!(other.as_array().unwrap().len(), 2);
    assert_eq!(server.get(&format!("{ISSUES}?project=99")).await.status, 404);
}

#[tokio::test]
async fn hits_count_all_pages_and_no_query_asks_for_what_is_open() {
    let server = Server::start();
    for n in 1..=5 {
        send(&server, n, &error(&format!("E{n}"), &format!("f{n}"))).await;
    }
    server.settle().await;
    server.put(&format!("{ISSUES}1/"), json!({ "status": "resolved" })).await.ok();
    for list in [ISSUES, "/api/0/projects/default/shop/issues/"] {
        for (query, hits) in
            [("", 4), ("query=", 5), ("query=is:resolved", 1), ("query=E3", 1), ("query=no", 0)]
        {
            let answer = server.get(&format!("{list}?limit=2&{query}")).await;
            assert_eq!(answer.header("x-hits"), hits.to_string(), "{list} {query}");
            assert_eq!(answer.ok().as_array().unwrap().len(), hits.min(2), "{list} {query}");
            let next = cursor(&answer, "next");
            assert_eq!(next.is_some(), hits > 2, "{list} {query}");
            if let Some(next) = next {
                let second = server.get(&format!("{list}?limit=2&{query}&cursor={next}")).await;
                assert_eq!(second.header("x-hits"), hits.to_string(), "the same on every page");
            }
        }
    }
}

#[tokio::test]
async fn a_resolved_issue_comes_back_as_regressed() {
    let server = Server::start();
    send(&server, 1, &error("A", "f")).await;
    server.settle().await;
    let resolved = server.put(&format!("{ISSUES}1/"), json!({ "status": "resolved" })).await.ok();
    assert_eq!(resolved["status"], "resolved");
    assert_eq!(server.get(&format!("{ISSUES}?query=is:unresolved")).await.ok(), json!([]));
    send(&server, 2, &error("A", "f")).await;
    server.settle().await;
    let issue = server.get(&format!("{ISSUES}SHOP-1/")).await.ok();
    assert_eq!(
        (issue["status"].as_str(), issue["substatus"].as_str()),
        (Some("unresolved"), Some("regressed"))
    );
    // Ignored stays ignored, whatever comes.
    server.put(&format!("{ISSUES}?id=1"), json!({ "status": "ignored" })).await.ok();
    send(&server, 3, &error("A", "f")).await;
    server.settle().await;
    let issue = server.get(&format!("{ISSUES}1/")).await.ok();
    assert_eq!((issue["status"].as_str(), issue["count"].as_str()), (Some("ignored"), Some("3")));
    for wrong in
        [json!({}), json!({ "status": "odd" }), json!([]), json!({ "status": "resolved", "substatus": "x" })]
    {
        assert_eq!(server.put(&format!("{ISSUES}1/"), wrong.clone()).await.status, 400, "{wrong}");
    }
    assert_eq!(server.put(&format!("{ISSUES}77/"), json!({ "status": "resolved" })).await.status, 404);
}

#[tokio::test]
async fn projects_are_made_and_can_be_sent_to_at_once() {
    let server = Server::start();
    let token = format!("Bearer {}", server.first.token);
    let headers = [("authorization", token.as_str()), ("content-type", "application/json")];
    let path = "/api/0/organizations/default/projects/";
    let made = server.post(path, &headers, r#"{"name":"My Web","platform":"javascript"}"#).await;
    assert_eq!(made.status, 201);
    let made = made.json();
    assert_eq!(made["slug"], "my-web");
    let dsn = made["dsn"].as_str().unwrap();
    let key = dsn.split(['/', '@']).nth(2).unwrap();
    let target = format!("/api/{}/envelope/?sentry_key={key}", made["id"].as_str().unwrap());
    server.post(&target, &[], event_envelope(1, &error("A", "f"))).await.ok();
    server.settle().await;
    let keys = server.get("/api/0/projects/default/my-web/keys/").await.ok();
    assert_eq!(keys[0]["dsn"]["public"], dsn);
    assert_eq!(server.get("/api/0/projects/default/my-web/issues/").await.ok().as_array().unwrap().len(), 1);
    // Projects do not see each other's.
    assert_eq!(server.get("/api/0/projects/default/shop/issues/").await.ok(), json!([]));
    let foreign = format!("/api/0/projects/default/shop/events/{:032x}/", 1);
    assert_eq!(server.get(&foreign).await.status, 404);
    assert_eq!(server.post(path, &headers, r#"{"slug":"my-web"}"#).await.status, 409);
    assert_eq!(server.post(path, &headers, r#"{"slug":"My Web"}"#).await.status, 400);
    assert_eq!(server.get(path).await.ok().as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn only_known_callers_get_in() {
    let server = Server::start();
    let login = |password: &str| {
        let body = json!({ "username": "admin", "password": password }).to_string();
        server.post("/api/0/auth/login/", &[("content-type", "application/json")], body)
    };
    for path in
        [ISSUES, "/api/0/", "/api/0/projects/default/shop/keys/", "/api/0/organizations/", "/api/0/nothing/"]
    {
        for headers in
            [&[][..], &[("authorization", "Bearer sntryu_0")], &[("cookie", "watchpost_session=0")]]
        {
            let answer = server.call(Method::GET, path, headers, Body::empty()).await;
            assert_eq!(answer.status, 401, "{path}");
            assert!(answer.json()["detail"].is_string());
        }
    }
    assert_eq!(login("wrong").await.status, 401);
    let session = login(&server.first.admin.password).await;
    session.ok();
    let cookie = session.header("set-cookie").to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax") && !cookie.contains("Secure"));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let with = |method: Method, path: &'static str, more: Vec<(&'static str, &'static str)>| {
        let mut headers: Vec<(&str, &str)> = vec![("cookie", &cookie)];
        headers.extend(more);
        let request = axum::http::Request::builder().method(method).uri(path);
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        server.send(request.body(Body::from("{}")).unwrap())
    };
    assert_eq!(with(Method::GET, "/api/0/auth/", vec![]).await.ok()["username"], "admin");
    // A form on another site has the cookie, but neither header nor content type.
    let forged = with(Method::PUT, "/api/0/issues/1/", vec![("content-type", "text/plain")]).await;
    assert_eq!(forged.status, 403);
    let own =
        with(Method::PUT, "/api/0/organizations/default/issues/", vec![("content-type", "application/json")])
            .await;
    assert_eq!(own.status, 400);
    assert_eq!(with(Method::GET, "/api/0/no/such/call/", vec![]).await.status, 404);
    let out = with(Method::POST, "/api/0/auth/logout/", vec![("x-watchpost-request", "1")]).await;
    assert_eq!(out.status, 204);
    assert_eq!(with(Method::GET, "/api/0/auth/", vec![]).await.status, 401);
    // Sessions end by themselves.
    let session = login(&server.first.admin.password).await;
    let cookie = session.header("set-cookie").split(';').next().unwrap().to_owned();
    server.clock.advance(Duration::from_secs(15 * 86_400));
    let late = server.call(Method::GET, "/api/0/auth/", &[("cookie", &cookie)], Body::empty()).await;
    assert_eq!(late.status, 401);
    // Guessing is slowed down.
    let mut last = login("wrong").await;
    for _ in 0..5 {
        last = login("wrong").await;
    }
    assert_eq!(last.status, 429);
    assert_eq!(login(&server.first.admin.password).await.status, 429);
    server.clock.advance(Duration::from_secs(60));
    login(&server.first.admin.password).await.ok();
}

#[tokio::test]
async fn the_page_is_served_with_its_guards() {
    let server = Server::start();
    for path in ["/", "/issues/1", "/projects"] {
        let answer = server.call(Method::GET, path, &[], Body::empty()).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.header("content-type").starts_with("text/html"));
        assert!(answer.header("content-security-policy").contains("default-src 'self'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
    }
    assert_eq!(server.call(Method::GET, "/assets/gone.js", &[], Body::empty()).await.status, 404);
    let unknown = server.call(Method::GET, "/api/1/nothing/", &[], Body::empty()).await;
    assert_eq!((unknown.status.as_u16(), unknown.json()["detail"].is_string()), (404, true));
}
