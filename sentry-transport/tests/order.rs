//! What goes first, what goes at most once, and what a flush waits for.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use support::uploader::{response, unreachable};
use support::{PATIENCE, SECOND, envelope, event, number, rig};
use watchpost_core::{Category, ClientOptions, DiscardReason, ItemType, Transport};
use watchpost_transport::{HttpTransportBuilder, UploadResult};

fn interrupted() -> UploadResult {
    UploadResult::Interrupted("reset".to_owned())
}

#[test]
fn four_priorities_are_honoured_from_disk_and_from_memory() {
    for in_memory in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let rig = rig(folder.path(), |b| if in_memory { b.memory_only() } else { b });
        // The first is under way while the others queue up, the least urgent first.
        rig.transport.send(event(1));
        rig.network.request();
        let types = [
            (ItemType::Log, 40),
            (ItemType::TraceMetric, 41),
            (ItemType::Transaction, 30),
            (ItemType::Sessions, 20),
            (ItemType::CheckIn, 21),
            (ItemType::Event, 10),
            (ItemType::Log, 42),
            (ItemType::Transaction, 31),
            (ItemType::Session, 22),
            (ItemType::Feedback, 11),
        ];
        for (item_type, number) in types {
            rig.transport.send(envelope(item_type, number));
        }
        rig.network.always(response(200));
        assert!(rig.transport.flush(PATIENCE));
        let order: Vec<_> = rig.network.requests().iter().map(number).collect();
        assert_eq!(order, [10, 11, 20, 21, 22, 30, 31, 40, 41, 42], "in memory: {in_memory}");
    }
}

#[test]
fn what_has_no_id_is_acknowledged_before_it_is_sent() {
    for item_type in [ItemType::Log, ItemType::TraceMetric, ItemType::Sessions] {
        let folder = tempfile::tempdir().unwrap();
        let first = rig(folder.path(), |b| b);
        first.transport.send(envelope(item_type.clone(), 1));
        first.network.request();
        // The process is killed while the request is under way: nobody sends it again.
        assert!(!watchpost_spool_waits(folder.path()), "{item_type:?}");
        first.network.status(200);
        assert!(first.transport.close(PATIENCE));
    }
}

/// True if another process would find something to send.
fn watchpost_spool_waits(folder: &std::path::Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    // An acknowledged record leaves its bytes in the open segment; the acknowledgement follows it.
    let copy = tempfile::tempdir().unwrap();
    std::fs::set_permissions(copy.path(), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    for file in std::fs::read_dir(folder).unwrap() {
        let file = file.unwrap();
        assert!(file.metadata().unwrap().size() > 0);
        std::fs::copy(file.path(), copy.path().join(file.file_name())).unwrap();
    }
    let outbox = watchpost_spool::Outbox::open(watchpost_spool::OutboxConfig::new(copy.path())).unwrap();
    outbox.adopt(std::time::UNIX_EPOCH).unwrap().records > 0
}

#[test]
fn an_event_stays_until_it_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    assert!(watchpost_spool_waits(folder.path()));
    rig.network.status(200);
    assert!(rig.transport.close(PATIENCE));
}

#[test]
fn at_most_once_waits_while_nobody_is_there_and_is_lost_when_nobody_knows() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.send_client_reports(false));
    rig.transport.send(envelope(ItemType::Log, 1));
    for failure in [unreachable(), response(503), response(502), response(408)] {
        assert_eq!(number(&rig.network.request()), 1);
        rig.network.answer(failure);
        assert!(!rig.transport.flush(PATIENCE));
        rig.advance(400 * SECOND);
    }
    assert_eq!(rig.lost(), []);
    assert_eq!(number(&rig.network.request()), 1);
    rig.network.answer(interrupted());
    rig.transport.flush(PATIENCE);
    let lost = rig.lost();
    let reason = DiscardReason::NetworkError;
    assert_eq!(lost, [(reason, Category::LogItem, 1), (reason, Category::LogByte, 12)]);
    rig.advance(400 * SECOND);
    rig.network.always(response(200));
    assert!(rig.transport.flush(PATIENCE), "nothing is left");
    assert_eq!(rig.network.seen(), 5);
}

#[test]
fn a_flush_covers_what_came_before_it_however_much_comes_after() {
    for in_memory in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let rig = Arc::new(rig(folder.path(), |b| if in_memory { b.memory_only() } else { b }));
        rig.network.always(response(200));
        let stop = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    while !stop.load(Ordering::Relaxed) {
                        rig.transport.send(event(7));
                        std::thread::sleep(Duration::from_micros(50));
                    }
                });
            }
            for number in 1..=10 {
                // The least urgent, which everything after it overtakes.
                rig.transport.send(envelope(ItemType::Log, 1000 + number));
                assert!(rig.transport.flush(PATIENCE), "in memory: {in_memory}");
                let sent = rig.network.requests();
                assert!(sent.iter().any(|envelope| support::number(envelope) == 1000 + number));
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(rig.transport.close(PATIENCE));
    }
}

#[test]
fn closing_does_not_wait_for_a_server_that_never_answers() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    // Half of the timeout without an answer is enough, as the event is in a file. The rest is patience.
    let started = std::time::Instant::now();
    let timeout = PATIENCE * 20;
    std::thread::scope(|scope| {
        let closing = scope.spawn(|| rig.transport.close(Duration::from_millis(300)));
        assert!(!closing.join().unwrap());
    });
    assert!(started.elapsed() < timeout);
    rig.network.status(200);
}

#[test]
fn a_folder_that_was_unusable_is_tried_again() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("spool");
    // A file is in the way of the folder.
    std::fs::write(&folder, "in the way").unwrap();
    let rig = rig(&folder, |b| b);
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(std::fs::metadata(&folder).unwrap().is_file());
    std::fs::remove_file(&folder).unwrap();
    rig.transport.send(event(2));
    assert!(!folder.exists(), "not on every capture");
    rig.clock.advance(61 * SECOND);
    rig.transport.send(event(3));
    assert!(folder.is_dir(), "but every minute");
    assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 1);
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), []);
}

/// Without compression, which takes long in a build for tests.
fn plain(builder: HttpTransportBuilder) -> HttpTransportBuilder {
    let options = ClientOptions::new().with_compression("none").unwrap();
    builder.options(options.transport().clone())
}

#[test]
fn large_attachments_travel_with_their_event_but_are_not_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| plain(b).send_client_reports(false));
    let mut with_attachment = event(1);
    let large = vec![b'x'; 3 << 20];
    with_attachment.items.push(watchpost_core::Item::new(ItemType::Attachment, large.clone()));
    with_attachment.items.push(watchpost_core::Item::new(ItemType::Attachment, b"small".to_vec()));
    rig.transport.send(with_attachment);
    let written: u64 =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(written < 1 << 20, "{written}");
    for failure in [unreachable(), interrupted()] {
        let sent = rig.network.request();
        assert_eq!((sent.items.len(), sent.items[2].payload == large), (3, true));
        rig.network.answer(failure);
        assert!(!rig.transport.flush(PATIENCE));
        rig.advance(400 * SECOND);
    }
    assert_eq!(rig.network.request().items.len(), 3);
    rig.network.status(500);
    assert!(rig.transport.flush(PATIENCE));
    let reason = DiscardReason::SendError;
    let lost = [(reason, Category::Error, 1), (reason, Category::Attachment, 5 + (3 << 20))];
    assert_eq!(rig.lost(), lost);
}

#[test]
fn large_attachments_have_a_budget() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| plain(b).send_client_reports(false));
    for number in 1..=5 {
        let mut with_attachment = event(number);
        with_attachment.items.push(watchpost_core::Item::new(ItemType::Attachment, vec![b'x'; 12 << 20]));
        rig.transport.send(with_attachment);
    }
    // One is under way, three fit, the oldest of the others went.
    let lost = rig.lost();
    assert!(
        matches!(lost[..], [(DiscardReason::QueueOverflow, Category::Attachment, bytes)] if bytes >= 12 << 20)
    );
    rig.network.always(response(200));
    assert!(rig.transport.close(PATIENCE));
    let with = rig.network.requests().iter().filter(|sent| sent.items.len() == 2).count();
    assert!((3..=4).contains(&with), "{with}");
}
