//! Whatever is rung while the worker lies down, it does not sleep through it: else the model would come to a stop.

use std::time::Duration;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicU64, Ordering};
use loom::thread;

use super::model;
use crate::bell::{Bell, Sleep};

/// A worker that sleeps until it has seen `wanted` things happen.
fn worker(bell: &Bell, happened: &AtomicU64, depth: Sleep, wanted: u64) {
    bell.enter();
    loop {
        let heard = bell.heard();
        if happened.load(Ordering::Acquire) == wanted {
            break;
        }
        bell.sleep(depth, heard, Duration::MAX);
    }
}

fn ring(depth: Sleep, ringers: u64, ring: fn(&Bell)) {
    model(move || {
        let bell = Arc::new(Bell::default());
        let happened = Arc::new(AtomicU64::new(0));
        let others: Vec<_> = (0..ringers)
            .map(|_| {
                let (bell, happened) = (bell.clone(), happened.clone());
                thread::spawn(move || {
                    happened.fetch_add(1, Ordering::Release);
                    ring(&bell);
                })
            })
            .collect();
        worker(&bell, &happened, depth, ringers);
        assert!(bell.has_worker());
        others.into_iter().for_each(|other| other.join().unwrap());
    });
}

#[test]
fn an_envelope_wakes_a_light_sleeper() {
    ring(Sleep::Light, 1, |bell| bell.appended(100, 1000, false));
}

#[test]
fn an_urgent_envelope_wakes_who_lingers() {
    ring(Sleep::Light, 1, |bell| bell.appended(100, 1000, true));
    ring(Sleep::Linger, 1, |bell| bell.appended(100, 1000, true));
}

#[test]
fn a_command_wakes_whoever_sleeps() {
    ring(Sleep::Light, 1, Bell::command);
    ring(Sleep::Linger, 1, Bell::command);
    ring(Sleep::Deep, 1, Bell::command);
}

#[test]
fn two_who_ring_at_once_are_both_heard() {
    ring(Sleep::Light, 2, |bell| bell.appended(100, 1000, false));
    ring(Sleep::Linger, 2, |bell| bell.appended(100, 1000, true));
    ring(Sleep::Deep, 2, Bell::command);
}
