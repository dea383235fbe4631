//! Bodies are compressed against bodies like them, and can be read as long as their day file is there.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use axum::http::StatusCode;
use rusqlite::Connection;
use serde_json::{Value, json};
use support::{NOW, Server, event_envelope};
use watchpost_core::Timestamp;

const DAY: i64 = 86_400_000_000;

fn event(n: u128) -> Value {
    json!({
        "exception": { "values": [{ "type": format!("Kind{}", ["A", "B", "C"][n as usize % 3]), "value": "x" }] },
        "extra": { "text": "what every event of this application says in the same words ".repeat(8), "n": n.to_string() },
    })
}

async fn send(server: &Server, numbers: std::ops::Range<u128>) {
    let send = async |n: u128| {
        assert_eq!(server.envelope(event_envelope(n, &event(n))).await.status, StatusCode::OK);
    };
    // Five share one fsync.
    for n in numbers.step_by(5) {
        tokio::join!(send(n), send(n + 1), send(n + 2), send(n + 3), send(n + 4));
    }
    server.settle().await;
}

async fn assert_readable(server: &Server, numbers: std::ops::Range<u128>) {
    for n in numbers.step_by(7) {
        let event = server.get(&format!("/api/0/projects/default/shop/events/{n:032x}/")).await.json();
        assert_eq!(event["context"]["n"], n.to_string(), "{event}");
    }
}

/// Of the rows of a day: how many have a dictionary, how many have none; of the bodies the longest of either.
fn rows(server: &Server, day: &str) -> [(i64, i64); 2] {
    let file = Connection::open(server.config.data.join(format!("events-{day}.db"))).unwrap();
    ["dictionary <> 0", "dictionary = 0"].map(|which| {
        let sql = format!("SELECT count(*), coalesce(max(length(body)), 0) FROM events WHERE {which}");
        file.query_row(&sql, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap()
    })
}

#[tokio::test]
async fn bodies_are_read_back_with_the_dictionary_of_their_day() {
    let mut server = Server::start();
    send(&server, 1..301).await;
    let [shared, alone] = rows(&server, "2026-11-22");
    // What is in one chunk with the event that makes the dictionary may be before or after it.
    assert!(shared.0 >= 10 && shared.0 + alone.0 == 300, "{shared:?} {alone:?}");
    assert!(shared.1 < alone.1, "{shared:?} {alone:?}");
    assert_readable(&server, 1..301).await;

    server.restart();
    send(&server, 301..311).await;
    assert_eq!(rows(&server, "2026-11-22")[0].0, shared.0 + 10, "what an earlier process learnt is used");
    assert_readable(&server, 1..311).await;

    server.clock.set(Timestamp::from_micros(NOW + DAY));
    send(&server, 311..321).await;
    assert_eq!(rows(&server, "2026-11-23").map(|(count, _)| count), [10, 0], "on the next day, too");
    // The first day is gone, the second can be read by itself.
    std::fs::remove_file(server.config.data.join("events-2026-11-22.db")).unwrap();
    server.restart();
    assert_readable(&server, 311..321).await;
}
