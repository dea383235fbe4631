//! The power goes, or the disk is full, in the middle of a storm: whatever was answered with 200 is there afterwards,
//! once, and the server goes on by itself.
#![cfg(all(target_os = "linux", target_arch = "x86_64"))]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use support::disk::{Change, Disk, after_power_cut};
use support::process::{Process, prepare};
use support::storm::{assert_whole, envelope, finish, random};

/// Power cuts that are tried on the record of one storm: 12, or what `cargo xtask soak` says.
fn cuts() -> u64 {
    std::env::var("WATCHPOST_SOAK_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(12)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let into = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &into);
        } else {
            std::fs::copy(&path, into).unwrap();
        }
    }
}

/// A number in 0..1.
fn chance() -> f64 {
    (random() >> 11) as f64 / (1_u64 << 53) as f64
}

#[test]
fn a_power_cut_loses_nothing_that_was_answered() {
    let (dir, config, first) = prepare();
    let before = dir.path().join("before");
    copy(&config.data, &before);
    let disk = Disk::new(dir.path(), &config.data);
    let mut environment = disk.environment().to_vec();
    // Small segments, so that some are begun and deleted in the storm.
    environment.push(("WATCHPOST_SPOOL_BYTES", "600000"));
    let process = Process::start(disk.folder(), &environment);
    let (next, answered) = (AtomicU64::new(1), Mutex::new(Vec::new()));
    let deadline = Instant::now() + Duration::from_secs(30);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while answered.lock().unwrap().len() < EVENTS && Instant::now() < deadline {
                    let id = next.fetch_add(1, Ordering::Relaxed);
                    match process.post(&envelope(id)) {
                        // All that this answer stands on is in the record by now.
                        Some(200) => answered.lock().unwrap().push((id, disk.recorded())),
                        Some(429) => std::thread::sleep(Duration::from_millis(5)),
                        other => panic!("{other:?}"),
                    }
                }
            });
        }
    });
    drop(process);
    let (answered, sent) = (answered.into_inner().unwrap(), next.load(Ordering::Relaxed));
    let changes = disk.changes();
    assert!(answered.len() > EVENTS / 4, "{} answers are no storm", answered.len());
    for round in 0..cuts() {
        // The last cut is after all.
        let cut = if round == 0 { changes.len() } else { 1 + random() as usize % changes.len() };
        let of_unsynced = [0.0, 0.5, 1.0, chance()][random() as usize % 4];
        let changes = &changes[..cut];
        let end = changes.last().unwrap().end;
        let promised: Vec<u64> = answered.iter().filter(|(_, at)| *at <= end).map(|(id, _)| *id).collect();
        let folder = dir.path().join(format!("cut-{round}"));
        after_power_cut(&disk, &before, changes, of_unsynced, &mut chance, &folder);
        let what = format!("cut {cut}, of unsynced {of_unsynced}, {} answered", promised.len());
        eprintln!("{what}");
        finish(&folder, &first.token, promised.len() as u64);
        assert_whole(&folder, &promised, sent);
        std::fs::remove_dir_all(&folder).unwrap();
    }
    // Without its syncs the same storm is forgotten: it is they that were tried.
    let unsynced: Vec<Change> = changes.into_iter().filter(|change| !change.is_sync()).collect();
    let folder = dir.path().join("forgotten");
    after_power_cut(&disk, &before, &unsynced, 0.0, &mut || 0.0, &folder);
    assert_eq!(watchpost_server::check(&folder).unwrap().events, 0);
}

#[test]
fn a_full_disk_is_said_and_recovers_by_itself() {
    let (dir, config, first) = prepare();
    let disk = Disk::new(dir.path(), &config.data);
    let process = Process::start(disk.folder(), &disk.environment());
    let (mut id, mut answered) = (0, Vec::new());
    let send = |id: u64, answered: &mut Vec<u64>| match process.post(&envelope(id)) {
        Some(200) => {
            answered.push(id);
            true
        }
        Some(429) => false,
        other => panic!("{other:?}"),
    };
    for _ in 0..20 {
        id += 1;
        assert!(send(id, &mut answered));
    }
    disk.set_room(100_000);
    let deadline = Instant::now() + Duration::from_secs(120);
    // The refusal itself is what is looked at: the next one may find room again, as the digest frees some.
    let refusal = loop {
        id += 1;
        let answer = process.post_full(&envelope(id)).unwrap();
        if !answer.starts_with("HTTP/1.1 200 ") {
            break answer;
        }
        answered.push(id);
        assert!(Instant::now() < deadline && id < 20_000, "the disk never fills");
    };
    // It is up, says why, and what was stored can be read.
    assert!(refusal.starts_with("HTTP/1.1 429 "), "{refusal}");
    assert!(refusal.contains("x-sentry-rate-limits: ") && refusal.contains("queue_full"), "{refusal}");
    assert!(refusal.contains("error;") || refusal.contains(":error"), "by category: {refusal}");
    process.get(&first.token, "/api/0/organizations/default/issues/");
    // Some tries more: neither a short write nor a store that cannot commit costs anything.
    for _ in 0..50 {
        id += 1;
        send(id, &mut answered);
    }
    disk.set_room(-1);
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        id += 1;
        if send(id, &mut answered) {
            break;
        }
        assert!(Instant::now() < deadline, "it does not recover");
        std::thread::sleep(Duration::from_millis(50));
    }
    // It goes on digesting by itself, without a restart.
    let events = answered.len() as u64;
    let deadline = Instant::now() + Duration::from_secs(60);
    while process.stored_events(&first.token) < events {
        assert!(Instant::now() < deadline, "the digest does not recover");
        std::thread::sleep(Duration::from_millis(50));
    }
    drop(process);
    finish(&config.data, &first.token, 1);
    assert_whole(&config.data, &answered, id + 1);
}

const EVENTS: usize = 400;
