//! What appending costs. By hand:
//! `cargo test --release -p watchpost-spool --test speed -- --ignored --nocapture --test-threads 1`
#![cfg(unix)]
#![expect(clippy::print_stdout, reason = "it prints what it measures")]

use std::time::{Duration, Instant};
use watchpost_spool::{Lane, Log, LogConfig, Outbox, OutboxConfig, Position};

const ROUNDS: usize = 20_000;

/// Runs `step` many times and prints how long it took.
fn measure(what: &str, rounds: usize, mut step: impl FnMut(usize)) {
    let mut times: Vec<Duration> = (0..rounds)
        .map(|n| {
            let start = Instant::now();
            step(n);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    let at = |part: f64| times[((rounds - 1) as f64 * part) as usize].as_secs_f64() * 1e6;
    let mean = times.iter().sum::<Duration>().as_secs_f64() * 1e6 / rounds as f64;
    println!(
        "{what:44} median {:7.2} us  p99 {:7.2}  p99.9 {:8.2}  max {:8.1}  mean {mean:7.2}",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}

#[test]
#[ignore = "measures"]
fn outbox() {
    for bytes in [200, 2_000, 10_000, 100_000] {
        let dir = tempfile::tempdir().unwrap();
        let (head, body) = (vec![b'h'; 100], vec![b'x'; bytes - 100]);
        let mut plain = std::fs::File::create(dir.path().join("plain")).unwrap();
        let joined = [head.as_slice(), body.as_slice()].concat();
        measure(&format!("floor: write(2) of {bytes} B to a plain file"), ROUNDS, |n| {
            std::io::Write::write_all(&mut plain, &joined).unwrap();
            if n % 100 == 99 {
                // A new file now and then, as a spool begins new segments.
                plain = std::fs::File::create(dir.path().join("plain")).unwrap();
            }
        });
        let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
        measure(&format!("append {bytes} B, delivered as it comes"), ROUNDS, |n| {
            outbox.append(Lane::Urgent, &[&head, &body]).unwrap();
            if n % 16 == 15 {
                // Between two measured steps would be fairer still; a sixteenth of them carries this instead.
                while let Some(record) = outbox.peek().unwrap() {
                    outbox.ack(record.id).unwrap();
                }
            }
        });
        let dir = tempfile::tempdir().unwrap();
        let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
        measure(&format!("append {bytes} B, nothing delivered, evicting"), ROUNDS, |_| {
            outbox.append(Lane::Urgent, &[&head, &body]).unwrap();
        });
        drop(outbox.take_evicted());
        let mut records = outbox.pending();
        measure(&format!("peek and ack {bytes} B"), records.min(5000), |_| {
            let record = outbox.peek().unwrap().unwrap();
            outbox.ack(record.id).unwrap();
            records -= 1;
        });
        assert_eq!(outbox.pending(), records);
    }
    let dir = tempfile::tempdir().unwrap();
    measure("open and first append of a process", 500, |_| {
        let outbox = Outbox::open(OutboxConfig::new(dir.path())).unwrap();
        outbox.append(Lane::Urgent, &[&[1; 2000]]).unwrap();
        let record = outbox.peek().unwrap().unwrap();
        outbox.ack(record.id).unwrap();
    });
}

#[test]
#[ignore = "measures"]
fn log() {
    let dir = tempfile::tempdir().unwrap();
    let log = Log::open(LogConfig::new(dir.path())).unwrap();
    let body = vec![b'x'; 9_000];
    measure("log: append 9 kB", ROUNDS, |_| assert!(log.append(&[&body]).is_ok()));
    log.sync().unwrap();
    measure("log: append 9 kB and sync", 500, |_| {
        let position = log.append(&[&body]).unwrap();
        assert!(log.sync().unwrap() > position);
    });
    measure("log: append 100 x 9 kB and sync", 100, |_| {
        for _ in 0..100 {
            log.append(&[&body]).unwrap();
        }
        log.sync().unwrap();
    });
    let start = Instant::now();
    let count = log.reader(Position::START).filter(|entry| entry.is_ok()).count();
    println!("log: replay {count} records of 9 kB in {:?}", start.elapsed());
}
