//! Many small segments become few, and nothing in them is lost or reordered.

use super::*;

/// As many processes as there are numbers, each of which died after one record.
fn crash_loop(dir: &Path, numbers: std::ops::Range<u32>) {
    for n in numbers {
        let outbox = Outbox::open(OutboxConfig::new(dir)).unwrap();
        fill(&outbox, Lane::Urgent, n..n + 1);
    }
}

#[test]
fn a_crash_loop_leaves_one_file_and_every_record_in_order() {
    let dir = tempfile::tempdir().unwrap();
    crash_loop(dir.path(), 0..100);
    assert_eq!(files(dir.path()), 100);
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    let adopted = outbox.adopt(early()).unwrap();
    assert_eq!((adopted.segments, adopted.records, adopted.more), (1, 100, false));
    assert_eq!(files(dir.path()), 1);
    drop(outbox);

    let next = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert_eq!(next.adopt(early()).unwrap().records, 100);
    let mut numbers: Vec<_> = drain(&next).iter().map(|text| number(text)).collect();
    // Files of one second are ordered by their random names.
    numbers.sort_unstable();
    assert_eq!(numbers, (0..100).collect::<Vec<_>>());
    assert_eq!(files(dir.path()), 0);
}

#[test]
fn delivered_records_are_not_copied_and_few_files_are_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    crash_loop(dir.path(), 0..7);
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert_eq!(outbox.adopt(early()).unwrap().segments, 7, "not worth it");
    let record = outbox.peek().unwrap().unwrap();
    let delivered = number(std::str::from_utf8(&record.bytes).unwrap());
    outbox.ack(record.id).unwrap();
    drop(outbox);
    crash_loop(dir.path(), 7..20);
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert_eq!(outbox.adopt(early()).unwrap().records, 19);
    let numbers: Vec<_> = drain(&outbox).iter().map(|text| number(text)).collect();
    assert!(numbers.len() == 19 && !numbers.contains(&delivered));
}

#[test]
fn joining_keeps_the_age() {
    let dir = tempfile::tempdir().unwrap();
    crash_loop(dir.path(), 0..20);
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    let now = only_now(dir.path());
    assert_eq!(outbox.adopt(now).unwrap().segments, 1);
    drop(outbox);
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    let later = now + Duration::from_secs(15 * 24 * 60 * 60);
    assert_eq!(outbox.adopt(later).unwrap().expired, 1);
}

#[test]
fn segments_of_living_processes_stay_theirs() {
    let dir = tempfile::tempdir().unwrap();
    let alive = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&alive, Lane::Urgent, 500..501);
    crash_loop(dir.path(), 0..20);
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    assert_eq!(outbox.adopt(early()).unwrap().records, 20);
    assert_eq!(number(&drain(&alive)[0]), 500);
}

#[test]
fn records_before_a_mark_are_told_from_those_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    let mark = outbox.end(Lane::Urgent).unwrap();
    fill(&outbox, Lane::Urgent, 0..3);
    assert!(!outbox.waits_before(mark).unwrap(), "all of them came later");
    let mark = outbox.end(Lane::Urgent).unwrap();
    fill(&outbox, Lane::Urgent, 3..30);
    for n in 0..3 {
        assert!(outbox.waits_before(mark).unwrap());
        let record = outbox.peek().unwrap().unwrap();
        assert!(record.id < mark, "{n}");
        outbox.ack(record.id).unwrap();
    }
    assert!(!outbox.waits_before(mark).unwrap());
    assert_eq!(outbox.pending(), 27);
}

#[test]
fn with_a_counter_every_evicted_record_is_seen_once() {
    use std::sync::atomic::{AtomicU32, Ordering};
    let dir = tempfile::tempdir().unwrap();
    let counted = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&counted);
    let outbox = Outbox::open(small(dir.path())).unwrap().with_counter(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
    });
    fill(&outbox, Lane::Bulk, 0..400);
    for evicted in outbox.take_evicted() {
        evicted
            .for_each(|_| {
                counted.fetch_add(1, Ordering::Relaxed);
            })
            .unwrap();
    }
    assert_eq!(outbox.take_lost(), Lost::default(), "all were counted by what they are");
    let left = u32::try_from(outbox.pending()).unwrap();
    assert_eq!(counted.load(Ordering::Relaxed) + left, 400);
}
