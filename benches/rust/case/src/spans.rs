//! A transaction with ten spans, sent and not sent.

use crate::clock::{of_process, of_thread};
use crate::work::{Side, must_flush};

/// Each is delivered before the next: what all threads of the process spend on one.
pub(crate) fn sampled(side: &impl Side, count: u64) {
    for _ in 0..WARM_UP {
        transaction(side);
        must_flush(side);
    }
    let mut process = 0.0;
    for _ in 0..count {
        process += of_process(|| {
            transaction(side);
            must_flush(side);
        });
    }
    println!("{{\"transaction\":{:.2}}}", process / count as f64);
}

/// Nothing is delivered: what the calling thread spends.
pub(crate) fn unsampled(side: &impl Side, count: u64) {
    (0..WARM_UP).for_each(|_| transaction(side));
    let thread = of_thread(|| (0..count).for_each(|_| transaction(side)));
    println!("{{\"unsampled\":{:.4}}}", thread / count as f64);
}

/// Kept apart, so that a tool can count the instructions in it.
#[inline(never)]
fn transaction(side: &impl Side) {
    side.transaction();
}

const WARM_UP: u64 = 20;
