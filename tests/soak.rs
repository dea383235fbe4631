//! The second tier: what takes too long for every change. Run by `cargo xtask soak`, which builds the programs first
//! and says how often by environment variables.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use watchpost_tests::{Kills, kill_under_load};
use xtask::bench::Sink;
use xtask::repo;

/// Scenes of fifty kills each, until the rounds are through.
#[test]
fn kills() {
    let rounds: usize = std::env::var("WATCHPOST_SOAK_ROUNDS").map_or(1000, |text| text.parse().unwrap());
    let mut all = Kills::default();
    while all.rounds < rounds {
        let now = (rounds - all.rounds).min(KILLS_PER_SCENE);
        let kills = kill_under_load("soak-kills", now, Path::new(env!("CARGO_BIN_EXE_load"))).unwrap();
        all.rounds += kills.rounds;
        all.captured += kills.captured;
        all.stored += kills.stored;
        eprintln!("so far {all:?}");
    }
    assert!(all.captured > all.rounds, "hardly any captures: {all:?}");
}

/// A hundred thousand captures; at rest, the process must not be larger after the last than after the first fifth.
#[test]
fn memory_is_flat() {
    let captures: u32 =
        std::env::var("WATCHPOST_SOAK_CAPTURES").map_or(100_000, |text| text.parse().unwrap());
    let sink = Sink::open().unwrap();
    let spool = repo::cache("soak/memory");
    let _ = std::fs::remove_dir_all(&spool);
    let mut program = Command::new(env!("CARGO_BIN_EXE_memory"))
        .arg(sink.dsn())
        .arg(&spool)
        .arg(captures.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let resident: Vec<u64> = lines.map(|line| line.unwrap().parse().unwrap()).collect();
    assert!(program.wait().unwrap().success());
    eprintln!("resident kB after each tenth: {resident:?}");
    assert_eq!(resident.len(), 10);
    let arrived = sink.take();
    assert_eq!(
        (arrived.events, arrived.repeated),
        (u64::from(captures), 0),
        "every capture was delivered once"
    );
    let (early, last) = (resident[1], resident[9]);
    assert!(last * 100 <= early * 105, "{early} kB after a fifth, {last} kB at the end");
}

const KILLS_PER_SCENE: usize = 50;
