//! A storm, and everything that can happen to the server in it: whatever was answered with 200 is there afterwards, once.

mod support;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use support::process::{Process, prepare};
use support::storm::{Life, assert_whole, envelope, finish, number, random, rounds, storm};

#[test]
fn kills_at_random_lose_nothing_and_double_nothing() {
    let (_dir, config, first) = prepare();
    let (next, answered) = (AtomicU64::new(1), Mutex::new(Vec::new()));
    for round in 0..rounds() {
        // In every third round the server dies between the two commits of a batch.
        let at = format!("between-commits:{}", 1 + random() % 6);
        let environment = [("WATCHPOST_TEST_ABORT", at.as_str())];
        let process = Process::start(&config.data, if round % 3 == 2 { &environment } else { &[] });
        let life = Duration::from_millis(random() % 300);
        let life = if round % 2 == 0 { Life::FromAnswer(life) } else { Life::FromBegin(life) };
        storm(&process, &next, &answered, life);
    }
    let answered = answered.into_inner().unwrap();
    assert!(!answered.is_empty(), "the storm reached the server");
    finish(&config.data, &first.token, answered.len() as u64);
    assert_whole(&config.data, &answered, next.load(Ordering::Relaxed));
}

/// While somebody else has the store locked, ingest goes on until its spool is full, says so, and goes on by itself.
#[test]
fn a_locked_store_fills_the_spool_and_empties_it_again() {
    let (_dir, config, first) = prepare();
    let process = Process::start(&config.data, &[("WATCHPOST_SPOOL_BYTES", "400000")]);
    let lock = Connection::open(config.data.join("meta.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut answered = Vec::new();
    let mut id = 0;
    let refusal = loop {
        id += 1;
        match process.post(&envelope(id)) {
            Some(200) => answered.push(id),
            Some(429) => break process.post_full(&envelope(id)).unwrap(),
            other => panic!("{other:?}"),
        }
        assert!(id < 10_000, "the spool never fills");
    };
    assert!(refusal.contains("x-sentry-rate-limits: ") && refusal.contains("queue_full"), "{refusal}");
    assert!(refusal.contains("error;") || refusal.contains(":error"), "by category: {refusal}");
    lock.execute_batch("ROLLBACK").unwrap();
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        id += 1;
        match process.post(&envelope(id)) {
            Some(200) => break answered.push(id),
            Some(429) => std::thread::sleep(Duration::from_millis(50)),
            other => panic!("{other:?}"),
        }
        assert!(Instant::now() < deadline, "it recovers by itself");
    }
    drop(process);
    finish(&config.data, &first.token, 1);
    assert_whole(&config.data, &answered, id + 1);
}

/// A damaged record costs itself.
#[test]
fn a_damaged_segment_costs_what_is_damaged() {
    let (_dir, config, first) = prepare();
    let process = Process::start(&config.data, &[]);
    let lock = Connection::open(config.data.join("meta.db")).unwrap();
    lock.execute_batch("BEGIN IMMEDIATE").unwrap();
    for id in 1..=30 {
        assert_eq!(process.post(&envelope(id)), Some(200));
    }
    // Killed with everything still in the spool.
    drop(process);
    lock.execute_batch("ROLLBACK").unwrap();
    drop(lock);
    let spool = config.data.join("spool");
    let segment = std::fs::read_dir(&spool).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.filter(|path| path.extension().is_some_and(|end| end == "log")).max().unwrap();
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0xFF;
    std::fs::write(&segment, bytes).unwrap();
    let found = watchpost_server::check(&config.data).unwrap();
    assert!(found.problems.iter().any(|problem| problem.starts_with("spool: ")), "{found:?}");
    finish(&config.data, &first.token, 1);
    let meta = Connection::open(config.data.join("meta.db")).unwrap();
    assert_eq!(number(&meta, "SELECT count(*) FROM event_keys"), 29);
    assert!(watchpost_server::check(&config.data).unwrap().problems.is_empty());
}

/// A copy that is made in the middle of a storm starts, and has everything that was answered before it was begun.
#[test]
fn a_backup_amid_a_storm_is_whole() {
    let (dir, config, first) = prepare();
    let process = Process::start(&config.data, &[]);
    let (next, answered) = (AtomicU64::new(1), Arc::new(Mutex::new(Vec::new())));
    let (copy, back) = (dir.path().join("copy"), dir.path().join("back"));
    let before = std::thread::scope(|scope| {
        let making = scope.spawn(|| {
            let deadline = Instant::now() + Duration::from_secs(60);
            while answered.lock().unwrap().len() < 20 && Instant::now() < deadline {
                std::thread::sleep(Duration::from_millis(10));
            }
            let before = answered.lock().unwrap().clone();
            watchpost_server::backup(&config.data, &copy).unwrap();
            before
        });
        storm(&process, &next, &answered, Life::FromAnswer(Duration::from_millis(1_500)));
        making.join().unwrap()
    });
    assert!(!before.is_empty(), "the storm had begun");
    assert!(watchpost_server::backup(&config.data, &copy).is_err(), "never over another copy");
    watchpost_server::restore(&copy, &back).unwrap();
    finish(&back, &first.token, 1);
    assert_whole(&back, &before, next.load(Ordering::Relaxed));
}
