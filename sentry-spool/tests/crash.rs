//! What is left after a process was killed, forked, or ran out of disk.
//!
//! The tests run this binary again as a child that plays one role and is then killed.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

mod support;

use std::collections::BTreeSet;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, UNIX_EPOCH};
use support::Child;
use watchpost_spool::{LeftBehind, Log, LogConfig, Lost, Outbox, OutboxConfig, Position, StateFile};

const NOTHING: [u32; 0] = [];

/// Delivers everything that dead processes left in the folder: their numbers, and what was damaged.
fn adopt_all(dir: &Path) -> (Vec<u32>, Lost) {
    let outbox = Outbox::open(OutboxConfig::new(dir)).unwrap();
    let mut numbers = Vec::new();
    loop {
        let adopted = outbox.adopt(UNIX_EPOCH).unwrap();
        while let Some(record) = outbox.peek().unwrap() {
            numbers.push(support::number_of(&record.bytes));
            outbox.ack(record.id).unwrap();
        }
        if !adopted.more {
            return (numbers, outbox.take_lost());
        }
    }
}

#[test]
fn a_killed_process_leaves_its_records_to_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::start("append", dir.path(), 20);
    child.wait_for("appended 20");
    assert_eq!(adopt_all(dir.path()).0, NOTHING, "it lives");
    child.kill();
    let (numbers, lost) = adopt_all(dir.path());
    assert!(numbers.into_iter().eq(0..20));
    assert_eq!(lost, Lost::default());
    assert!(!Outbox::has_orphans(dir.path()));
}

#[test]
fn what_a_killed_process_had_acknowledged_is_not_delivered_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::start("ack-half", dir.path(), 20);
    child.wait_for("acknowledged 10");
    child.kill();
    assert!(adopt_all(dir.path()).0.into_iter().eq(10..20));
}

#[test]
fn killed_at_any_moment_nothing_that_was_confirmed_is_missing() {
    for round in 0..10u64 {
        let dir = tempfile::tempdir().unwrap();
        let mut children = [0, 1].map(|_| Child::start("append-forever", dir.path(), 0));
        for child in &mut children {
            child.wait_for("appended 1");
        }
        std::thread::sleep(Duration::from_micros(300 * round));
        let confirmed = children.map(|mut child| child.kill_and_last("appended "));
        let (numbers, lost) = adopt_all(dir.path());
        // SIGKILL may end a write between two pages. That append had not returned; it is the last of its file.
        assert!(lost.records <= 2 && lost.bytes < 2 * support::RECORD_BYTES as u64, "{lost:?}");
        // Both writers count from 0: every number that both confirmed is there twice.
        for n in 0..confirmed[0].max(confirmed[1]) {
            let want = confirmed.iter().filter(|confirmed| n < **confirmed).count();
            let have = numbers.iter().filter(|number| **number == n).count();
            assert!(have >= want, "record {n} of {confirmed:?}: {have} of {want}");
        }
    }
}

#[test]
fn killed_while_it_writes_over_what_is_delivered_it_leaves_what_was_not() {
    let lag = u32::try_from(support::LAG).unwrap();
    let mut written_over = 0;
    for round in 0..20u64 {
        let dir = tempfile::tempdir().unwrap();
        let mut child = Child::start("deliver-forever", dir.path(), 0);
        child.wait_for("appended 40");
        std::thread::sleep(Duration::from_micros(211 * round));
        let confirmed = child.kill_and_last("appended ").max(40);
        let names = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
        written_over += names.filter(|name| name.to_string_lossy().split('-').count() == 5).count();
        let (numbers, lost) = adopt_all(dir.path());
        // The last one confirmed, and those that lag; one more may have been appended, or one acknowledged.
        let waiting: Vec<u32> = (confirmed - lag..confirmed).collect();
        let extra: Vec<u32> = numbers.iter().copied().filter(|number| !waiting.contains(number)).collect();
        assert!(waiting.iter().skip(1).all(|number| numbers.contains(number)), "{numbers:?} of {confirmed}");
        assert!(
            extra.iter().all(|n| *n == confirmed || n + lag + 1 == confirmed),
            "{extra:?} of {confirmed}"
        );
        assert!(numbers.is_sorted() && lost.records <= 1, "{numbers:?}, {lost:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    }
    assert!(written_over > 20, "{written_over}");
}

#[test]
fn a_forked_child_that_closed_its_copy_does_not_keep_the_segments() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Child::start("fork-and-close", dir.path(), 5);
    let grandchild = support::Pid(parent.wait_for("forked "));
    parent.wait_for("closed 1");
    assert_eq!(adopt_all(dir.path()).0, NOTHING, "the parent lives");
    parent.kill();
    assert!(grandchild.is_alive());
    assert!(adopt_all(dir.path()).0.into_iter().eq(0..5));
    assert!(grandchild.is_alive());
}

#[test]
fn a_forked_child_that_kept_its_copy_keeps_the_segments_until_it_ends() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Child::start("fork-and-keep", dir.path(), 5);
    let grandchild = support::Pid(parent.wait_for("forked "));
    parent.kill();
    assert_eq!(adopt_all(dir.path()).0, NOTHING, "the copy is a lock too: this is why it must be closed");
    drop(grandchild);
    let mut numbers = Vec::new();
    support::until(|| {
        numbers = adopt_all(dir.path()).0;
        !numbers.is_empty()
    });
    assert!(numbers.into_iter().eq(0..5));
}

#[test]
fn a_forked_child_writes_to_an_outbox_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Child::start("fork-and-append", dir.path(), 5);
    let grandchild = support::Pid(parent.wait_for("forked "));
    parent.wait_for("child appended 5");
    parent.kill();
    assert!(adopt_all(dir.path()).0.into_iter().eq(0..5), "the parent's");
    drop(grandchild);
    let mut numbers = Vec::new();
    support::until(|| {
        numbers.extend(adopt_all(dir.path()).0);
        numbers.len() == 5
    });
    assert!(numbers.into_iter().eq(0..5), "the child's");
}

#[test]
fn a_forked_child_has_states_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let mut parent = Child::start("fork-with-states", dir.path(), 0);
    let child = support::Pid(parent.wait_for("forked "));
    parent.wait_for("child wrote 2");
    assert!(StateFile::left_behind(dir.path()).unwrap().is_empty(), "both live");
    parent.kill();
    let states = |left: Vec<LeftBehind>| left.into_iter().map(|left| left.state).collect::<Vec<_>>();
    assert_eq!(states(StateFile::left_behind(dir.path()).unwrap()), [Some(b"parent".to_vec())]);
    drop(child);
    let mut left = Vec::new();
    support::until(|| {
        left = states(StateFile::left_behind(dir.path()).unwrap());
        left.len() == 3
    });
    left.sort();
    assert_eq!(left, [b"child".as_slice(), b"child", b"parent"].map(|state| Some(state.to_vec())));
}

#[test]
fn several_processes_write_to_one_folder_at_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut children = [0, 1, 2].map(|_| Child::start("append", dir.path(), 500));
    for child in &mut children {
        child.wait_for("appended 500");
    }
    children.iter_mut().for_each(Child::kill);
    let (mut numbers, lost) = adopt_all(dir.path());
    numbers.sort_unstable();
    assert!(numbers.into_iter().eq((0..500).flat_map(|n| [n; 3])));
    assert_eq!(lost, Lost::default());
}

#[test]
fn a_disk_that_fills_up_is_said_and_costs_only_what_was_refused() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::start("full-disk", dir.path(), 0);
    let stored = child.wait_for("full after ");
    child.kill();
    assert!(stored > 0);
    let (numbers, lost) = adopt_all(dir.path());
    assert!(numbers.into_iter().eq(0..stored));
    assert_eq!(lost, Lost::default(), "the part that fitted was cut off again");
}

#[test]
fn a_file_size_limit_known_at_the_start_is_kept_without_the_signal() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::start("small-files", dir.path(), 200);
    child.wait_for("appended 200");
    child.kill();
    assert!(adopt_all(dir.path()).0.into_iter().eq(0..200));
}

#[test]
fn a_killed_server_finds_its_log_again_and_goes_on_behind_it() {
    let dir = tempfile::tempdir().unwrap();
    let mut child = Child::start("log", dir.path(), 300);
    child.wait_for("appended 300");
    assert!(Log::open(LogConfig::new(dir.path())).unwrap_err().is_locked(), "it lives");
    child.kill();
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    let entries: Vec<_> = log.reader(Position::START).map(Result::unwrap).collect();
    assert!(entries.iter().map(|entry| support::number_of(&entry.bytes)).eq(0..300));
    assert!(log.append(&[b"next"]).unwrap() > entries[299].position);
}

/// The bytes and the path of a segment with `count` records, the first two acknowledged.
fn segment_of(dir: &Path, count: u32) -> (PathBuf, Vec<u8>) {
    let outbox = Outbox::open(OutboxConfig::new(dir)).unwrap();
    support::append(&outbox, 0..count);
    for _ in 0..2 {
        outbox.ack(outbox.peek().unwrap().unwrap().id).unwrap();
    }
    drop(outbox);
    let path = std::fs::read_dir(dir).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    (path, bytes)
}

#[test]
fn a_segment_cut_at_any_byte_delivers_every_whole_record() {
    let dir = tempfile::tempdir().unwrap();
    let (path, bytes) = segment_of(dir.path(), 5);
    let records = 5 * support::RECORD_BYTES;
    for cut in 0..=bytes.len() {
        std::fs::write(&path, &bytes[..cut]).unwrap();
        let (numbers, lost) = adopt_all(dir.path());
        let whole = (cut.min(records) / support::RECORD_BYTES) as u32;
        let acknowledged = (cut.saturating_sub(records) / support::ACK_BYTES) as u32;
        assert!(numbers.into_iter().eq(acknowledged..whole), "cut at {cut}");
        let torn = match cut.checked_sub(records) {
            None => cut % support::RECORD_BYTES,
            Some(acks) => acks % support::ACK_BYTES,
        };
        assert_eq!(lost.bytes, torn as u64, "cut at {cut}");
        assert!(!path.exists(), "delivered, so gone");
    }
}

#[test]
fn a_segment_with_any_bit_flipped_loses_that_record_only() {
    let dir = tempfile::tempdir().unwrap();
    let (path, bytes) = segment_of(dir.path(), 4);
    let records = 4 * support::RECORD_BYTES;
    for bit in 0..bytes.len() * 8 {
        std::fs::write(&path, &bytes).unwrap();
        let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all_at(&[bytes[bit / 8] ^ (1 << (bit % 8))], (bit / 8) as u64).unwrap();
        let (numbers, lost) = adopt_all(dir.path());
        let numbers: BTreeSet<u32> = numbers.into_iter().collect();
        let mut expected = BTreeSet::from([2, 3]);
        if bit / 8 < records {
            let hit = (bit / 8 / support::RECORD_BYTES) as u32;
            // The first two were delivered before: damage to them is no loss.
            let undelivered = expected.remove(&hit);
            assert_eq!(lost.records, u64::from(undelivered), "bit {bit}");
        } else {
            // A damaged acknowledgement: its record is delivered again.
            expected.insert(((bit / 8 - records) / support::ACK_BYTES) as u32);
        }
        assert_eq!(numbers, expected, "bit {bit}");
        assert!(!path.exists());
    }
}

#[test]
fn nonsense_in_the_folder_is_survived() {
    let dir = tempfile::tempdir().unwrap();
    let names =
        ["u-00000000-0000000000000001-000000.seg", "b-00000000-0000000000000002-000000.seg", "README"];
    // A seeded linear congruence: the same nonsense in every run.
    let mut state = 1u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 40
    };
    for _ in 0..200 {
        for name in names {
            let length = random() % 4000;
            let byte = |random: u64| if random & 1 == 0 { 0xF5 } else { (random >> 8) as u8 };
            let bytes: Vec<u8> = (0..length).map(|_| byte(random())).collect();
            std::fs::write(dir.path().join(name), bytes).unwrap();
        }
        assert_eq!(adopt_all(dir.path()).0, NOTHING);
    }
    std::fs::create_dir(dir.path().join("u-00000000-0000000000000003-000000.seg")).unwrap();
    assert_eq!(adopt_all(dir.path()).0, NOTHING);
    assert!(dir.path().join("README").exists(), "what is not ours stays");
}

#[test]
#[ignore = "played by the child processes of the other tests"]
fn child() {
    support::play();
}
