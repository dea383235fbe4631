//! Settings over the API: what they are, what they do to what comes in, and what is refused.

mod support;

use axum::http::Method;
use serde_json::{Value, json};
use support::{KEY, Server, error, event_envelope};

const PROJECT: &str = "/api/0/projects/default/shop/";
const SETTINGS: &str = "/api/0/projects/default/shop/settings/";

async fn send(server: &Server, id: u128, release: &str) -> u16 {
    let mut event = error("A", "f");
    event["release"] = release.into();
    event["extra"] = json!({ "iban": "DE1", "user_note": "paid" });
    server.envelope(event_envelope(id, &event)).await.status.as_u16()
}

async fn is_stored(server: &Server, id: u128) -> bool {
    server.settle().await;
    server.get(&format!("{PROJECT}events/{id:032x}/")).await.status == 200
}

#[tokio::test]
async fn filters_scrubbing_and_quotas_are_set_over_the_api() {
    let server = Server::start();
    let before = server.get(SETTINGS).await.ok();
    assert_eq!((&before["scrub"]["enabled"], &before["quotas"]), (&json!(true), &json!([])));
    let change = json!({
        "quotas": [{ "categories": ["error"], "limit": 2, "window_seconds": 60 }],
        "filters": { "releases": ["old@*"] }, "scrub": { "sensitive_fields": ["iban"] },
    });
    let after = server.put(SETTINGS, change).await.ok();
    assert_eq!(
        (&after["filters"]["releases"], &after["filters"]["localhost"]),
        (&json!(["old@*"]), &json!(false))
    );
    assert_eq!(after["bodies_per_hour"], before["bodies_per_hour"], "what is left out stays");
    assert_eq!(server.get(SETTINGS).await.ok(), after);
    // They hold at once.
    assert_eq!(send(&server, 1, "old@1").await, 200);
    assert_eq!(send(&server, 2, "new@1").await, 200);
    assert_eq!(send(&server, 3, "new@1").await, 429);
    assert_eq!((is_stored(&server, 1).await, is_stored(&server, 2).await), (false, true));
    let stored = server.get(&format!("{PROJECT}events/{:032x}/", 2)).await.ok();
    assert_eq!(stored["context"], json!({ "iban": "[Filtered]", "user_note": "paid" }));
    for (wrong, word) in [
        (json!({ "quotas": [{ "categories": ["errors"], "limit": 1, "window_seconds": 60 }] }), "errors"),
        (json!({ "quotas": [{ "limit": 1, "window_seconds": 0 }] }), "window_seconds"),
        (json!({ "filters": { "ip_addresses": ["ten"] } }), "ten"),
        (json!({ "filters": { "release": [] } }), "filters.release"),
        (json!({ "grouping": { "fingerprint_rules": "type:A" } }), "fingerprint"),
        (json!({ "scrub": { "enabled": "yes" } }), "settings"),
    ] {
        let answer = server.put(SETTINGS, wrong.clone()).await;
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(answer.status == 400 && detail.contains(word), "{wrong}: {detail}");
    }
    assert_eq!(server.get(SETTINGS).await.ok(), after, "and nothing of it is kept");
}

#[tokio::test]
async fn organizations_and_keys_have_quotas_too() {
    let quota = json!({ "quotas": [{ "categories": ["error"], "limit": 1, "window_seconds": 60 }] });
    for path in
        ["/api/0/organizations/default/settings/".to_owned(), format!("{PROJECT}keys/{KEY}/settings/")]
    {
        let server = Server::start();
        assert_eq!(server.get(&path).await.ok(), json!({ "quotas": [] }));
        assert_eq!(server.put(&path, quota.clone()).await.ok(), quota);
        assert_eq!(server.get(&path).await.ok(), quota);
        assert_eq!((send(&server, 1, "r").await, send(&server, 2, "r").await), (200, 429), "{path}");
        assert_eq!(server.put(&path, json!({ "filters": {} })).await.status, 400);
    }
}

#[tokio::test]
async fn filters_are_switched_by_their_names() {
    let server = Server::start();
    let path = format!("{PROJECT}filters/");
    let filters = server.get(&path).await.ok();
    assert_eq!(filters.as_array().unwrap().len(), 5);
    assert!(filters.as_array().unwrap().iter().all(|filter| filter["active"] == false));
    let on = |name: &str, body: Value| {
        let path = format!("{path}{name}/");
        let server = &server;
        async move { server.put(&path, body).await.status.as_u16() }
    };
    assert_eq!(on("localhost", json!({ "active": true })).await, 204);
    assert_eq!(on("legacy-browsers", json!({ "subfilters": ["ie_pre_9"] })).await, 204);
    assert_eq!(on("odd", json!({ "active": true })).await, 404);
    assert_eq!(on("localhost", json!({})).await, 400);
    let settings = server.get(SETTINGS).await.ok();
    assert_eq!(
        (&settings["filters"]["localhost"], &settings["filters"]["legacy_browsers"]),
        (&json!(true), &json!(true))
    );
    let mut event = error("A", "f");
    event["request"] = json!({ "url": "http://localhost/a" });
    server.envelope(event_envelope(1, &event)).await.ok();
    assert!(!is_stored(&server, 1).await);
    assert_eq!(on("localhost", json!({ "active": false })).await, 204);
    server.envelope(event_envelope(1, &event)).await.ok();
    assert!(is_stored(&server, 1).await);
}

#[tokio::test]
async fn a_projects_options_are_those_that_other_clients_know() {
    let server = Server::start();
    let changed = server
        .put(
            PROJECT,
            json!({ "dataScrubber": true, "scrubIPAddresses": true, "sensitiveFields": ["iban"], "safeFields": ["auth_kind"],
                "options": { "filters:releases": "old@*\nolder@*\n", "filters:blacklisted_ips": "10.0.0.0/8" } }),
        )
        .await
        .ok();
    assert_eq!((&changed["scrubIPAddresses"], &changed["sensitiveFields"]), (&json!(true), &json!(["iban"])));
    assert_eq!(changed["options"]["filters:releases"], "old@*\nolder@*");
    let settings = server.get(SETTINGS).await.ok();
    assert_eq!(settings["filters"]["releases"], json!(["old@*", "older@*"]));
    assert_eq!(settings["filters"]["ip_addresses"], json!(["10.0.0.0/8"]));
    assert_eq!(settings["scrub"]["safe_fields"], json!(["auth_kind"]));
    let renamed = server.put(PROJECT, json!({ "name": "Shop" })).await.ok();
    assert_eq!(renamed["options"], changed["options"], "what is left out stays");
    let wrong =
        server.put(PROJECT, json!({ "options": { "filters:blacklisted_ips": "ten" }, "name": "No" })).await;
    assert_eq!(wrong.status, 400);
    assert_eq!(server.get(PROJECT).await.ok()["name"], "Shop", "all or nothing");
    let made = server
        .post_json(
            "/api/0/organizations/default/projects/",
            json!({ "name": "Cart", "slug": "cart", "options": { "filters:releases": "old@*" } }),
        )
        .await;
    assert_eq!(made.status, 201);
    let settings = server.get("/api/0/projects/default/cart/settings/").await.ok();
    assert_eq!(settings["filters"]["releases"], json!(["old@*"]));
}

#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    let server = Server::start();
    let made = server
        .post_json("/api/0/api-tokens/", json!({ "name": "r", "scopes": ["project:read", "org:read"] }))
        .await;
    let token = made.json()["token"].as_str().unwrap().to_owned();
    let (org, filter) = ("/api/0/organizations/default/settings/", format!("{PROJECT}filters/localhost/"));
    for path in [SETTINGS, org, &filter] {
        let answer = server.api(Method::PUT, path, &token, json!({ "active": true })).await;
        assert_eq!(answer.status, 403, "{path}");
    }
    assert_eq!(server.api(Method::GET, SETTINGS, &token, Value::Null).await.status, 200);
}
