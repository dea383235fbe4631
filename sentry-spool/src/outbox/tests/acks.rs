//! Acknowledgements that are written several at a time.

use super::*;

/// What the next process finds after this one was killed.
pub(super) fn killed(outbox: &Outbox, dir: &Path) -> Vec<u32> {
    outbox.close_in_child();
    let next = Outbox::open(OutboxConfig::new(dir)).unwrap();
    next.adopt(early()).unwrap();
    let found: Vec<u32> = drain(&next).iter().map(|text| number(text)).collect();
    found
}

pub(super) fn deliver(outbox: &Outbox, count: usize, at_once: usize) {
    for _ in 0..count {
        outbox.ack_up_to(outbox.peek().unwrap().unwrap().id, at_once).unwrap();
    }
}

#[test]
fn what_is_marked_is_not_delivered_again_by_this_process_and_by_the_next_only_if_it_was_not_written() {
    for (count, written, left) in [(2, false, 0..6), (3, false, 3..6), (5, false, 3..6), (5, true, 5..6)] {
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
        fill(&outbox, Lane::Bulk, 0..6);
        deliver(&outbox, count, 3);
        assert_eq!(outbox.pending(), 6 - count);
        if written {
            outbox.write_acks().unwrap();
        }
        assert_eq!(killed(&outbox, dir.path()), left.collect::<Vec<_>>(), "{count} {written}");
    }
}

#[test]
fn an_end_without_haste_writes_them() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..4);
    deliver(&outbox, 3, usize::MAX);
    drop(outbox);
    let next = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
    next.adopt(early()).unwrap();
    assert_eq!(drain(&next).len(), 1);
}

#[test]
fn records_that_come_between_are_read_and_closed_segments_go_as_ever() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    let mut seen = Vec::new();
    for n in 0..30 {
        fill(&outbox, Lane::Bulk, n..n + 1);
        if n % 3 > 0 {
            let record = outbox.peek().unwrap().unwrap();
            seen.push(number(std::str::from_utf8(&record.bytes).unwrap()));
            outbox.ack_up_to(record.id, 4).unwrap();
        }
    }
    seen.extend(drain(&outbox).iter().map(|text| number(text)));
    assert_eq!(seen, (0..30).collect::<Vec<_>>());
    assert_eq!(files(dir.path()), 2, "the active one, and one to be written over next");
    drop(outbox);
    assert_eq!(files(dir.path()), 0);
}
