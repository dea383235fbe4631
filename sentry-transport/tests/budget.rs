//! An hour without a server, by a clock that the test moves: what the process allocates and what lies on disk stay
//! within their budgets, each loss is counted, and all that was kept arrives when the server is back.
//!
//! A binary of its own, as it counts what the whole process allocates, and one test, so that nothing else runs.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../../sentry-core/tests/support/live.rs"]
mod live;
mod support;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::Ordering;

use live::{LIVE, PEAK};
use support::uploader::{response, unreachable};
use support::{PATIENCE, Rig, SECOND, envelope, number, rig};
use watchpost_core::{DiscardReason, Item, ItemType, Transport};

const HOUR: u32 = 3600;
const KIB: usize = 1024;
/// What memory mode may hold.
const MEMORY: usize = 256 * KIB;
/// What the folder may hold.
const DISK: usize = 1024 * KIB;
/// What is at work at a time: an envelope of a kilobyte or two on its way in, another on its way out, in three forms.
const AT_WORK: usize = 64 * KIB;

#[test]
fn an_hour_without_a_server_stays_within_the_budgets() {
    let folder = tempfile::tempdir().unwrap();
    let memory = rig(folder.path(), |b| b.memory_only().max_memory_bytes(MEMORY).send_client_reports(false));
    an_hour(&memory, folder.path(), MEMORY + AT_WORK, 0);
    back_again(&memory, DiscardReason::QueueOverflow, MEMORY);

    let spool = rig(folder.path(), |b| b.max_spool_bytes(DISK as u64).send_client_reports(false));
    // The spool keeps some numbers per waiting record, and no record.
    an_hour(&spool, folder.path(), AT_WORK, DISK);
    back_again(&spool, DiscardReason::CacheOverflow, DISK);
}

/// Three captures a second, which is forty times what fits.
fn an_hour(rig: &Rig, folder: &Path, memory: usize, disk: usize) {
    rig.network.always(unreachable());
    // The first attempt makes what every later one uses: the compressor's tables, the descriptors' table.
    rig.transport.send(large(0));
    rig.network.request();
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    let mut peak = before;
    for second in 0..HOUR {
        for part in 1..=3 {
            rig.transport.send(large(3 * second + part));
        }
        rig.advance(SECOND);
        if second % 600 == 599 {
            // What the test unpacks to look at a request is its own.
            peak = peak.max(PEAK.load(Ordering::Relaxed));
            // No pause is longer than that, so the worker makes another attempt: it has not been forgotten.
            rig.network.request();
            rig.network.requests();
            let used = on_disk(folder);
            assert!(used <= disk, "{used} bytes on disk in second {second}");
            PEAK.store(LIVE.load(Ordering::Relaxed), Ordering::Relaxed);
        }
    }
    let more = peak - before;
    assert!(more <= memory, "{} KiB more than at the beginning", more / KIB);
}

/// The server is back: every envelope has arrived, or was counted.
fn back_again(rig: &Rig, reason: DiscardReason, budget: usize) {
    rig.network.always(response(200));
    rig.advance(400 * SECOND);
    while !rig.transport.flush(PATIENCE) {
        rig.advance(400 * SECOND);
    }
    let arrived = rig.network.requests();
    let numbers: BTreeSet<u32> = arrived.iter().map(number).collect();
    assert_eq!(numbers.len(), arrived.len(), "nothing twice");
    let lost = rig.lost();
    assert!(lost.iter().all(|entry| entry.0 == reason), "{lost:?}");
    let lost: u64 = lost.iter().map(|entry| entry.2).sum();
    assert_eq!(numbers.len() as u64 + lost, 3 * u64::from(HOUR) + 1, "each has arrived or was counted");
    let bytes: usize = arrived.iter().flat_map(|one| &one.items).map(|item| item.payload.len()).sum();
    assert!((budget / 2..=budget).contains(&bytes), "{bytes} bytes had been kept");
}

/// An event of more than a kilobyte, so that it is compressed.
fn large(number: u32) -> watchpost_core::Envelope {
    let mut one = envelope(ItemType::Event, number + 1);
    one.items[0] = Item::new(ItemType::Event, vec![b'x'; 1500]);
    one
}

fn on_disk(folder: &Path) -> usize {
    let files = std::fs::read_dir(folder).unwrap();
    files.map(|file| usize::try_from(file.unwrap().metadata().unwrap().len()).unwrap()).sum()
}
