//! Where envelopes wait: on disk as long as that works, else in memory.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should panic")]

mod support;

use std::path::Path;
use std::sync::{Arc, Mutex};

use support::server::Server;
use support::uploader::{response, unreachable};
use support::{PATIENCE, SECOND, audible, dsn, event, number, rig};
use watchpost_core::{Category, DiscardReason, ItemType, Transport};
use watchpost_transport::HttpTransport;

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[test]
fn an_envelope_is_on_disk_when_send_returns_and_gone_when_delivered() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    assert_eq!(files(folder.path()), 0, "nothing before the first capture");
    let mut secret = event(1);
    secret.items[0].payload = b"{\"message\":\"needle\"}".to_vec();
    rig.transport.send(secret);
    let stored: Vec<u8> = std::fs::read_dir(folder.path())
        .unwrap()
        .flat_map(|entry| std::fs::read(entry.unwrap().path()).unwrap())
        .collect();
    let stored = String::from_utf8_lossy(&stored);
    assert!(stored.contains("needle") && !stored.contains("sent_at"));
    rig.network.request();
    rig.network.status(200);
    assert!(rig.transport.close(PATIENCE));
    drop(rig);
    assert_eq!(files(folder.path()), 0);
}

/// More segments than may be open at a time.
#[test]
fn a_flush_ends_when_all_that_was_left_behind_is_out() {
    const PROCESSES: u32 = 70;
    let folder = tempfile::tempdir().unwrap();
    for number in 1..=PROCESSES {
        let offline = rig(folder.path(), |b| b);
        offline.network.always(unreachable());
        // Too large to be joined with those of others.
        let mut large = event(number);
        large.items[0].payload = vec![b'x'; 70_000];
        offline.transport.send(large);
        assert!(!offline.transport.close(PATIENCE));
    }
    assert_eq!(files(folder.path()), PROCESSES as usize);
    let server = Server::start("200 OK");
    let next = audible(HttpTransport::builder(dsn(&server.dsn)).storage_dir(folder.path())).build();
    assert!(next.flush(PATIENCE));
    let mut arrived: Vec<u32> = server.requests.try_iter().map(|request| number(&request.envelope)).collect();
    arrived.sort_unstable();
    assert_eq!(arrived, (1..=PROCESSES).collect::<Vec<_>>());
}

#[test]
fn the_next_start_delivers_without_capturing_anything() {
    let folder = tempfile::tempdir().unwrap();
    let first = rig(folder.path(), |b| b);
    first.network.always(unreachable());
    for number in 1..=3 {
        first.transport.send(event(number));
    }
    assert!(!first.transport.close(PATIENCE));
    drop(first);
    let second = rig(folder.path(), |b| b);
    second.network.always(response(200));
    assert!(second.transport.flush(PATIENCE));
    assert_eq!(second.network.requests().iter().map(number).collect::<Vec<_>>(), [1, 2, 3]);
}

#[test]
fn a_sibling_takes_over_within_half_a_minute() {
    let folder = tempfile::tempdir().unwrap();
    let (dying, sibling) = (rig(folder.path(), |b| b), rig(folder.path(), |b| b));
    sibling.network.always(response(200));
    sibling.transport.send(event(1));
    assert!(sibling.transport.flush(PATIENCE));
    dying.network.always(unreachable());
    dying.transport.send(event(2));
    assert!(!dying.transport.close(PATIENCE));
    sibling.advance(31 * SECOND);
    assert!(sibling.transport.flush(PATIENCE));
    assert_eq!(sibling.network.requests().iter().map(number).collect::<Vec<_>>(), [1], "its owner lives");
    drop(dying);
    sibling.advance(31 * SECOND);
    assert!(sibling.transport.flush(PATIENCE));
    assert_eq!(sibling.network.requests().iter().map(number).collect::<Vec<_>>(), [2]);
}

#[test]
fn without_a_usable_folder_memory_takes_over_and_says_so_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "in the way").unwrap();
    let said = Arc::new(Mutex::new(Vec::new()));
    let listener = said.clone();
    let rig = rig(&file.join("spool"), |b| {
        b.diagnostic(Arc::new(move |text: &str| listener.lock().unwrap().push(text.to_owned())))
    });
    rig.network.always(response(200));
    rig.transport.send(event(1));
    rig.transport.send(event(2));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 2);
    let said = said.lock().unwrap();
    assert_eq!(said.iter().filter(|text| text.contains("memory only")).count(), 1, "{said:?}");
    assert!(said.iter().any(|text| text.contains("storage_dir")), "{said:?}");
}

#[test]
fn a_folder_that_vanishes_is_made_anew_and_nothing_is_lost() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("spool");
    let rig = rig(&folder, |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    rig.transport.send(event(2));
    std::fs::remove_dir_all(&folder).unwrap();
    rig.transport.send(event(3));
    assert_eq!(files(&folder), 1, "the third is on disk");
    for next in [2, 3] {
        rig.network.status(200);
        assert_eq!(number(&rig.network.request()), next, "what was on disk is still readable");
    }
    rig.network.status(200);
    assert!(rig.transport.close(PATIENCE));
    assert_eq!((rig.network.seen(), rig.lost()), (3, vec![]));
    drop(rig);
    assert_eq!(files(&folder), 0);
}

#[test]
fn a_folder_that_cannot_be_made_anew_is_replaced_by_memory_until_it_can() {
    let home = tempfile::tempdir().unwrap();
    let folder = home.path().join("spool");
    let said = Arc::new(Mutex::new(Vec::new()));
    let listener = said.clone();
    let rig = rig(&folder, |b| {
        b.diagnostic(Arc::new(move |text: &str| listener.lock().unwrap().push(text.to_owned())))
    });
    rig.transport.send(event(1));
    rig.network.request();
    rig.transport.send(event(2));
    std::fs::remove_dir_all(&folder).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    for number in [3, 4] {
        rig.transport.send(event(number));
    }
    let failures = |said: &[String]| said.iter().filter(|text| text.contains("cannot spool")).count();
    assert_eq!(failures(&said.lock().unwrap()), 1, "once, not for every event");
    // What is in memory lives shorter, so it goes first.
    for next in [3, 4, 2] {
        rig.network.status(200);
        assert_eq!(number(&rig.network.request()), next);
    }
    std::fs::remove_file(&folder).unwrap();
    rig.clock.advance(61 * SECOND);
    rig.transport.send(event(5));
    assert_eq!(files(&folder), 1, "a minute later the disk is tried again");
    rig.network.always(response(200));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.requests().iter().map(number).collect::<Vec<_>>(), [5]);
    assert_eq!(rig.lost(), []);
}

#[test]
fn memory_is_bounded_in_bytes_and_counts_what_did_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.memory_only().max_memory_bytes(2500).send_client_reports(false));
    rig.network.always(unreachable());
    let big = |number| {
        let mut envelope = event(number);
        envelope.items[0].payload = vec![b' '; 1000];
        envelope
    };
    for number in 1..=4 {
        rig.transport.send(big(number));
    }
    assert_eq!(rig.lost(), [(DiscardReason::QueueOverflow, Category::Error, 2)]);
    rig.network.always(response(200));
    rig.advance(10 * SECOND);
    assert!(rig.transport.flush(PATIENCE));
    let delivered: Vec<_> = rig.network.requests().iter().map(number).filter(|number| *number > 1).collect();
    assert_eq!(delivered, [2]);
}

#[test]
fn a_full_spool_gives_up_the_oldest_bulk_and_counts_it() {
    const SENT: u32 = 40;
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.max_spool_bytes(64 * 1024).send_client_reports(false));
    rig.network.always(unreachable());
    for number in 0..SENT {
        let mut envelope = support::envelope(ItemType::Transaction, number);
        envelope.items[0].payload = vec![b' '; 4000];
        rig.transport.send(envelope);
        // The worker counts what is given up; here it must not fall behind.
        rig.transport.flush(PATIENCE);
    }
    rig.network.requests();
    rig.network.always(response(200));
    rig.advance(10 * SECOND);
    assert!(rig.transport.flush(PATIENCE));
    let delivered: Vec<_> = rig.network.requests().iter().map(number).collect();
    let lost = SENT - u32::try_from(delivered.len()).unwrap();
    assert!((1..SENT).contains(&lost));
    assert_eq!(delivered, (lost..SENT).collect::<Vec<_>>(), "the oldest went");
    let reason = DiscardReason::CacheOverflow;
    let expected = [(reason, Category::Transaction, lost.into()), (reason, Category::Span, lost.into())];
    assert_eq!(rig.lost(), expected);
}
