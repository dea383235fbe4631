//! What goes when there is no room, and that each loss is reported.

use super::*;

#[test]
fn the_cap_evicts_the_oldest_bulk_segment_and_every_loss_is_reported() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Urgent, 0..20);
    let mut given_up = Vec::new();
    for n in 0..300 {
        fill(&outbox, Lane::Bulk, n..n + 1);
        assert!(folder_bytes(dir.path()) <= 8000, "at {n}");
        given_up.extend(evicted(&outbox));
    }
    let kept: Vec<String> = drain(&outbox);
    assert!(kept[..20].iter().map(|text| number(text)).eq(0..20), "urgent records stay");
    let bulk = given_up.iter().map(|(_, _, n)| *n).chain(kept[20..].iter().map(|text| number(text)));
    assert!(bulk.eq(0..300), "oldest first, none twice, none missing");
    assert!(given_up.iter().all(|(lane, cause, _)| (*lane, *cause) == (Lane::Bulk, Cause::Overflow)));
    assert_eq!(outbox.take_lost(), Lost::default());
}

#[test]
fn urgent_records_push_out_bulk_ones_then_older_urgent_ones() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..30);
    let mut given_up = Vec::new();
    for n in 0..150 {
        fill(&outbox, Lane::Urgent, n..n + 1);
        given_up.extend(evicted(&outbox));
    }
    let lanes: Vec<Lane> = given_up.iter().map(|lost| lost.0).collect();
    assert!(lanes.iter().is_sorted_by(|a, b| a >= b), "bulk before urgent");
    let (bulk, urgent): (Vec<GivenUp>, Vec<GivenUp>) =
        given_up.into_iter().partition(|lost| lost.0 == Lane::Bulk);
    assert!(
        bulk.iter().map(|lost| lost.2).eq(0..24),
        "all closed bulk segments; the active one is not whole"
    );
    let kept: Vec<u32> = drain(&outbox).iter().map(|text| number(text)).collect();
    assert!(!urgent.is_empty());
    assert!(urgent.iter().map(|lost| lost.2).chain(kept).eq((0..150).chain(24..30)));
}

#[test]
fn as_a_last_resort_the_active_bulk_segment_makes_room_for_an_urgent_record() {
    let dir = tempfile::tempdir().unwrap();
    let sibling = Outbox::open(small(dir.path())).unwrap();
    fill(&sibling, Lane::Bulk, 0..50);
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..5);
    outbox.append(Lane::Urgent, &[&[1; 1500]]).unwrap();
    assert!(evicted(&outbox).iter().map(|lost| lost.2).eq(0..5));
    assert_eq!(outbox.pending(), 1);
}

#[test]
fn what_nobody_takes_is_still_counted() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..400);
    let waiting = evicted(&outbox).len();
    let counted = usize::try_from(outbox.take_lost().records).unwrap();
    assert!(counted > 0);
    assert_eq!(waiting + counted + drain(&outbox).len(), 400);
}

#[test]
fn an_acknowledgement_that_comes_after_eviction_is_no_loss() {
    let dir = tempfile::tempdir().unwrap();
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..1);
    let in_flight = outbox.peek().unwrap().unwrap();
    fill(&outbox, Lane::Bulk, 1..75);
    outbox.ack(in_flight.id).unwrap();
    let lost = evicted(&outbox);
    assert_eq!(lost.first().map(|lost| lost.2), Some(1));
}

#[test]
fn a_living_siblings_segments_count_but_are_never_deleted() {
    let dir = tempfile::tempdir().unwrap();
    let sibling = Outbox::open(small(dir.path())).unwrap();
    fill(&sibling, Lane::Bulk, 0..50);
    let outbox = Outbox::open(small(dir.path())).unwrap();
    fill(&outbox, Lane::Bulk, 0..100);
    assert!(!evicted(&outbox).is_empty());
    assert!(drain(&sibling).iter().map(|text| number(text)).eq(0..50));
    drop((sibling, outbox));

    let sibling = Outbox::open(small(dir.path())).unwrap();
    fill(&sibling, Lane::Bulk, 0..60);
    let late = Outbox::open(small(dir.path())).unwrap();
    let error = late.append(Lane::Urgent, &[&[1; 1500]]).unwrap_err();
    assert!(error.is_full(), "{error}");
    drop(sibling);
    late.append(Lane::Urgent, &[&[1; 1500]]).unwrap();
    assert!(!evicted(&late).is_empty(), "a dead sibling's segments may go");
}
