//! What a 200 promises: the event is there, once, whatever happens to the process afterwards.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use support::{counted, error, event_envelope};
use watchpost_server::{Config, FirstRun, create_project, first_run};

/// The real binary.
struct Process {
    child: Child,
    address: String,
}

impl Process {
    fn start(data: &Path, environment: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_watchpost-server"))
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .envs(environment.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let line = lines.find(|line| line.as_ref().unwrap().contains("listening")).unwrap().unwrap();
        let url = serde_json::from_str::<Value>(&line).unwrap()["url"].as_str().unwrap().to_owned();
        Self { child, address: url.trim_start_matches("http://").to_owned() }
    }

    /// Status and body; `None` when the connection ended before an answer.
    fn call(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer.split_once("\r\n\r\n")?.1.to_owned()))
    }

    fn post(&self, body: &str) -> Option<u16> {
        let auth = support::auth();
        let length = body.len();
        let head = format!(
            "POST /api/42/envelope/ HTTP/1.1\r\nhost: t\r\nconnection: close\r\nx-sentry-auth: {auth}\r\n\
             content-length: {length}\r\n\r\n"
        );
        self.call(&(head + body)).map(|(status, _)| status)
    }

    fn get(&self, token: &str, path: &str) -> Value {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: t\r\nconnection: close\r\nauthorization: Bearer {token}\r\n\r\n"
        );
        let (status, body) = self.call(&request).unwrap();
        assert_eq!(status, 200, "{body}");
        serde_json::from_str(&body).unwrap()
    }

    /// The issue list once its counts add up to `events`, with a bound on the wait.
    fn issues(&self, token: &str, events: u64) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let issues = self.get(token, "/api/0/organizations/default/issues/");
            let all = issues.as_array().unwrap();
            let count: u64 =
                all.iter().map(|issue| issue["count"].as_str().unwrap().parse::<u64>().unwrap()).sum();
            if count >= events || Instant::now() > deadline {
                assert_eq!(count, events, "every event once");
                return issues;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The outcomes once they tell of as many as `quantity`, with a bound on the wait.
    fn outcomes(&self, token: &str, quantity: i64) -> Value {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let outcomes = self.get(token, "/api/0/organizations/default/outcomes/");
            let rows = outcomes.as_array().unwrap().iter();
            let told: i64 = rows.map(|row| row["quantity"].as_i64().unwrap()).sum();
            if told >= quantity || Instant::now() > deadline {
                return outcomes;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Already gone in the tests that kill it.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn prepare() -> (tempfile::TempDir, Config, FirstRun) {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::new(dir.path().join("data"));
    let key = support::KEY.to_owned();
    create_project(&config.data, support::URL, "shop", None, Some(support::PROJECT), Some(key)).unwrap();
    let first = first_run(&config.data, support::URL).unwrap().unwrap();
    (dir, config, first)
}

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
