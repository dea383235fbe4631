//! What a 200 promises: the event is there, once, whatever happens to the process afterwards.

mod support;

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::Value;
use support::process::{Process, prepare};
use support::{counted, error, event_envelope};

#[test]
fn what_was_answered_survives_sigkill_and_is_counted_once() {
    let (_dir, config, first) = prepare();
    let mut sent = 0_u64;
    for round in 0..3_u128 {
        let mut process = Process::start(&config.data, &[]);
        for n in 0..20 {
            let envelope = event_envelope(round * 100 + n + 1, &error("A", "f"));
            assert_eq!(process.post(&envelope), Some(200));
            sent += 1;
        }
        // SIGKILL: no handler runs.
        process.child.kill().unwrap();
        process.child.wait().unwrap();
    }
    let process = Process::start(&config.data, &[]);
    // A client that saw no answer sends again.
    assert_eq!(process.post(&event_envelope(1, &error("A", "f"))), Some(200));
    assert_eq!(process.post(&event_envelope(5_000, &error("B", "g"))), Some(200));
    let issues = process.issues(&first.token, sent + 1);
    assert_eq!(issues.as_array().unwrap().len(), 2);
    for id in [1_u128, 20, 101, 220, 5_000] {
        process.get(&first.token, &format!("/api/0/projects/default/shop/events/{id:032x}/"));
    }
}

#[test]
fn a_crash_between_the_two_commits_is_written_again_and_not_counted_twice() {
    let (_dir, config, first) = prepare();
    let mut process = Process::start(&config.data, &[("WATCHPOST_TEST_ABORT", "between-commits")]);
    // The digest aborts the process as soon as it writes; the answer may or may not get out before.
    process.post(&event_envelope(1, &error("A", "f")));
    let status = process.child.wait().unwrap();
    assert!(!status.success(), "the fail point was reached");
    let day_file = std::fs::read_dir(&config.data)
        .unwrap()
        .any(|file| file.unwrap().file_name().to_str().unwrap().starts_with("events-"));
    assert!(day_file, "the day's file was committed");
    let process = Process::start(&config.data, &[]);
    process.issues(&first.token, 1);
    let event = process.get(&first.token, &format!("/api/0/issues/1/events/{:032x}/", 1));
    assert_eq!(event["nextEventID"], Value::Null, "one row only");
    assert_eq!(event["previousEventID"], Value::Null);
    let events = process.get(&first.token, "/api/0/projects/default/shop/events/");
    assert_eq!(events.as_array().unwrap().len(), 1);
}

#[test]
fn sigterm_stores_what_was_accepted_and_ends_well() {
    let (_dir, config, first) = prepare();
    let mut process = Process::start(&config.data, &[]);
    for n in 0..50 {
        assert_eq!(process.post(&event_envelope(n + 1, &error("A", "f"))), Some(200));
    }
    let pid = process.child.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(process.child.wait().unwrap().success());
    let process = Process::start(&config.data, &[]);
    process.issues(&first.token, 50);
}

#[test]
fn a_disk_that_fails_to_sync_is_told_by_health_and_gone_on_from() {
    let (dir, config, first) = prepare();
    let failing = dir.path().join("failing");
    let process = Process::start(&config.data, &[("WATCHPOST_TEST_FAIL_SYNC", failing.to_str().unwrap())]);
    let health = || process.call("GET /health HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").unwrap();
    assert_eq!(process.post(&event_envelope(1, &error("A", "f"))), Some(200));
    assert_eq!(health().0, 200);
    std::fs::write(&failing, "").unwrap();
    assert_eq!(process.post(&event_envelope(2, &error("A", "f"))), Some(429));
    let (status, body) = health();
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("asked to fail"), "{body}");
    // Longer than the pause between attempts: it stays refused as long as the disk fails.
    std::thread::sleep(Duration::from_millis(1_500));
    assert_eq!((process.post(&event_envelope(3, &error("A", "f"))), health().0), (Some(429), 503));
    std::fs::remove_file(&failing).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    while health().0 != 200 {
        assert!(Instant::now() < deadline, "it recovers by itself");
        std::thread::sleep(Duration::from_millis(50));
    }
    for id in [2, 3] {
        assert_eq!(process.post(&event_envelope(id, &error("A", "f"))), Some(200), "the client tries again");
    }
    process.issues(&first.token, 3);
    drop(process);
    let process = Process::start(&config.data, &[]);
    assert_eq!(process.post(&event_envelope(4, &error("A", "f"))), Some(200));
    process.issues(&first.token, 4);
}

#[test]
fn an_event_that_makes_a_worker_panic_is_counted_and_the_others_are_stored() {
    let (_dir, config, first) = prepare();
    let process = Process::start(&config.data, &[("WATCHPOST_TEST_PANIC", "Poison")]);
    for id in 1..=20 {
        let kind = if id % 5 == 0 { "Poison" } else { "A" };
        assert_eq!(process.post(&event_envelope(id, &error(kind, "f"))), Some(200));
    }
    // The last one panics: the other sixteen may be stored before it is counted.
    let outcomes = process.outcomes(&first.token, 20);
    process.issues(&first.token, 16);
    assert_eq!((counted(&outcomes, "accepted", ""), counted(&outcomes, "invalid", "internal")), (16, 4));
    let metrics = process.call("GET /metrics HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").unwrap().1;
    assert!(metrics.contains("watchpost_invalid_items_total 4\n"), "{metrics}");
}
