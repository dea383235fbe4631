use super::*;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

fn at(secs: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(secs)
}

/// A moment at which nothing that a test writes is old.
fn early() -> SystemTime {
    at(0)
}

fn small(dir: &Path) -> OutboxConfig {
    OutboxConfig { max_bytes: 8000, segment_bytes: 1000, ..OutboxConfig::new(dir) }
}

fn drain(outbox: &Outbox) -> Vec<String> {
    let mut all = Vec::new();
    while let Some(record) = outbox.peek().unwrap() {
        all.push(String::from_utf8(record.bytes).unwrap());
        outbox.ack(record.id).unwrap();
    }
    all
}

fn files(dir: &Path) -> usize {
    std::fs::read_dir(dir).unwrap().count()
}

#[test]
fn what_is_appended_comes_out_urgent_first_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert!(outbox.peek().unwrap().is_none());
    outbox.append(Lane::Bulk, &[b"b1"]).unwrap();
    outbox.append(Lane::Urgent, &[b"u", b"1"]).unwrap();
    outbox.append(Lane::Bulk, &[b"b2"]).unwrap();
    outbox.append(Lane::Urgent, &[b"u2"]).unwrap();
    assert_eq!(outbox.pending(), 4);
    assert_eq!(drain(&outbox), ["u1", "u2", "b1", "b2"]);
    assert_eq!(outbox.pending(), 0);
    drop(outbox);
    assert_eq!(files(dir.path()), 0, "nothing waits, nothing stays");
}
