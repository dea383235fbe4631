//! Events under load, and whether all of them are there afterwards.

use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::Connection;

use super::process::Process;
use super::{error, event_envelope};

pub fn random() -> u64 {
    RandomState::new().hash_one(0)
}

/// Rounds of kills: 20, or what `cargo xtask soak` says.
pub fn rounds() -> u64 {
    std::env::var("WATCHPOST_SOAK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(20)
}

/// One event of one of seven issues, with a session and a log line beside it.
pub fn envelope(id: u64) -> String {
    let session = serde_json::json!({ "sid": format!("{id:032x}"), "init": true, "status": "exited",
        "started": "2020-01-01T00:00:00Z", "timestamp": "2020-01-01T00:00:00Z", "attrs": { "release": "r" } });
    // The client's clock is years behind and says so, which the server corrects.
    let sent = "\"sent_at\":\"2020-01-01T00:00:00Z\"";
    let event = event_envelope(id.into(), &error(&format!("E{}", id % 7), "f"));
    let event = event.replacen('{', &format!("{{{sent},"), 1);
    let log = "{\"items\":[{\"body\":\"x\",\"level\":\"info\"}]}";
    let mut body = event;
    for (kind, payload) in [("session", session.to_string()), ("log", log.to_owned())] {
        body.push_str(&format!("{{\"type\":\"{kind}\",\"length\":{}}}\n{payload}\n", payload.len()));
    }
    body
}

/// When a storm ends: so long after its beginning, or after the first answer in it, however late a loaded machine
/// gives that.
#[derive(Clone, Copy)]
pub enum Life {
    FromBegin(Duration),
    FromAnswer(Duration),
}

/// Sends from four threads until the server is killed; every id that was answered with 200 goes to `answered`.
pub fn storm(process: &Process, next: &AtomicU64, answered: &Mutex<Vec<u64>>, life: Life) {
    let over = AtomicBool::new(false);
    let senders = AtomicU64::new(4);
    let before = answered.lock().unwrap().len();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    match process.post(&envelope(id)) {
                        Some(200) => answered.lock().unwrap().push(id),
                        Some(429) => {}
                        None => break,
                        Some(other) => panic!("{other}"),
                    }
                }
                senders.fetch_sub(1, Ordering::Relaxed);
            });
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        let life = match life {
            Life::FromBegin(life) => life,
            Life::FromAnswer(life) => {
                // A server that ends by itself has no sender left.
                while answered.lock().unwrap().len() == before
                    && senders.load(Ordering::Relaxed) > 0
                    && Instant::now() < deadline
                {
                    std::thread::sleep(Duration::from_millis(2));
                }
                life
            }
        };
        std::thread::sleep(life);
        // SIGKILL: no handler runs, whatever the server is at.
        let pid = rustix::process::Pid::from_raw(process.child.id() as i32).unwrap();
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        over.store(true, Ordering::Relaxed);
    });
}

pub fn number(file: &Connection, sql: &str) -> u64 {
    file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap() as u64
}

/// Everything answered is counted, each thing once, and all counts agree.
pub fn assert_whole(data: &Path, answered: &[u64], sent: u64) {
    let found = watchpost_server::check(data).unwrap();
    assert_eq!((found.problems.as_slice(), found.uncounted, found.waiting), (&[][..], 0, 0), "{found:?}");
    let meta = Connection::open(data.join("meta.db")).unwrap();
    let mut look = meta.prepare("SELECT count(*) FROM event_keys WHERE event_id = ?1").unwrap();
    for id in answered {
        let key = u128::from(*id).to_be_bytes();
        assert_eq!(look.query_row([key], |row| row.get::<_, i64>(0)).unwrap(), 1, "event {id}");
    }
    let events = number(&meta, "SELECT count(*) FROM event_keys");
    assert!(events >= answered.len() as u64 && events <= sent, "{} <= {events} <= {sent}", answered.len());
    assert_eq!(found.events, events);
    assert_eq!(number(&meta, "SELECT coalesce(sum(events), 0) FROM issues"), events);
    assert_eq!(number(&meta, "SELECT coalesce(sum(events), 0) FROM issue_hours"), events);
    assert_eq!(number(&meta, "SELECT coalesce(sum(total), 0) FROM session_hours"), events, "a session each");
    let accepted =
        "SELECT coalesce(sum(quantity), 0) FROM outcomes WHERE outcome = 'accepted' AND category = ";
    for category in ["error", "session", "log_item"] {
        assert_eq!(number(&meta, &format!("{accepted}'{category}'")), events, "{category}");
    }
}

/// Digests what is left and ends in good order.
pub fn finish(data: &Path, token: &str, at_least: u64) {
    let process = Process::start(data, &[]);
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let metrics =
            process.call("GET /metrics HTTP/1.1\r\nhost: t\r\nconnection: close\r\n\r\n").unwrap().1;
        if metrics.contains("watchpost_queue_records 0\n") {
            break;
        }
        assert!(Instant::now() < deadline, "the digest is stuck");
        std::thread::sleep(Duration::from_millis(50));
    }
    let issues = process.get(token, "/api/0/organizations/default/issues/");
    assert!(at_least == 0 || !issues.as_array().unwrap().is_empty());
    let pid = rustix::process::Pid::from_raw(process.child.id() as i32).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    let mut process = process;
    assert!(process.child.wait().unwrap().success());
}
