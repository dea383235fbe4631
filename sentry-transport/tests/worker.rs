//! What the worker does with envelopes and answers.

mod support;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use support::uploader::{Stepper, limits, response, unreachable};
use support::{PATIENCE, SECOND, envelope, event, number, rig};
use watchpost_core::{
    Buffers, Category, ClientOptions, ClientReport, Clock, DiscardReason, ItemType, ManualClock, Resolver,
    Timestamp, Transport,
};
use watchpost_transport::{UploadResponse, UploadResult};

#[test]
fn an_envelope_goes_out_once_with_the_time_of_sending() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    let mut sent = event(1);
    sent.header.sent_at = Some("1999-01-01T00:00:00Z".to_owned());
    rig.transport.send(sent);
    let got = rig.network.request();
    assert_eq!(got.header.sent_at.as_deref(), Some("2023-11-14T22:13:20Z"));
    assert_eq!((number(&got), got.items.len()), (1, 1));
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 1);
    assert_eq!(rig.lost(), []);
}

#[test]
fn errors_overtake_transactions() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    rig.transport.send(envelope(ItemType::Transaction, 2));
    rig.transport.send(event(3));
    rig.network.status(200);
    assert_eq!(number(&rig.network.request()), 3);
    rig.network.status(200);
    assert_eq!(number(&rig.network.request()), 2);
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));
}

#[test]
fn what_comes_right_after_a_transaction_needs_no_flush() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.network.always(response(200));
    for number in 1..40 {
        // The worker lingers after what is not urgent: it comes back by itself for more of that, and errors wake it.
        let kind = if number % 3 == 0 { ItemType::Event } else { ItemType::Transaction };
        rig.transport.send(envelope(kind, number));
        assert_eq!(self::number(&rig.network.request()), number);
    }
}

#[test]
fn refusals_are_lost_and_counted_in_their_own_units() {
    for status in [301, 400, 403, 413, 500] {
        let folder = tempfile::tempdir().unwrap();
        let rig = rig(folder.path(), |b| b.send_client_reports(false));
        rig.network.always(response(status));
        rig.transport.send(event(1));
        rig.transport.send(envelope(ItemType::Transaction, 2));
        assert!(rig.transport.flush(PATIENCE));
        assert_eq!(rig.network.seen(), 2, "{status}");
        let reason = DiscardReason::SendError;
        let expected =
            [(reason, Category::Error, 1), (reason, Category::Transaction, 1), (reason, Category::Span, 1)];
        assert_eq!(rig.lost(), expected, "{status}");
    }
}

#[test]
fn too_many_requests_is_no_report() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    rig.network.answer(limits(429, "10:error"));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), []);
    assert_eq!(rig.network.seen(), 1);
}

#[test]
fn outages_are_waited_out_without_a_new_event() {
    let proxy = |status, seconds: &str| {
        let retry_after = Some(seconds.to_owned());
        UploadResult::Response(UploadResponse { status, retry_after, ..Default::default() })
    };
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    for failure in [
        unreachable(),
        UploadResult::Interrupted("reset".to_owned()),
        response(408),
        response(502),
        proxy(503, "30"),
        response(504),
    ] {
        assert_eq!(number(&rig.network.request()), 1);
        rig.network.answer(failure);
        // A flush that is answered proves that the failure was digested; within a second it makes no attempt.
        assert!(!rig.transport.flush(PATIENCE));
        rig.advance(32 * SECOND);
    }
    rig.network.request();
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 7);
    assert_eq!(rig.lost(), []);
}

#[test]
fn a_pause_lasts_until_it_is_over_and_the_servers_wish_counts() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    rig.network.answer(UploadResult::Response(UploadResponse {
        status: 503,
        retry_after: Some("20".to_owned()),
        ..Default::default()
    }));
    assert!(!rig.transport.flush(PATIENCE));
    rig.advance(19 * SECOND);
    assert!(!rig.transport.flush(PATIENCE), "even a flush waits when the server asked for it");
    assert_eq!(rig.network.seen(), 1);
    rig.advance(SECOND);
    rig.network.request();
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));
}

#[test]
fn after_an_outage_requests_are_paced() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    for number in 1..=3 {
        rig.transport.send(event(number));
    }
    rig.network.request();
    rig.network.answer(unreachable());
    assert!(!rig.transport.flush(PATIENCE));
    rig.advance(SECOND);
    for expected in 1..=3 {
        assert_eq!(number(&rig.network.request()), expected);
        rig.network.status(200);
        rig.settle();
        assert_eq!(rig.network.seen(), expected as usize + 1, "nothing goes out within the pace");
        rig.advance(Duration::from_millis(100));
    }
    assert!(rig.transport.flush(PATIENCE));
}

#[test]
fn reports_travel_with_envelopes_or_alone() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    let report = |envelope: &watchpost_core::Envelope| {
        let item = envelope.items.iter().find(|item| item.header.item_type == ItemType::ClientReport)?;
        let report: ClientReport = serde_json::from_slice(&item.payload).unwrap();
        Some((envelope.items.len(), report.discarded_events[0].quantity))
    };
    let lose = |quantity| rig.reports.record(DiscardReason::SampleRate, Category::Error, quantity);

    lose(2);
    rig.transport.send(event(1));
    assert_eq!(report(&rig.network.request()), Some((2, 2)));
    rig.network.answer(unreachable());
    assert!(!rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), [(DiscardReason::SampleRate, Category::Error, 2)], "not delivered: counted again");

    lose(5);
    rig.advance(SECOND);
    assert_eq!(report(&rig.network.request()), Some((2, 5)));
    rig.network.answer(UploadResult::Interrupted("reset".to_owned()));
    assert!(!rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), [], "perhaps delivered: a report never counts twice");

    rig.advance(4 * SECOND);
    rig.network.request();
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));

    lose(7);
    rig.advance(61 * SECOND);
    assert_eq!(report(&rig.network.request()), Some((1, 7)), "alone, a minute after the last");
    rig.network.status(200);

    lose(9);
    rig.network.always(response(200));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.requests().iter().find_map(report), Some((1, 9)), "alone, at a flush");
}

#[test]
fn a_panicking_uploader_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    rig.network.panic();
    assert!(!rig.transport.flush(PATIENCE));
    rig.advance(SECOND);
    assert_eq!(number(&rig.network.request()), 1);
    rig.network.status(200);
    assert!(rig.transport.close(PATIENCE));
}

#[test]
fn dropping_waits_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    drop(rig.transport);
    rig.network.status(200);
}

/// Holds two things back, the second a minute longer.
#[derive(Debug)]
struct Held {
    calls: Mutex<Vec<Timestamp>>,
    clock: Arc<ManualClock>,
}

impl Buffers for Held {
    fn send_due(&self) -> Option<Timestamp> {
        let now = self.clock.now();
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.push(now);
        (calls.len() == 1).then(|| now.after(60 * SECOND))
    }
}

#[test]
fn a_client_is_reminded_of_what_it_holds_back() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |builder| builder);
    let held = Arc::new(Held { calls: Mutex::default(), clock: rig.clock.clone() });
    let weak: std::sync::Weak<Held> = Arc::downgrade(&held);
    rig.transport.attach(weak);
    let start = rig.clock.now();
    rig.transport.remind(start.after(9 * SECOND));
    rig.transport.remind(start.after(5 * SECOND));
    let calls = |wanted: usize| {
        let end = std::time::Instant::now() + PATIENCE;
        while held.calls.lock().unwrap().len() < wanted && std::time::Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        held.calls.lock().unwrap().clone()
    };
    rig.advance(4 * SECOND);
    rig.advance(SECOND);
    let expected = start.after(5 * SECOND);
    assert_eq!(calls(1), [expected], "the earlier time counts, and not before it");
    rig.advance(30 * SECOND);
    rig.advance(30 * SECOND);
    assert_eq!(calls(2), [expected, expected.after(60 * SECOND)], "it said when to come back");
}

/// Counts how often it was asked to tidy up.
#[derive(Debug, Default)]
struct Tidy(AtomicU32);

impl Resolver for Tidy {
    fn resolve(&self, _payload: &[u8], _origin: &str) -> Option<Vec<u8>> {
        None
    }

    fn tidy(&self) {
        // Its panic costs nothing but itself.
        assert!(self.0.fetch_add(1, Ordering::SeqCst) > 0, "the first time is one too many");
    }
}

#[test]
fn the_resolver_is_asked_to_tidy_up_every_half_minute() {
    let folder = tempfile::tempdir().unwrap();
    let resolver = Arc::new(Tidy::default());
    let network = Arc::new(Stepper::default());
    network.always(response(200));
    let options = ClientOptions::new().with_resolver(resolver.clone()).transport().clone();
    let rig = rig(folder.path(), |b| b.options(options).uploader(network.clone()));
    for (number, asked) in [(1, 1), (2, 1), (3, 1), (4, 2), (5, 2), (6, 2), (7, 3)] {
        rig.transport.send(event(number));
        assert!(rig.transport.flush(PATIENCE));
        assert_eq!(resolver.0.load(Ordering::SeqCst), asked, "after {} seconds", 10 * (number - 1));
        rig.advance(10 * SECOND);
    }
    assert_eq!(network.seen(), 7);
}
