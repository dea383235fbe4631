//! How long things are kept, and whether damage is seen.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use rusqlite::Connection;
use support::{Server, error, event_envelope};
use watchpost_server::Retention;

fn day_files(server: &Server) -> Vec<String> {
    let names = std::fs::read_dir(&server.config.data).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> =
        names.filter(|name| name.starts_with("events-") && name.ends_with(".db")).collect();
    names.sort();
    names
}

async fn a_day_of_events(server: &Server, day: u128) {
    for n in 0..3 {
        server.envelope(event_envelope(day * 100 + n + 1, &error(&format!("E{day}"), "f"))).await.ok();
    }
    server.settle().await;
}

async fn tidy(server: &Server) {
    let app = server.app.clone();
    tokio::task::spawn_blocking(move || app.tidy().unwrap()).await.unwrap();
}

fn count(server: &Server, table: &str) -> i64 {
    let meta = Connection::open(server.config.data.join("meta.db")).unwrap();
    meta.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn days_go_when_they_are_old() {
    let server = Server::start_with(|config| config.retention = Retention { days: 2, max_bytes: None });
    for day in 0..5 {
        a_day_of_events(&server, day).await;
        server.clock.advance(Duration::from_secs(86_400));
    }
    assert_eq!(day_files(&server).len(), 5);
    tidy(&server).await;
    // The clock is at the beginning of a sixth day, without events yet.
    assert_eq!(day_files(&server), ["events-2026-11-25.db", "events-2026-11-26.db"]);
    let events = server.get("/api/0/projects/default/shop/events/").await.ok();
    assert_eq!(events.as_array().unwrap().len(), 6);
    let gone = server.get(&format!("/api/0/projects/default/shop/events/{:032x}/", 1)).await;
    assert_eq!(gone.status, 404);
    let issues = server.get("/api/0/organizations/default/issues/").await.ok();
    assert_eq!(issues.as_array().unwrap().len(), 2, "issues without any event left are gone");
    assert_eq!((count(&server, "issue_hashes"), count(&server, "issue_days")), (2, 2));
    // A copy is still known as one, though the first is gone.
    a_day_of_events(&server, 0).await;
    let events = server.get("/api/0/projects/default/shop/events/").await.ok();
    assert_eq!(events.as_array().unwrap().len(), 6);
    // After three weeks it is not.
    assert_eq!(count(&server, "event_keys"), 15);
    server.clock.advance(Duration::from_secs(22 * 86_400));
    tidy(&server).await;
    assert_eq!(
        (count(&server, "event_keys"), count(&server, "issues"), count(&server, "outcomes")),
        (0, 0, 0)
    );
    assert!(day_files(&server).is_empty());
    a_day_of_events(&server, 9).await;
    assert_eq!(server.get("/api/0/projects/default/shop/events/").await.ok().as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn days_go_when_they_are_too_much() {
    let server = Server::start_with(|config| config.retention = Retention { days: 90, max_bytes: Some(1) });
    for day in 0..3 {
        a_day_of_events(&server, day).await;
        if day < 2 {
            server.clock.advance(Duration::from_secs(86_400));
        }
    }
    tidy(&server).await;
    assert_eq!(day_files(&server), ["events-2026-11-24.db"], "today stays, whatever it takes");
    let events = server.get("/api/0/projects/default/shop/events/").await.ok();
    assert_eq!(events.as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_check_sees_damage() {
    let server = Server::start();
    a_day_of_events(&server, 1).await;
    let found = watchpost_server::check(&server.config.data).unwrap();
    assert_eq!((found.days, found.events, found.problems.len()), (1, 3, 0), "{found:?}");
    let day = Connection::open(server.config.data.join("events-2026-11-22.db")).unwrap();
    day.execute("DELETE FROM events WHERE seq = (SELECT min(seq) FROM events)", []).unwrap();
    let found = watchpost_server::check(&server.config.data).unwrap();
    assert_eq!(found.problems, ["events-2026-11-22.db: 1 events are counted and not there"]);
    let copy = server.dir.path().join("copy");
    watchpost_server::backup(&server.config.data, &copy).unwrap();
    let back = server.dir.path().join("back");
    assert!(watchpost_server::restore(&copy, &back).is_err(), "what is damaged is not restored");
    assert!(!back.exists());
    let empty = server.dir.path().join("empty");
    assert!(watchpost_server::check(&empty).is_err() && !empty.exists(), "looking makes nothing");
}
