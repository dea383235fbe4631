//! Several threads at once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock::{of_process, of_thread};
use crate::work::{Side, crumbs, fail, must_flush};

/// What a capture costs its thread while others capture too, against one thread alone.
pub(crate) fn contend(side: &impl Side, threads: u64, captures: u64) {
    crumbs(side, 0);
    fail(side, 0);
    must_flush(side);
    let alone = together(side, 1, captures);
    side.flush(Duration::from_secs(60));
    let crowd = together(side, threads, captures);
    side.flush(Duration::from_secs(60));
    println!("{{\"alone\":{alone:.2},\"crowd\":{crowd:.2},\"contention\":{:.3}}}", crowd / alone);
}

/// CPU microseconds of a capture, the mean of all threads.
fn together(side: &impl Side, threads: u64, captures: u64) -> f64 {
    let nanoseconds = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let nanoseconds = &nanoseconds;
            scope.spawn(move || {
                // Warm: thread-locals, the thread's memory.
                (0..5).for_each(|number| fail(side, number));
                let took =
                    of_thread(|| (0..captures).for_each(|number| fail(side, thread * captures + number)));
                nanoseconds.fetch_add((took * 1e3) as u64, Ordering::Relaxed);
            });
        }
    });
    nanoseconds.into_inner() as f64 / 1e3 / (threads * captures) as f64
}

/// As fast as events can be captured and delivered; how many arrived is counted where they arrive.
pub(crate) fn deliver(side: &impl Side, threads: u64, captures: u64) {
    crumbs(side, 0);
    fail(side, 0);
    must_flush(side);
    let start = Instant::now();
    let process = of_process(|| {
        std::thread::scope(|scope| {
            for thread in 0..threads {
                scope.spawn(move || {
                    let share = captures / threads;
                    (0..share).for_each(|number| fail(side, thread * share + number));
                });
            }
        });
        side.flush(Duration::from_secs(120));
    });
    println!("{{\"seconds\":{:.4},\"process\":{process:.0}}}", start.elapsed().as_secs_f64());
}
