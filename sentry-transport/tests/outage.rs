//! Hours without a server, by a clock that the test moves: nothing grows without bound, and all that is kept comes home.

mod support;

use std::time::Duration;

use support::uploader::{limits, response, unreachable};
use support::{PATIENCE, SECOND, envelope, event, number, rig};
use watchpost_core::{Backpressure, Category, DiscardReason, Item, ItemType, Transport};

const HOUR: u32 = 3600;

#[test]
fn offline_for_hours_and_back() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.network.always(unreachable());
    for minute in 1..=240 {
        rig.transport.send(event(minute));
        rig.advance(60 * SECOND);
        assert!(!rig.transport.flush(PATIENCE));
    }
    // Pauses of up to five minutes, and one attempt by each flush.
    assert!(rig.network.seen() <= 2 * 240, "{}", rig.network.seen());
    rig.network.requests();
    rig.network.always(response(200));
    rig.advance(300 * SECOND);
    assert!(rig.transport.flush(PATIENCE));
    let arrived: Vec<_> = rig.network.requests().iter().map(number).collect();
    assert_eq!(arrived, (1..=240).collect::<Vec<_>>());
    assert_eq!(rig.lost(), []);
}

#[test]
fn offline_without_a_flush_tries_at_most_every_few_minutes() {
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b);
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    for _ in 0..HOUR / 10 {
        rig.advance(10 * SECOND);
        rig.settle();
    }
    // 1, 2, 4 ... 300 s with jitter: at least 5, at most some 30 in an hour.
    let attempts = rig.network.seen();
    assert!((5..=40).contains(&attempts), "{attempts}");
}

#[test]
fn an_hour_with_a_dead_server_stays_within_the_budget() {
    let budget = 256 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.memory_only().max_memory_bytes(budget).send_client_reports(false));
    rig.network.always(unreachable());
    let (mut sent, mut lost) = (0_u64, 0);
    for second in 0..HOUR {
        for item_type in [ItemType::Event, ItemType::Transaction, ItemType::Log] {
            let mut one = envelope(item_type, second + 1);
            one.items[0].payload = vec![b'x'; 1000];
            rig.transport.send(one);
            sent += 1;
        }
        rig.advance(SECOND);
    }
    assert!(!rig.transport.flush(Duration::ZERO));
    // An attempt under way would be seen twice: now, and again when the server is back.
    rig.settle();
    for (reason, category, quantity) in rig.lost() {
        assert_eq!(reason, DiscardReason::QueueOverflow);
        if matches!(category, Category::Error | Category::Transaction | Category::LogItem) {
            lost += quantity;
        }
    }
    rig.network.requests();
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    assert!(rig.transport.close(PATIENCE));
    let kept = rig.network.requests();
    assert_eq!(kept.len() as u64 + lost, sent, "each is delivered or counted");
    let bytes: usize = kept.iter().flat_map(|one| &one.items).map(|item| item.payload.len()).sum();
    assert!(bytes <= budget && bytes >= budget / 2, "{bytes}");
}

#[test]
fn the_spool_stays_within_its_cap_and_each_loss_is_counted_by_what_it_is() {
    let cap = 256 * 1024;
    let folder = tempfile::tempdir().unwrap();
    let rig = rig(folder.path(), |b| b.max_spool_bytes(cap).send_client_reports(false));
    rig.network.always(unreachable());
    rig.transport.send(event(1));
    assert!(!rig.transport.flush(PATIENCE));
    for number in 1..=2000 {
        let mut one = envelope(ItemType::Transaction, number);
        one.items[0] = Item::new(ItemType::Transaction, vec![b'x'; 1000]);
        rig.transport.send(one);
    }
    let on_disk: u64 =
        std::fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().metadata().unwrap().len()).sum();
    assert!(on_disk <= cap, "{on_disk}");
    rig.advance(400 * SECOND);
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    while !rig.transport.flush(PATIENCE) {
        rig.advance(400 * SECOND);
    }
    let mut kept = std::collections::BTreeSet::new();
    for one in
        rig.network.requests().iter().filter(|one| one.items[0].header.item_type == ItemType::Transaction)
    {
        kept.insert(number(one));
    }
    let lost = rig.lost();
    let of = |category| lost.iter().filter(|entry| entry.1 == category).map(|entry| entry.2).sum::<u64>();
    assert_eq!(kept.len() as u64 + of(Category::Transaction), 2000, "{lost:?}");
    assert!(lost.iter().all(|entry| entry.0 == DiscardReason::CacheOverflow), "{lost:?}");
}

#[test]
fn backpressure_doubles_while_limited_and_resets_when_all_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let backpressure = std::sync::Arc::new(Backpressure::default());
    let rig = rig(folder.path(), |b| b.backpressure(backpressure.clone()));
    rig.transport.send(event(1));
    rig.network.request();
    assert_eq!(backpressure.factor(), 1);
    rig.network.answer(limits(200, "35:transaction"));
    rig.network.always(response(200));
    assert!(rig.transport.flush(PATIENCE));
    for factor in [2, 4, 8] {
        rig.advance(10 * SECOND);
        assert!(rig.transport.flush(PATIENCE));
        assert_eq!(backpressure.factor(), factor);
    }
    rig.advance(10 * SECOND);
    assert!(rig.transport.flush(PATIENCE));
    assert_eq!(backpressure.factor(), 1, "the limit is over");
}

#[test]
fn backpressure_notices_a_full_queue_and_can_be_switched_off() {
    for on in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let backpressure = std::sync::Arc::new(Backpressure::default());
        let options = watchpost_core::ClientOptions::new().with_enable_backpressure_handling(on);
        let rig = rig(folder.path(), |b| {
            let uploader = std::sync::Arc::new(support::uploader::Stepper::default());
            uploader.always(unreachable());
            b.options(options.transport().clone())
                .uploader(uploader)
                .memory_only()
                .max_memory_bytes(100)
                .backpressure(backpressure.clone())
        });
        let mut highest = 1;
        for number in 1..if on { 2000 } else { 50 } {
            rig.transport.send(event(number));
            rig.advance(10 * SECOND);
            rig.settle();
            highest = highest.max(backpressure.factor());
            if highest > 1 {
                break;
            }
        }
        assert_eq!(highest > 1, on);
    }
}
