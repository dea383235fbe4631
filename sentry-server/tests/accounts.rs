//! Who may do what: tokens and their scopes, organisations, projects, keys, teams, members.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use axum::http::Method;
use base64::Engine as _;
use serde_json::{Value, json};
use support::{Server, error, event_envelope};

async fn token(server: &Server, scopes: &[&str]) -> String {
    let made = server.post_json("/api/0/api-tokens/", json!({ "name": "t", "scopes": scopes })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    made.json()["token"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_token_does_what_its_scopes_say_and_no_more() {
    let server = Server::start();
    server.envelope(event_envelope(1, &error("A", "f"))).await.ok();
    server.settle().await;
    let reads = token(&server, &["event:read"]).await;
    let writes = token(&server, &["event:write", "project:read"]).await;
    let issues = "/api/0/organizations/default/issues/";
    let resolve = json!({ "status": "resolved" });
    for (method, path, body, token, status) in [
        (Method::GET, issues, Value::Null, &reads, 200),
        (Method::GET, "/api/0/issues/1/", Value::Null, &reads, 200),
        (Method::PUT, "/api/0/issues/1/", resolve.clone(), &reads, 403),
        (Method::PUT, "/api/0/issues/1/", resolve, &writes, 200),
        (Method::GET, "/api/0/organizations/default/projects/", Value::Null, &reads, 403),
        (Method::GET, "/api/0/projects/default/shop/", Value::Null, &writes, 200),
        (Method::DELETE, "/api/0/projects/default/shop/", Value::Null, &writes, 403),
        (Method::GET, "/api/0/organizations/default/members/", Value::Null, &writes, 403),
        (Method::GET, "/api/0/organizations/other/issues/", Value::Null, &writes, 404),
    ] {
        let answer = server.api(method.clone(), path, token, body).await;
        assert_eq!(answer.status, status, "{method} {path}: {:?}", answer.body);
        assert!(status < 400 || answer.json()["detail"].is_string());
    }
    let root = server.api(Method::GET, "/api/0/", &writes, Value::Null).await.ok();
    assert_eq!(root["auth"]["scopes"], json!(["event:read", "event:write", "project:read"]));
    assert_eq!(root["user"]["username"], "admin");
    // A token makes no stronger one, and an unknown scope is named.
    let more = json!({ "scopes": ["org:admin"] });
    assert_eq!(server.api(Method::POST, "/api/0/api-tokens/", &reads, more).await.status, 403);
    let odd = server.post_json("/api/0/api-tokens/", json!({ "scopes": ["org:fly"] })).await;
    assert_eq!(odd.status, 400);
    assert!(odd.json()["detail"].as_str().unwrap().contains("org:fly"));
    let listed = server.get("/api/0/api-tokens/").await.ok();
    let last = listed.as_array().unwrap().last().unwrap();
    assert!(last.get("token").is_none(), "a secret is shown once");
    assert!(writes.ends_with(last["tokenLastCharacters"].as_str().unwrap()));
    let id = last["id"].as_str().unwrap();
    assert_eq!(server.delete(&format!("/api/0/api-tokens/{id}/")).await.status, 204);
    assert_eq!(server.api(Method::GET, issues, &writes, Value::Null).await.status, 401);
}

#[tokio::test]
async fn an_organizations_token_names_its_server_and_opens_only_that_organization() {
    let server = Server::start();
    let made =
        server.post_json("/api/0/organizations/default/org-auth-tokens/", json!({ "name": "ci" })).await;
    assert_eq!(made.status, 201);
    let secret = made.json()["token"].as_str().unwrap().to_owned();
    let mut parts = secret.split('_');
    assert_eq!(parts.next(), Some("sntrys"));
    let facts = base64::prelude::BASE64_STANDARD.decode(parts.next().unwrap()).unwrap();
    let facts: Value = serde_json::from_slice(&facts).unwrap();
    assert_eq!((facts["org"].as_str(), facts["url"].as_str()), (Some("default"), Some(support::URL)));
    assert_eq!((parts.next().unwrap().len(), parts.next()), (43, None));
    let org = json!({ "name": "Second" });
    assert_eq!(server.post_json("/api/0/organizations/", org).await.status, 201);
    for (path, status) in [
        ("/api/0/organizations/default/projects/", 200),
        ("/api/0/organizations/second/projects/", 404),
        ("/api/0/organizations/default/issues/", 403),
        ("/api/0/api-tokens/", 403),
    ] {
        let answer = server.api(Method::GET, path, &secret, Value::Null).await;
        assert_eq!(answer.status, status, "{path}");
    }
    let seen = server.api(Method::GET, "/api/0/organizations/", &secret, Value::Null).await.ok();
    assert_eq!(seen.as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn organizations_projects_and_keys_come_and_go() {
    let server = Server::start();
    assert_eq!(server.post_json("/api/0/organizations/", json!({ "name": "Big Corp" })).await.status, 201);
    assert_eq!(server.post_json("/api/0/organizations/", json!({ "slug": "big-corp" })).await.status, 409);
    let projects = "/api/0/organizations/big-corp/projects/";
    let made = server.post_json(projects, json!({ "name": "Web Shop", "platform": "python" })).await;
    assert_eq!(made.status, 201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(server.post_json(projects, json!({ "slug": "web-shop" })).await.status, 409);
    assert_eq!(server.post_json(projects, json!({ "slug": "Web Shop" })).await.status, 400);
    let bad = server
        .call(Method::POST, projects, &[("authorization", &format!("Bearer {}", server.first.token))], "{")
        .await;
    assert_eq!(bad.status, 400);
    assert!(bad.json()["detail"].as_str().unwrap().contains("JSON"));

    let renamed =
        server.put("/api/0/projects/big-corp/web-shop/", json!({ "slug": "shop-2", "name": "S" })).await.ok();
    assert_eq!((renamed["slug"].as_str(), renamed["platform"].as_str()), (Some("shop-2"), Some("python")));
    let keys = "/api/0/projects/big-corp/shop-2/keys/";
    let key = server.post_json(keys, json!({ "name": "second" })).await;
    assert_eq!(key.status, 201);
    let public = key.json()["public"].as_str().unwrap().to_owned();
    let send = async |key: &str, n: u128| {
        let auth = format!("Sentry sentry_version=7, sentry_key={key}");
        let path = format!("/api/{id}/envelope/");
        server.post(&path, &[("x-sentry-auth", &auth)], event_envelope(n, &error("A", "f"))).await.status
    };
    assert_eq!(send(&public, 1).await, 200);
    let one = format!("{keys}{}/", key.json()["id"].as_str().unwrap());
    let limit = json!({ "window": 60, "count": 5 });
    assert_eq!(server.put(&one, json!({ "rateLimit": limit })).await.ok()["rateLimit"], limit);
    assert_eq!(server.put(&one, json!({ "rateLimit": { "window": 0, "count": 5 } })).await.status, 400);
    assert_eq!(server.get(&one).await.ok()["rateLimit"], limit);
    assert_eq!(server.put(&one, json!({ "rateLimit": null })).await.ok()["rateLimit"], Value::Null);
    assert_eq!(server.put(&one, json!({ "isActive": false })).await.ok()["isActive"], false);
    assert_eq!(send(&public, 2).await, 403);
    assert_eq!(server.delete(&one).await.status, 204);
    assert_eq!(server.get(keys).await.ok().as_array().unwrap().len(), 1);
    let limited =
        server.post_json(keys, json!({ "name": "third", "rateLimit": { "window": 60, "count": 1 } })).await;
    let limited = limited.json();
    assert_eq!(limited["rateLimit"], json!({ "window": 60, "count": 1 }));
    let public = limited["public"].as_str().unwrap();
    assert_eq!(
        (send(public, 3).await, send(public, 4).await),
        (200.try_into().unwrap(), 429.try_into().unwrap())
    );
    let wrong = json!({ "rateLimit": { "window": 0, "count": 1 } });
    assert_eq!(server.post_json(keys, wrong).await.status, 400);
    assert_eq!(server.get(keys).await.ok().as_array().unwrap().len(), 2);
    server.settle().await;

    assert_eq!(server.delete("/api/0/projects/big-corp/shop-2/").await.status, 204);
    assert_eq!(server.get("/api/0/projects/big-corp/shop-2/").await.status, 404);
    let again = server.post_json(projects, json!({ "slug": "third" })).await.json();
    assert_ne!(again["id"], id.as_str(), "numbers of deleted projects are not given out again");
    assert_eq!(server.delete("/api/0/organizations/big-corp/").await.status, 204);
    assert_eq!(server.get(projects).await.status, 404);
    assert_eq!(server.get("/api/0/projects/default/shop/").await.status, 200);
}

#[tokio::test]
async fn members_have_roles_and_nobody_gives_more_than_they_have() {
    let server = Server::start();
    let members = "/api/0/organizations/default/members/";
    let made = server.post_json(members, json!({ "email": "bo@shop.test", "orgRole": "manager" })).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    assert_eq!(server.post_json(members, json!({ "email": "bo@shop.test" })).await.status, 409);
    let bo = made.json();
    let form = json!({ "username": "bo@shop.test", "password": bo["password"] });
    let login =
        server.post("/api/0/auth/login/", &[("content-type", "application/json")], form.to_string()).await;
    assert_eq!(login.status, 200);
    let cookie = login.header("set-cookie").split(';').next().unwrap().to_owned();
    let as_bo = async |method: Method, path: &str, body: Value| {
        server
            .call(
                method,
                path,
                &[("cookie", &cookie), ("content-type", "application/json")],
                body.to_string(),
            )
            .await
    };
    let owner = json!({ "email": "eve@shop.test", "orgRole": "owner" });
    assert_eq!(as_bo(Method::POST, members, owner).await.status, 403);
    let admin = server.get(members).await.ok()[0]["id"].as_str().unwrap().to_owned();
    let demoted = json!({ "orgRole": "member" });
    assert_eq!(as_bo(Method::PUT, &format!("{members}{admin}/"), demoted.clone()).await.status, 403);
    assert_eq!(as_bo(Method::DELETE, "/api/0/organizations/default/", Value::Null).await.status, 403);
    assert_eq!(server.put(&format!("{members}{admin}/"), demoted).await.status, 409, "the last owner stays");
    assert_eq!(server.delete(&format!("{members}{admin}/")).await.status, 409);
    assert_eq!(as_bo(Method::GET, &format!("{members}me/"), Value::Null).await.json()["id"], bo["id"]);

    let teams = "/api/0/organizations/default/teams/";
    assert_eq!(server.post_json(teams, json!({ "name": "Web" })).await.status, 201);
    assert_eq!(server.post_json(teams, json!({ "slug": "web" })).await.status, 409);
    let joined = format!("{members}{}/teams/web/", bo["id"].as_str().unwrap());
    assert_eq!(server.post_json(&joined, Value::Null).await.status, 201);
    assert_eq!(server.post_json("/api/0/projects/default/shop/teams/web/", Value::Null).await.status, 201);
    assert_eq!(
        server.post_json("/api/0/teams/default/web/projects/", json!({ "slug": "own" })).await.status,
        201
    );
    let team = server.get("/api/0/teams/default/web/").await.ok();
    assert_eq!((team["memberCount"].as_i64(), team["projects"].as_array().unwrap().len()), (Some(1), 2));
    assert_eq!(server.get("/api/0/projects/default/shop/").await.ok()["team"]["slug"], "web");
    assert_eq!(server.get("/api/0/teams/default/web/members/").await.ok()[0]["email"], "bo@shop.test");
    assert_eq!(server.delete(&joined).await.status, 200);
    assert_eq!(server.delete("/api/0/teams/default/web/").await.status, 204);
    assert_eq!(server.delete(&format!("{members}{}/", bo["id"].as_str().unwrap())).await.status, 204);
    assert_eq!(as_bo(Method::GET, members, Value::Null).await.status, 404, "no longer a member");
}

#[tokio::test]
async fn lists_page_with_cursors() {
    let server = Server::start();
    for n in 0..5 {
        let made = server
            .post_json("/api/0/organizations/default/projects/", json!({ "slug": format!("p{n}") }))
            .await;
        assert_eq!(made.status, 201);
    }
    let (mut slugs, mut at) = (Vec::new(), String::new());
    for _ in 0..10 {
        let path = format!("/api/0/organizations/default/projects/?per_page=2&cursor={at}");
        let answer = server.get(&path).await;
        slugs.extend(
            answer.ok().as_array().unwrap().iter().map(|row| row["slug"].as_str().unwrap().to_owned()),
        );
        let next = answer.header("link").split(", <").nth(1).unwrap().to_owned();
        let part = |name: &str| {
            next.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().to_owned()
        };
        if part("results") == "false" {
            break;
        }
        at = part("cursor");
    }
    assert_eq!(slugs, ["p0", "p1", "p2", "p3", "p4", "shop"]);
}
