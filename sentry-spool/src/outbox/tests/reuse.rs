//! Delivered segments whose files are written over.

use super::acks::{deliver, killed};
use super::*;
use std::os::unix::fs::{FileExt, MetadataExt};

/// One lane of closed and delivered segments, so that the next record goes over one of them.
fn over_a_delivered_one(dir: &Path) -> Outbox {
    let outbox = Outbox::open(small(dir)).unwrap();
    fill(&outbox, Lane::Urgent, 0..8);
    assert_eq!(drain(&outbox).len(), 8);
    outbox
}

fn inodes(dir: &Path) -> Vec<u64> {
    let mut all: Vec<u64> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().metadata().unwrap().ino()).collect();
    all.sort_unstable();
    all
}

#[test]
fn a_process_that_delivers_goes_round_in_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = over_a_delivered_one(dir.path());
    let before = inodes(dir.path());
    assert_eq!(before.len(), 1);
    for n in 8..200 {
        fill(&outbox, Lane::Urgent, n..n + 1);
        assert_eq!(drain(&outbox).iter().map(|text| number(text)).collect::<Vec<_>>(), [n]);
        assert!(folder_bytes(dir.path()) <= 1250, "a segment and its acknowledgements");
    }
    assert_eq!(inodes(dir.path()), before, "no file was made or deleted");
    assert!(name::is_reused(only_file(dir.path()).file_name().unwrap().to_str().unwrap()));
    drop(outbox);
    assert_eq!(files(dir.path()), 0);
}

#[test]
fn one_that_lags_behind_alternates_between_two() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..12);
    deliver(&outbox, 9, 1);
    let before = inodes(dir.path());
    assert_eq!(before.len(), 2);
    for n in 12..100 {
        fill(&outbox, Lane::Urgent, n..n + 1);
        deliver(&outbox, 1, 1);
        assert_eq!(number(std::str::from_utf8(&outbox.peek().unwrap().unwrap().bytes).unwrap()), n - 2);
    }
    assert_eq!(inodes(dir.path()), before);
    assert_eq!(outbox.take_lost(), Lost::default());
}

#[test]
fn what_a_killed_process_had_written_over_a_delivered_file_is_delivered_and_nothing_else() {
    for written in 0..20 {
        let dir = tempfile::tempdir().unwrap();
        let outbox = over_a_delivered_one(dir.path());
        fill(&outbox, Lane::Urgent, 100..100 + written);
        assert_eq!(killed(&outbox, dir.path()), (100..100 + written).collect::<Vec<_>>());
        assert_eq!(files(dir.path()), 0);
    }
}

#[test]
fn behind_the_last_record_nothing_is_lost_and_before_it_all_that_is_damaged() {
    // The header of the second record, its payload, and the header of the last, which cannot be told from what was there.
    for (at, reported) in [(116, 1), (200, 1), (232, 0), (300, 1)] {
        let dir = tempfile::tempdir().unwrap();
        let outbox = over_a_delivered_one(dir.path());
        fill(&outbox, Lane::Urgent, 100..103);
        outbox.close_in_child();
        let file = std::fs::File::options().write(true).open(only_file(dir.path())).unwrap();
        file.write_all_at(&[0], at).unwrap();
        let next = Outbox::open(small(dir.path())).unwrap();
        next.adopt(early()).unwrap();
        let hit = 100 + u32::try_from(at / 116).unwrap();
        let found: Vec<u32> = drain(&next).iter().map(|text| number(text)).collect();
        assert_eq!(found, (100..103).filter(|n| *n != hit).collect::<Vec<_>>(), "at {at}");
        assert_eq!(next.take_lost(), Lost { records: reported, bytes: 116 * reported }, "at {at}");
    }
}

#[test]
fn a_file_that_may_be_read_just_now_is_not_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = over_a_delivered_one(dir.path());
    let before = inodes(dir.path());
    // As a flush does that looks for a record while the last one is acknowledged and the next appended.
    let reading = outbox.ahead.lock().unwrap();
    fill(&outbox, Lane::Urgent, 8..9);
    drop(reading);
    assert!(!name::is_reused(only_file(dir.path()).file_name().unwrap().to_str().unwrap()));
    assert_eq!(before.len(), 1);
    assert_eq!(drain(&outbox).len(), 1);
}

#[test]
fn a_record_that_is_larger_than_a_segment_gets_a_file_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = over_a_delivered_one(dir.path());
    for _ in 0..3 {
        outbox.append(Lane::Urgent, &[&[b'x'; 1500]]).unwrap();
        assert_eq!(drain(&outbox).len(), 1);
    }
    fill(&outbox, Lane::Urgent, 8..9);
    assert_eq!(drain(&outbox).len(), 1);
    assert_eq!(files(dir.path()), 1, "the large one went, the spare one came back");
}

#[test]
fn a_spare_file_that_somebody_took_away_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..9);
    deliver(&outbox, 8, 1);
    assert_eq!(files(dir.path()), 2, "one is kept");
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let path = file.unwrap().path();
        if name::is_reused(path.file_name().unwrap().to_str().unwrap()) {
            std::fs::remove_file(path).unwrap();
        }
    }
    fill(&outbox, Lane::Urgent, 9..30);
    assert!(drain(&outbox).iter().map(|text| number(text)).eq(8..30));
}

#[test]
fn spare_files_go_before_any_record_does() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..9);
    deliver(&outbox, 8, 1);
    assert_eq!(files(dir.path()), 2);
    // One segment of bulk, and seven of urgent records, which are all that the cap allows.
    fill(&outbox, Lane::Urgent, 0..7 * 8);
    assert!(evicted(&outbox).is_empty());
    assert_eq!(outbox.pending(), 1 + 7 * 8);
    assert!(folder_bytes(dir.path()) <= 8000);
}
