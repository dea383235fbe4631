//! A storm of one issue: every event is counted and listed, and only some keep their bodies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use axum::http::StatusCode;
use support::{Server, error, event_envelope};
use watchpost_server::{SettingsOwner, set_settings};

async fn storm(limit: u32) -> (Server, usize) {
    let server = Server::start_prepared(|data| {
        let shop = SettingsOwner::Project("shop".to_owned());
        set_settings(data, &shop, &format!("{{\"bodies_per_hour\":{limit}}}")).unwrap();
    });
    for id in 1..=80 {
        let event = event_envelope(id, &error("Storm", "f"));
        assert_eq!(server.envelope(event).await.status, StatusCode::OK);
    }
    let other = event_envelope(1_000, &error("Other", "g"));
    assert_eq!(server.envelope(other).await.status, StatusCode::OK);
    server.settle().await;
    let mut whole = 0;
    for id in 1..=80 {
        let event = server.get(&format!("/api/0/projects/default/shop/events/{id:032x}/")).await.json();
        let dropped = event["bodyDropped"].as_bool().unwrap();
        assert_eq!(event["entries"].as_array().unwrap().is_empty(), dropped, "{event}");
        assert!(event["title"].as_str().unwrap().starts_with("Storm"), "the row is there: {event}");
        whole += usize::from(!dropped);
    }
    (server, whole)
}

#[tokio::test]
async fn beyond_the_limit_bodies_thin_out_and_counts_stay_exact() {
    let (server, whole) = storm(10).await;
    assert_eq!(whole, 10 + 5 + 5 + 5, "ten, and five for each doubling");
    let issues = server.get("/api/0/organizations/default/issues/?query=Storm").await.json();
    assert_eq!(issues[0]["count"], "80");
    let issue = issues[0]["id"].as_str().unwrap();
    let latest = server.get(&format!("/api/0/organizations/default/issues/{issue}/events/latest/")).await;
    let latest = latest.json();
    assert_eq!((latest["bodyDropped"].as_bool(), latest["id"].as_str().unwrap().len()), (Some(false), 32));
    let other = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 1_000)).await.json();
    assert_eq!(other["bodyDropped"], false);
}

#[tokio::test]
async fn zero_keeps_every_body() {
    assert_eq!(storm(0).await.1, 80);
}
