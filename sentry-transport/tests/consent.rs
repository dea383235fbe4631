//! On hold, nothing is taken in, opened or sent.

mod support;

use support::uploader::{response, unreachable};
use support::{PATIENCE, event, rig};
use watchpost_core::{Timestamp, Transport};

fn files(folder: &std::path::Path) -> usize {
    std::fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn what_comes_on_hold_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |builder| builder.on_hold(true));
    rig.network.always(response(200));
    rig.transport.send(event(1));
    rig.transport.remind(Timestamp::from_micros(0));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!((rig.network.seen(), files(folder.path())), (0, 0));
    assert_eq!(rig.reports.take(Timestamp::from_micros(0)), None, "it is not counted either");
    rig.transport.hold(false);
    rig.transport.send(event(2));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 1);
}

#[test]
fn what_an_earlier_process_left_waits_for_the_word() {
    let folder = tempfile::tempdir().unwrap();
    let killed = rig(folder.path(), |builder| builder);
    killed.network.always(unreachable());
    killed.transport.send(event(1));
    killed.transport.close(PATIENCE);
    drop(killed);
    let rig = rig(folder.path(), |builder| builder.on_hold(true));
    rig.network.always(response(200));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 0);
    rig.transport.hold(false);
    rig.network.request();
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 1);
}

#[test]
fn taking_consent_back_stops_what_waits() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |builder| builder);
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(!rig.transport.flush(PATIENCE));
    rig.transport.hold(true);
    let seen = rig.network.seen();
    rig.network.always(response(200));
    rig.transport.wake();
    assert!(!rig.transport.flush(PATIENCE), "something waits, and is not sent");
    assert_eq!(rig.network.seen(), seen);
    rig.transport.hold(false);
    rig.advance(3600 * support::SECOND);
    assert!(rig.transport.flush(PATIENCE));
}
