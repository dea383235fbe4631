//! The same folder again, by the same process. No test here may start a program: until it is executed, a child has
//! copies of all locks, and a folder that was just given up would still be held.

mod support;

use std::time::Duration;

use support::{Server, counted, error, event_envelope};

#[tokio::test]
async fn a_restart_in_good_order_changes_nothing() {
    let mut server = Server::start();
    for n in 0..10 {
        server.envelope(event_envelope(n + 1, &error("A", "f"))).await.ok();
    }
    server.settle().await;
    let before = server.get("/api/0/issues/1/").await.ok();
    server.restart();
    server.settle().await;
    assert_eq!(server.get("/api/0/issues/1/").await.ok(), before);
    server.envelope(event_envelope(3, &error("A", "f"))).await.ok();
    server.settle().await;
    assert_eq!(server.get("/api/0/issues/1/").await.ok(), before, "known before the restart");
}

#[tokio::test]
async fn a_row_that_the_store_refuses_is_left_out_and_its_neighbours_are_stored() {
    let mut server = Server::start();
    let meta = rusqlite::Connection::open(server.config.data.join("meta.db")).unwrap();
    let poison = "CREATE TRIGGER poison BEFORE INSERT ON issues WHEN new.title LIKE '%Poison%' \
                  BEGIN SELECT RAISE(ABORT, 'refused'); END";
    meta.execute_batch(poison).unwrap();
    let app = server.app.clone();
    // All in one batch, or in several: a bad one at either end and in the middle.
    for id in 1..=21 {
        let kind = if [1, 11, 21].contains(&id) { "Poison" } else { "A" };
        server.envelope(event_envelope(id, &error(kind, "f"))).await.ok();
    }
    tokio::time::timeout(Duration::from_secs(30), tokio::task::spawn_blocking(move || app.settle()))
        .await
        .unwrap()
        .unwrap();
    let issues = server.get("/api/0/organizations/default/issues/").await.ok();
    assert_eq!((issues.as_array().unwrap().len(), issues[0]["count"].as_str()), (1, Some("18")));
    let outcomes = server.get("/api/0/organizations/default/outcomes/").await.ok();
    assert_eq!((counted(&outcomes, "accepted", ""), counted(&outcomes, "invalid", "store_refused")), (18, 3));
    meta.execute_batch("DROP TRIGGER poison").unwrap();
    server.restart();
    server.settle().await;
    let after = server.get("/api/0/organizations/default/issues/?query=").await.ok();
    assert_eq!(after[0]["count"], "18", "nothing is read again");
    assert_eq!(after.as_array().unwrap().len(), 1, "what was left out does not come back");
}

/// With no room in memory everything takes the way over the disk.
#[tokio::test]
async fn a_queue_that_overflows_is_read_back_from_the_spool() {
    let server = Server::start_with(|config| config.limits.queue_bytes = 0);
    for n in 0..200 {
        let envelope = event_envelope(n + 1, &error(&format!("E{}", n % 4), "f"));
        server
            .post(
                "/api/42/envelope/",
                &[("x-sentry-auth", &support::auth()), ("content-encoding", "gzip")],
                support::gzip(envelope.as_bytes()),
            )
            .await
            .ok();
    }
    server.settle().await;
    let issues = server.get("/api/0/organizations/default/issues/").await.ok();
    let counts: Vec<&str> =
        issues.as_array().unwrap().iter().map(|issue| issue["count"].as_str().unwrap()).collect();
    assert_eq!(counts, ["50"; 4]);
}
