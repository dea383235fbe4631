//! What limits do to envelopes: new ones are dropped, stored ones wait, others overtake them.

mod support;

use support::uploader::{limits, response, unreachable};
use support::{PATIENCE, SECOND, envelope, event, number, rig};
use watchpost_core::{Category, DiscardReason, Item, ItemType, Transport};
use watchpost_transport::UploadResult;

const BACKOFF: DiscardReason = DiscardReason::RatelimitBackoff;

#[test]
fn new_items_are_dropped_and_counted_while_limited() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.send_client_reports(false));
    rig.transport.send(event(1));
    rig.network.request();
    rig.network.answer(limits(200, "60:error:key, 30:transaction"));
    assert!(rig.transport.flush(PATIENCE));

    rig.network.always(response(200));
    rig.transport.send(event(2));
    rig.transport.send(envelope(ItemType::Transaction, 3));
    rig.transport.send(envelope(ItemType::Session, 4));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.requests().iter().map(number).collect::<Vec<_>>(), [4]);
    let expected =
        [(BACKOFF, Category::Error, 1), (BACKOFF, Category::Transaction, 1), (BACKOFF, Category::Span, 1)];
    assert_eq!(rig.lost(), expected);

    rig.advance(30 * SECOND);
    rig.transport.send(event(5));
    rig.transport.send(envelope(ItemType::Transaction, 6));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.requests().iter().map(number).collect::<Vec<_>>(), [6]);

    rig.advance(30 * SECOND);
    rig.transport.send(event(7));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.requests().iter().map(number).collect::<Vec<_>>(), [7]);
}

#[test]
fn stored_envelopes_wait_and_other_categories_overtake_them() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    for number in [1, 2, 3] {
        rig.transport.send(event(number));
    }
    rig.transport.send(envelope(ItemType::Session, 4));
    rig.transport.send(envelope(ItemType::Transaction, 5));
    rig.network.request();
    rig.network.answer(limits(429, "60:error"));
    for expected in [4, 5] {
        assert_eq!(number(&rig.network.request()), expected);
        rig.network.status(200);
    }
    assert!(!rig.transport.flush(PATIENCE), "what is left is limited: no waiting for it");
    assert_eq!(rig.network.seen(), 3);
    rig.advance(59 * SECOND);
    assert!(!rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 3);
    rig.advance(SECOND);
    for expected in [2, 3] {
        assert_eq!(number(&rig.network.request()), expected);
        rig.network.status(200);
    }
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), [], "nothing stored was lost to limits");
}

#[test]
fn attachments_go_with_their_event_and_without_each_other() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.send_client_reports(false));
    let with_attachment = |number| {
        let mut envelope = event(number);
        envelope.items.push(Item::new(ItemType::Attachment, b"12345".to_vec()));
        envelope
    };
    // One is stored while nothing is limited, and meets the limit on its way out.
    rig.transport.send(event(1));
    rig.network.request();
    rig.transport.send(with_attachment(2));
    rig.network.answer(limits(200, "60:attachment"));
    let got = rig.network.request();
    assert_eq!((number(&got), got.items.len()), (2, 1));
    assert_eq!(rig.lost(), [], "not lost before it is really gone");
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), [(BACKOFF, Category::Attachment, 5)]);

    rig.transport.send(with_attachment(3));
    let got = rig.network.request();
    assert_eq!((number(&got), got.items.len()), (3, 1));
    rig.network.answer(limits(200, "60:error"));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), [(BACKOFF, Category::Attachment, 5)]);

    rig.transport.send(with_attachment(4));
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(rig.lost(), [(BACKOFF, Category::Error, 1), (BACKOFF, Category::Attachment, 5)]);
}

#[test]
fn a_limit_for_everything_stops_reports_too() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    rig.network.status(429);
    assert!(rig.transport.flush(PATIENCE));
    rig.transport.send(event(2));
    rig.advance(59 * SECOND);
    rig.transport.flush(PATIENCE);
    assert_eq!(rig.network.seen(), 1);
    rig.advance(2 * SECOND);
    let report = rig.network.request();
    assert_eq!(report.items[0].header.item_type, ItemType::ClientReport);
    rig.network.status(200);
    assert!(rig.transport.flush(PATIENCE));
}

#[test]
fn limits_do_not_shorten_an_outage() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.transport.send(event(1));
    rig.network.request();
    let UploadResult::Response(mut busy) = limits(503, "1:session") else { unreachable!() };
    busy.retry_after = Some("10".to_owned());
    rig.network.answer(UploadResult::Response(busy));
    assert!(!rig.transport.flush(PATIENCE));
    rig.advance(9 * SECOND);
    assert!(!rig.transport.flush(PATIENCE));
    assert_eq!(rig.network.seen(), 1);
    rig.advance(SECOND);
    rig.network.request();
    rig.network.answer(unreachable());
    assert!(!rig.transport.flush(PATIENCE));
}
