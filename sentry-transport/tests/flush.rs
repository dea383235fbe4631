//! Waiting for delivery, and not waiting in vain.

mod support;

use std::sync::Arc;
use std::time::{Duration, Instant};

use support::uploader::{response, unreachable};
use support::{PATIENCE, SECOND, event, rig};
use watchpost_core::{Category, DiscardReason, Transport};

#[test]
fn with_nothing_sent_there_is_nothing_to_wait_for() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    assert!(rig.transport.flush(Duration::ZERO));
    assert!(rig.transport.close(Duration::ZERO));
    assert_eq!(rig.network.seen(), 0);
}

#[test]
fn many_may_wait_and_all_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let rig = Arc::new(rig(folder.path(), |b| b));
    rig.transport.send(event(1));
    rig.network.request();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(|| rig.transport.flush(PATIENCE))).collect();
        rig.network.always(response(200));
        assert!(waiting.into_iter().all(|thread| thread.join().unwrap()));
    });
    assert!(rig.transport.flush(PATIENCE), "and again");
}

#[test]
fn who_does_not_wait_is_told_later() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    let (told, answers) = std::sync::mpsc::channel();
    let ask = |number: u32| {
        let told = told.clone();
        rig.transport.flush_later(Box::new(move |done| told.send((number, done)).unwrap())).is_ok()
    };
    assert!(ask(1));
    assert_eq!(answers.recv_timeout(PATIENCE), Ok((1, true)), "nothing was sent");
    rig.transport.send(event(1));
    rig.network.request();
    assert!((2..66).all(ask));
    assert!(!ask(66), "no more than a few may wait like this");
    assert!(answers.try_recv().is_err(), "the request is under way");
    rig.network.always(response(200));
    let mut told: Vec<_> = (2..66).map(|_| answers.recv_timeout(PATIENCE).unwrap()).collect();
    told.sort_unstable();
    assert_eq!(told, (2..66).map(|number| (number, true)).collect::<Vec<_>>());
    rig.network.always(unreachable());
    rig.transport.send(event(2));
    assert!(ask(67));
    assert_eq!(answers.recv_timeout(PATIENCE), Ok((67, false)));
}

#[test]
fn the_end_of_the_worker_is_an_answer_too() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.memory_only());
    let (told, answers) = std::sync::mpsc::channel();
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(rig.transport.flush_later(Box::new(move |done| told.send(done).unwrap())).is_ok());
    assert!(!rig.transport.close(Duration::from_millis(50)));
    assert_eq!(answers.recv_timeout(PATIENCE), Ok(false));
    assert!(rig.transport.flush_later(Box::new(|_| {})).is_err(), "nobody will answer any more");
}

#[test]
fn the_timeout_holds_while_a_request_hangs() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    let started = Instant::now();
    assert!(!rig.transport.flush(Duration::from_millis(50)));
    assert!(!rig.transport.close(Duration::from_millis(50)));
    assert!(started.elapsed() < PATIENCE);
    rig.network.status(200);
}

#[test]
fn a_flush_ends_with_the_first_failure_but_tries_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(!rig.transport.flush(PATIENCE));
    let before = rig.network.seen();
    for _ in 0..5 {
        assert!(!rig.transport.flush(PATIENCE));
    }
    assert_eq!(rig.network.seen(), before, "flushing in a loop does not hammer a dead server");

    // The first pause is at most a second; grow it, so that only a flush can be the reason for an attempt.
    for _ in 0..6 {
        rig.clock.advance(400 * SECOND);
        assert!(!rig.transport.flush(PATIENCE));
    }
    let before = rig.network.seen();
    rig.clock.advance(SECOND);
    rig.network.always(response(200));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), before + 1);
}

#[test]
fn in_memory_mode_the_whole_timeout_is_used() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.memory_only());
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    let started = Instant::now();
    let timeout = Duration::from_millis(200);
    assert!(!rig.transport.flush(timeout));
    assert!(started.elapsed() >= timeout);
    rig.network.always(response(200));
    rig.advance(SECOND);
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn after_close_envelopes_wait_for_the_next_start() {
    let folder = tempfile::tempdir().unwrap();
    let first = rig(folder.path(), |b| b);
    first.network.always(response(200));
    first.transport.send(event(1));
    assert!(first.transport.close(PATIENCE));
    assert!(first.transport.close(PATIENCE), "closing twice is fine");
    first.transport.send(event(2));
    assert!(!first.transport.flush(PATIENCE), "nobody is there to send it");
    assert_eq!(first.network.seen(), 1);
    assert_eq!(first.lost(), []);
    drop(first);

    let second = rig(folder.path(), |b| b);
    assert_eq!(support::number(&second.network.request()), 2);
    second.network.status(200);
    assert!(second.transport.flush(PATIENCE));
}

#[test]
fn after_close_memory_mode_counts_what_it_cannot_keep() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.memory_only());
    assert!(rig.transport.close(PATIENCE));
    rig.transport.send(event(1));
    assert_eq!(rig.lost(), [(DiscardReason::QueueOverflow, Category::Error, 1)]);
}
