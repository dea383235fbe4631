use super::*;
use std::path::Path;

fn small(dir: &Path) -> LogConfig {
    LogConfig { segment_bytes: 200, ..LogConfig::new(dir) }
}

fn texts(log: &Log, from: Position) -> Vec<String> {
    log.reader(from).map(|entry| String::from_utf8(entry.unwrap().bytes).unwrap()).collect()
}

fn numbers(range: std::ops::Range<u32>) -> Vec<String> {
    range.map(|n| format!("record {n:04}")).collect()
}

fn fill(log: &Log, range: std::ops::Range<u32>) -> Vec<Position> {
    numbers(range).iter().map(|text| log.append(&[text.as_bytes()]).unwrap()).collect()
}

fn log_files(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    files.sort();
    files
}

#[test]
fn records_come_back_in_order_across_segments() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(small(dir.path())).unwrap();
    let positions = fill(&log, 0..50);
    assert!(positions.is_sorted());
    assert!(log.sync().unwrap() > positions[49]);
    assert!(log_files(dir.path()).len() > 5);
    let entries: Vec<_> = log.reader(Position::START).map(|entry| entry.unwrap().position).collect();
    assert_eq!(entries, positions);
}

#[test]
fn many_records_at_once_lie_as_if_appended_one_by_one() {
    let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let [one, all] = dirs
        .each_ref()
        .map(|dir| Log::open(LogConfig { segment_bytes: 20_000, ..LogConfig::new(dir.path()) }).unwrap());
    // More than a segment holds, and more than one call takes.
    let texts_of_all = numbers(0..2_000);
    let records: Vec<[&[u8]; 2]> =
        texts_of_all.iter().map(|text| [&text.as_bytes()[..3], &text.as_bytes()[3..]]).collect();
    let mut positions = Vec::new();
    all.append_all(&records[..700], &mut positions).unwrap();
    all.append_all(&records[..0], &mut positions).unwrap();
    all.append_all(&records[700..], &mut positions).unwrap();
    assert_eq!(positions, fill(&one, 0..2_000));
    assert_eq!((all.end(), all.bytes()), (one.end(), one.bytes()));
    assert_eq!(texts(&all, Position::START), texts_of_all);
    assert!(all.sync().unwrap() > positions[1_999]);
}

#[test]
fn of_many_records_those_before_the_one_that_does_not_fit_stay() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig { max_bytes: 1_000, ..small(dir.path()) }).unwrap();
    let mut positions = Vec::new();
    let error = log.append_all(&[[&[7; 84][..]]; 12], &mut positions).unwrap_err();
    assert!(error.is_full(), "{error}");
    assert_eq!((positions.len(), log.bytes()), (10, 1_000));
    let read: Vec<_> = log.reader(Position::START).map(|entry| entry.unwrap().position).collect();
    assert_eq!(read, positions);
}

#[test]
fn reading_starts_at_or_after_any_position() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(small(dir.path())).unwrap();
    let positions = fill(&log, 0..30);
    for (n, position) in positions.iter().enumerate() {
        assert_eq!(texts(&log, *position), numbers(n as u32..30), "from {n}");
        assert_eq!(texts(&log, position.just_after()), numbers(n as u32 + 1..30), "after {n}");
    }
    assert_eq!(texts(&log, log.end()), numbers(0..0));
}

#[test]
fn a_reader_goes_on_where_it_was_when_more_comes() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(small(dir.path())).unwrap();
    let mut reader = log.reader(Position::START);
    for n in 0..40 {
        assert!(reader.next().is_none());
        fill(&log, n..n + 1);
        assert_eq!(reader.next().unwrap().unwrap().bytes, format!("record {n:04}").as_bytes());
        assert_eq!(reader.position(), log.end());
    }
}

#[test]
fn reopening_keeps_the_records_and_never_repeats_a_position() {
    let dir = tempfile::tempdir().unwrap();
    let mut last = Position::START;
    for round in 0..5 {
        let log = Log::open(small(dir.path())).unwrap();
        assert_eq!(log.recovered(), Lost::default());
        assert_eq!(texts(&log, Position::START), numbers(0..round * 7));
        assert!(log.end() > last);
        for position in fill(&log, round * 7..(round + 1) * 7) {
            assert!(position > last);
            last = position;
        }
    }
}

#[test]
fn a_lost_folder_does_not_start_again_below_what_was_done() {
    let dir = tempfile::tempdir().unwrap();
    let done = Position::new(41, 1234);
    let log = Log::open(LogConfig { after: done, ..small(dir.path()) }).unwrap();
    let position = log.append(&[b"x"]).unwrap();
    assert!(position > done);
    assert_eq!(texts(&log, done.just_after()), ["x"]);
}

#[test]
fn the_end_cut_at_any_byte_loses_the_torn_record_only() {
    let whole = tempfile::tempdir().unwrap();
    fill(&Log::open(LogConfig::new(whole.path())).unwrap(), 0..4);
    let original = &log_files(whole.path())[0];
    let bytes = std::fs::read(original).unwrap();
    let one = bytes.len() / 4;
    for cut in 0..bytes.len() {
        let dir = tempfile::tempdir().unwrap();
        let copy = dir.path().join(original.file_name().unwrap());
        std::fs::write(&copy, &bytes[..cut]).unwrap();
        let log = Log::open(LogConfig::new(dir.path())).unwrap();
        let (kept, torn) = ((cut / one) as u32, (cut % one) as u64);
        assert_eq!(log.recovered(), Lost { records: u64::from(torn > 0), bytes: torn }, "cut at {cut}");
        assert_eq!(texts(&log, Position::START), numbers(0..kept), "cut at {cut}");
        assert_eq!(copy.metadata().unwrap().len(), (kept as usize * one) as u64, "the tail is gone");
        fill(&log, kept..kept + 1);
        assert_eq!(texts(&log, Position::START), numbers(0..kept + 1), "cut at {cut}");
    }
}

#[test]
fn damage_inside_is_skipped_and_counted_by_the_reader() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(small(dir.path())).unwrap();
    fill(&log, 0..20);
    let first = &log_files(dir.path())[0];
    let mut bytes = std::fs::read(first).unwrap();
    bytes[60] ^= 4;
    std::fs::write(first, bytes).unwrap();
    let mut reader = log.reader(Position::START);
    assert_eq!(reader.by_ref().count(), 19);
    assert_eq!(reader.lost().records, 1);
}

#[test]
fn truncating_deletes_whole_segments_that_are_done() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(small(dir.path())).unwrap();
    let positions = fill(&log, 0..30);
    let before = log_files(dir.path()).len();
    assert_eq!(log.truncate_before(Position::START).unwrap(), 0);
    let removed = log.truncate_before(positions[15]).unwrap();
    assert!(removed >= 1);
    assert_eq!(log_files(dir.path()).len(), before - removed);
    assert_eq!(texts(&log, positions[15]), numbers(15..30));
    log.truncate_before(log.end()).unwrap();
    assert_eq!(log_files(dir.path()).len(), 1, "the segment that takes the appends stays");
    assert_eq!(fill(&log, 30..31).len(), 1);
    assert_eq!(texts(&log, positions[29].just_after()), numbers(30..31));
}

#[test]
fn one_process_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(small(dir.path())).unwrap();
    assert!(Log::open(small(dir.path())).unwrap_err().is_locked());
    drop(log);
    assert!(Log::open(small(dir.path())).is_ok());
}

#[test]
fn the_cap_is_an_error_until_something_is_done() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig { max_bytes: 1000, ..small(dir.path()) }).unwrap();
    let mut last = Position::START;
    let error = loop {
        match log.append(&[&[7; 84]]) {
            Ok(position) => last = position,
            Err(error) => break error,
        }
    };
    assert!(error.is_full(), "{error}");
    assert_eq!(log.bytes(), 1000);
    log.truncate_before(last).unwrap();
    assert!(log.append(&[&[7; 84]]).is_ok());
}

#[test]
fn after_a_failed_sync_it_goes_on_in_a_new_segment() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    let confirmed = fill(&log, 0..3);
    log.sync().unwrap();
    let refused = fill(&log, 3..4);
    log.failed.store(true, Ordering::Release);
    assert!(log.append(&[b"x"]).unwrap_err().is_io());
    assert!(log.sync().unwrap_err().is_io());
    let mut reader = log.reader(Position::START);
    assert_eq!(reader.by_ref().count(), 4);
    log.begin_anew().unwrap();
    let later = fill(&log, 4..6);
    assert!(log.sync().unwrap() > later[1]);
    assert!(later[0] > refused[0] && later[0].segment() > confirmed[2].segment());
    let more: Vec<_> = reader.map(|entry| entry.unwrap().position).collect();
    assert_eq!(more, later, "a reader goes on into the new segment, past the trial write");
    assert_eq!(texts(&log, confirmed[2].just_after()), numbers(3..6));
    log.truncate_before(later[0]).unwrap();
    assert_eq!(
        texts(&log, Position::START),
        numbers(4..6),
        "the segment left behind is deleted like any other"
    );
    drop(log);
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    assert_eq!((log.recovered(), texts(&log, Position::START)), (Lost::default(), numbers(4..6)));
}

#[test]
fn a_folder_that_takes_no_files_is_not_called_sound() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    fill(&log, 0..1);
    log.failed.store(true, Ordering::Release);
    std::fs::remove_dir_all(dir.path()).unwrap();
    assert!(log.begin_anew().is_err());
    assert!(log.append(&[b"x"]).unwrap_err().is_io());
}

#[test]
fn threads_append_and_sync_together() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig { segment_bytes: 4000, ..LogConfig::new(dir.path()) }).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4u8 {
            let log = &log;
            scope.spawn(move || {
                for n in 0..50u8 {
                    let position = log.append(&[&[thread], &[n]]).unwrap();
                    assert!(log.sync().unwrap() > position);
                }
            });
        }
    });
    let mut seen: Vec<Vec<u8>> = log.reader(Position::START).map(|entry| entry.unwrap().bytes).collect();
    for thread in 0..4u8 {
        let own: Vec<u8> = seen.iter().filter(|bytes| bytes[0] == thread).map(|bytes| bytes[1]).collect();
        assert!(own.iter().copied().eq(0..50), "in order");
    }
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), 200);
}

#[test]
fn a_large_segment_that_is_done_with_is_deleted_although_it_takes_the_appends() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    let mebibyte = vec![7; 1024 * 1024];
    for n in 0..5u8 {
        log.append(&[&[n], &mebibyte]).unwrap();
    }
    let before = log.append(&[b"last"]).unwrap();
    log.sync().unwrap();
    assert_eq!(log.truncate_before(before).unwrap(), 0, "the last record is not done with");
    assert_eq!(log.truncate_before(before.just_after()).unwrap(), 1);
    assert_eq!(log.bytes(), 0);
    let next = log.append(&[b"next"]).unwrap();
    assert!(next > before && log.sync().unwrap() > next);
    assert_eq!(log.truncate_before(log.end()).unwrap(), 0, "a small one stays");
    drop(log);
    let log = Log::open(LogConfig { after: next.just_after(), ..LogConfig::new(dir.path()) }).unwrap();
    let found: Vec<Vec<u8>> = log.reader(before.just_after()).map(|entry| entry.unwrap().bytes).collect();
    assert_eq!(found, [b"next".to_vec()]);
}

#[test]
fn an_idle_log_keeps_nothing_of_what_is_done_with() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    let last = *fill(&log, 0..3).last().unwrap();
    log.sync().unwrap();
    assert_eq!(log.retire_before(last).unwrap(), 0, "the last record is not done with");
    assert_eq!(log_files(dir.path()).len(), 1);
    assert_eq!(log.retire_before(last.just_after()).unwrap(), 1);
    assert_eq!((log_files(dir.path()).len(), log.bytes()), (0, 0));
    let next = fill(&log, 3..4)[0];
    assert!(next > last && log.sync().unwrap() > next);
    assert_eq!(texts(&log, last.just_after()), numbers(3..4));
}
