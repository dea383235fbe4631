//! The clock leaps, forwards and backwards: nothing that was answered is lost, and nothing is counted twice.

mod support;

use axum::http::StatusCode;
use support::{NOW, Server, error, event_envelope};
use watchpost_core::Timestamp;

const DAY: i64 = 86_400_000_000;

#[tokio::test]
async fn events_survive_a_clock_that_leaps() {
    let mut server = Server::start();
    let leaps = [0, 400 * DAY, 400 * DAY + 1, -30 * DAY, DAY, -NOW + DAY, 2];
    for (n, leap) in leaps.iter().enumerate() {
        server.clock.set(Timestamp::from_micros(NOW + leap));
        let id = n as u128 + 1;
        assert_eq!(server.envelope(event_envelope(id, &error("Leap", "f"))).await.status, StatusCode::OK);
        // The same event once more, at another time.
        assert_eq!(server.envelope(event_envelope(1, &error("Leap", "f"))).await.status, StatusCode::OK);
        if n % 2 == 1 {
            server.restart();
        } else {
            server.settle().await;
        }
        let issues = server.get("/api/0/organizations/default/issues/?statsPeriod=").await.json();
        assert_eq!(issues[0]["count"], (n + 1).to_string(), "after leap {n}: {issues}");
    }
    for id in 1..=leaps.len() {
        let event = server.get(&format!("/api/0/projects/default/shop/events/{id:032x}/")).await;
        assert_eq!(event.status, StatusCode::OK, "{id}");
        assert_eq!(event.json()["bodyDropped"], false);
    }
    server.app.stop();
    let found = watchpost_server::check(&server.config.data).unwrap();
    assert_eq!((found.events, found.problems.as_slice()), (leaps.len() as u64, &[][..]));
}

/// Limits are counted in windows of time; a clock that was set back does not leave one closed for as long.
#[tokio::test]
async fn a_limit_opens_again_after_the_clock_was_set_back() {
    let server = Server::start_prepared(|data| {
        let quota = r#"{"quotas":[{"categories":["error"],"limit":1,"window_seconds":60}]}"#;
        let shop = watchpost_server::SettingsOwner::Project("shop".to_owned());
        watchpost_server::set_settings(data, &shop, quota).unwrap();
    });
    let send = async |id: u128| server.envelope(event_envelope(id, &error("Leap", "f"))).await.status;
    assert_eq!(send(1).await, StatusCode::OK);
    assert_eq!(send(2).await, StatusCode::TOO_MANY_REQUESTS);
    server.clock.set(Timestamp::from_micros(NOW - 400 * DAY));
    assert_eq!(send(3).await, StatusCode::OK);
}
