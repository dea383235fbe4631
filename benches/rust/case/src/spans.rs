//! A transaction with ten spans, sent and not sent.

use crate::clock::{of_process, of_thread};
use crate::work::{Side, must_flush};

/// Each is delivered before the next: what the calling thread, and what all threads of the process spend on one.
pub(crate) fn sampled(side: &impl Side, count: u64) {
    for _ in 0..WARM_UP {
        transaction(side);
        must_flush(side);
    }
    let (mut thread, mut process) = (0.0, 0.0);
    for _ in 0..count {
        process += of_process(|| {
            thread += of_thread(|| transaction(side));
            must_flush(side);
        });
    }
    let per = count as f64;
    println!("{{\"transaction\":{:.2},\"transaction_thread\":{:.2}}}", process / per, thread / per);
}

/// As many in a row: what all threads of the process spend on all of them. How many arrive is counted where they arrive:
/// a side that drops what comes too fast spends nothing on that.
pub(crate) fn in_a_row(side: &impl Side, count: u64) {
    let process = of_process(|| {
        (0..count).for_each(|_| transaction(side));
        must_flush(side);
    });
    println!("{{\"process\":{process:.0}}}");
}

/// For a tool that counts instructions by function: nothing is timed.
pub(crate) fn without_clock(side: &impl Side, count: u64) {
    for _ in 0..count {
        transaction(side);
        must_flush(side);
    }
    println!("{{}}");
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
    // Not a tail call, which the tool would not see.
    std::hint::black_box(());
}

const WARM_UP: u64 = 20;
