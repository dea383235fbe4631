mod acks;
mod compact;
mod reuse;
mod room;

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

fn fill(outbox: &Outbox, lane: Lane, range: std::ops::Range<u32>) {
    for n in range {
        outbox.append(lane, &[format!("{}{n:099}", lane.letter()).as_bytes()]).unwrap();
    }
}

fn number(text: &str) -> u32 {
    text[1..].parse().unwrap()
}

type GivenUp = (Lane, Cause, u32);

fn evicted(outbox: &Outbox) -> Vec<GivenUp> {
    let mut all = Vec::new();
    for segment in outbox.take_evicted() {
        let lost = segment.for_each(|bytes| {
            all.push((segment.lane(), segment.cause(), number(std::str::from_utf8(bytes).unwrap())));
        });
        assert_eq!(lost.unwrap(), Lost::default());
    }
    all
}

fn folder_bytes(dir: &Path) -> u64 {
    std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
}

fn only_file(dir: &Path) -> std::path::PathBuf {
    let mut entries = std::fs::read_dir(dir).unwrap();
    let path = entries.next().unwrap().unwrap().path();
    assert!(entries.next().is_none());
    path
}

#[test]
fn acknowledging_out_of_order_or_twice_is_fine() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..4);
    let mut ids = Vec::new();
    while let Some(record) = outbox.peek_after(Lane::Bulk, ids.last().copied()).unwrap() {
        assert_eq!(number(std::str::from_utf8(&record.bytes).unwrap()), ids.len() as u32);
        ids.push(record.id);
    }
    assert!(ids.is_sorted() && ids.len() == 4);
    for id in [ids[2], ids[0], ids[2], ids[0]] {
        outbox.ack(id).unwrap();
    }
    assert_eq!(outbox.pending(), 2);
    assert_eq!(outbox.peek_after(Lane::Bulk, Some(ids[1])).unwrap().unwrap().id, ids[3]);
    assert_eq!(drain(&outbox).iter().map(|text| number(text)).collect::<Vec<_>>(), [1, 3]);
    assert!(outbox.peek_after(Lane::Bulk, Some(ids[3])).unwrap().is_none());
}

#[test]
fn closed_segments_go_with_their_last_record_but_one() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..30);
    assert!(files(dir.path()) >= 4);
    assert_eq!(drain(&outbox).len(), 30);
    assert_eq!(files(dir.path()), 2, "the active one stays, and one to be written over next");
    fill(&outbox, Lane::Urgent, 30..40);
    assert_eq!(drain(&outbox).len(), 10);
    assert_eq!(files(dir.path()), 2, "one that was delivered before it was full goes when it is");
}

#[test]
fn the_next_process_delivers_what_was_not_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let first = Outbox::open(small(dir.path())).unwrap();
    fill(&first, Lane::Urgent, 0..20);
    fill(&first, Lane::Bulk, 0..5);
    for _ in 0..3 {
        first.ack(first.peek().unwrap().unwrap().id).unwrap();
    }
    let second = Outbox::open(small(dir.path())).unwrap();
    assert!(Outbox::has_orphans(dir.path()));
    assert_eq!(second.adopt(early()).unwrap(), Adopted::default(), "the first is alive");
    drop(first);
    fill(&second, Lane::Urgent, 20..21);
    let adopted = second.adopt(early()).unwrap();
    assert_eq!((adopted.records, adopted.expired, adopted.more), (22, 0, false));
    assert_eq!(second.adopt(early()).unwrap(), Adopted::default());
    let all: Vec<u32> = drain(&second).iter().map(|text| number(text)).collect();
    assert!(all.iter().copied().eq((3..21).chain(0..5)), "{all:?}");
    assert_eq!(second.take_lost(), Lost::default());
    drop(second);
    assert!(!Outbox::has_orphans(dir.path()));
}

#[test]
fn of_two_adopters_one_gets_each_segment() {
    for _ in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let dead = Outbox::open(OutboxConfig { max_bytes: 64_000, ..small(dir.path()) }).unwrap();
        fill(&dead, Lane::Urgent, 0..60);
        drop(dead);
        let adopters = [0, 1].map(|_| Outbox::open(OutboxConfig::new(dir.path())).unwrap());
        let start = std::sync::Barrier::new(2);
        std::thread::scope(|scope| {
            for adopter in &adopters {
                scope.spawn(|| {
                    start.wait();
                    adopter.adopt(early()).unwrap();
                });
            }
        });
        let mut all: Vec<u32> = adopters.iter().flat_map(drain).map(|text| number(&text)).collect();
        all.sort_unstable();
        assert!(all.into_iter().eq(0..60));
    }
}

#[test]
fn more_segments_than_may_be_open_are_taken_in_turns() {
    let dir = tempfile::tempdir().unwrap();
    // Too large to be joined with others.
    let config = || OutboxConfig { segment_bytes: 1000, max_bytes: 64_000, ..OutboxConfig::new(dir.path()) };
    for n in 0..70 {
        let dead = Outbox::open(config()).unwrap();
        fill(&dead, Lane::Urgent, n..n + 1);
    }
    let outbox = Outbox::open(config()).unwrap();
    let mut all = Vec::new();
    let mut rounds = 0;
    loop {
        rounds += 1;
        let more = outbox.adopt(early()).unwrap().more;
        all.extend(drain(&outbox).iter().map(|text| number(text)));
        if !more {
            break;
        }
    }
    all.sort_unstable();
    assert!(all.into_iter().eq(0..70));
    assert_eq!(rounds, 3);
}

#[test]
fn what_is_too_old_is_given_up_and_reported() {
    let dir = tempfile::tempdir().unwrap();
    let dead = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&dead, Lane::Urgent, 0..2);
    fill(&dead, Lane::Bulk, 0..3);
    drop(dead);
    let written = only_now(dir.path());
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 3..5);
    let day = Duration::from_secs(86_400);
    let adopted = outbox.adopt(written + day + Duration::from_secs(60)).unwrap();
    assert_eq!((adopted.segments, adopted.records, adopted.expired), (1, 2, 2));
    let mut bulk = evicted(&outbox);
    bulk.sort_by_key(|lost| lost.2);
    assert!(bulk.iter().map(|lost| lost.2).eq(0..5), "left behind or our own");
    assert!(bulk.iter().all(|lost| lost.1 == Cause::Expired));
    assert_eq!(outbox.adopt(written + 13 * day).unwrap(), Adopted::default());
    assert_eq!(outbox.adopt(written + 15 * day).unwrap().expired, 1);
    assert_eq!((outbox.pending(), files(dir.path())), (0, 0));
    fill(&outbox, Lane::Bulk, 9..10);
    assert_eq!(drain(&outbox).len(), 1, "a given up active segment is followed by another");
}

fn only_now(dir: &Path) -> SystemTime {
    let modified =
        |entry: std::io::Result<std::fs::DirEntry>| entry.unwrap().metadata().unwrap().modified().unwrap();
    std::fs::read_dir(dir).unwrap().map(modified).max().unwrap()
}

#[test]
fn acknowledging_does_not_make_an_adopted_segment_younger() {
    let dir = tempfile::tempdir().unwrap();
    let dead = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&dead, Lane::Bulk, 0..2);
    drop(dead);
    let path = only_file(dir.path());
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(at(1000)).unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert_eq!(outbox.adopt(at(2000)).unwrap().records, 2);
    outbox.ack(outbox.peek().unwrap().unwrap().id).unwrap();
    assert_eq!(path.metadata().unwrap().modified().unwrap(), at(1000));
}

#[test]
fn a_vanished_folder_comes_back_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("spool");
    let outbox = Outbox::open(OutboxConfig::new(&path)).unwrap();
    fill(&outbox, Lane::Urgent, 0..2);
    std::fs::remove_dir_all(&path).unwrap();
    fill(&outbox, Lane::Urgent, 2..4);
    assert_eq!(files(&path), 1);
    assert!(drain(&outbox).iter().map(|text| number(text)).eq(0..4));
    std::fs::remove_dir_all(&path).unwrap();
    std::fs::write(&path, "in the way").unwrap();
    let error = outbox.append(Lane::Urgent, &[b"x"]).unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    std::fs::remove_file(&path).unwrap();
    outbox.append(Lane::Urgent, &[b"x"]).unwrap();
}

#[test]
fn a_segment_that_somebody_else_wrote_to_is_not_written_on() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..2);
    let path = only_file(dir.path());
    std::fs::OpenOptions::new().append(true).open(path).unwrap().set_len(150).unwrap();
    fill(&outbox, Lane::Urgent, 2..4);
    assert!(drain(&outbox).iter().map(|text| number(text)).eq([0, 2, 3]));
    assert_eq!(outbox.take_lost().records, 1);
    assert_eq!(outbox.pending(), 0);
}

#[test]
fn damage_is_skipped_counted_once_and_never_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..5);
    let path = only_file(dir.path());
    let file = std::fs::OpenOptions::new().write(true).open(path).unwrap();
    // The second record's payload, and the headers of the third and fourth: one damaged stretch of three records.
    for offset in [116 + 50, 2 * 116 + 3, 3 * 116 + 5] {
        std::os::unix::fs::FileExt::write_all_at(&file, b"\xFF\xFE", offset).unwrap();
    }
    let first = outbox.peek().unwrap().unwrap();
    for _ in 0..2 {
        let next = outbox.peek_after(Lane::Urgent, Some(first.id)).unwrap().unwrap();
        assert_eq!(number(std::str::from_utf8(&next.bytes).unwrap()), 4);
    }
    assert_eq!(drain(&outbox).len(), 2);
    assert_eq!(outbox.pending(), 0);
    assert_eq!(outbox.take_lost(), Lost { records: 3, bytes: 3 * 116 });
}

#[test]
fn records_beyond_the_limits_are_refused_or_get_a_segment_of_their_own() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    assert!(outbox.append(Lane::Urgent, &[&[0; 2000 - 15]]).unwrap_err().is_too_large());
    outbox.append(Lane::Urgent, &[&[7; 2000 - 16]]).unwrap();
    outbox.append(Lane::Urgent, &[]).unwrap();
    assert_eq!(outbox.peek().unwrap().unwrap().bytes, vec![7; 2000 - 16]);
    assert_eq!(drain_count(&outbox), 2);
}

fn drain_count(outbox: &Outbox) -> usize {
    std::iter::from_fn(|| outbox.peek().unwrap().map(|record| outbox.ack(record.id).unwrap())).count()
}

#[test]
fn threads_append_while_a_worker_delivers() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig {
        segment_bytes: 20_000,
        max_bytes: 1 << 20,
        ..OutboxConfig::new(dir.path())
    });
    let outbox = outbox.unwrap();
    let mut all = std::thread::scope(|scope| {
        for thread in 0..4u32 {
            let outbox = &outbox;
            scope.spawn(move || {
                fill(outbox, Lane::ALL[thread as usize % 2], thread * 500..(thread + 1) * 500)
            });
        }
        let worker = scope.spawn(|| {
            let mut all = Vec::new();
            while all.len() < 2000 {
                all.extend(drain(&outbox).iter().map(|text| number(text)));
                std::thread::yield_now();
            }
            all
        });
        worker.join().unwrap()
    });
    all.sort_unstable();
    assert!(all.into_iter().eq(0..2000));
    assert_eq!(outbox.take_lost(), Lost::default());
}

#[test]
fn a_closed_outbox_refuses_everything_and_deletes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..1);
    let id = outbox.peek().unwrap().unwrap().id;
    outbox.close_in_child();
    assert!(outbox.append(Lane::Urgent, &[b"x"]).unwrap_err().is_unavailable());
    assert!(outbox.peek().unwrap_err().is_unavailable());
    assert!(outbox.ack(id).unwrap_err().is_unavailable());
    assert!(outbox.adopt(early()).unwrap_err().is_unavailable());
    assert_eq!(outbox.pending(), 0);
    drop(outbox);
    let heir = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert_eq!(heir.adopt(early()).unwrap().records, 1);
}
