//! Lines of the structured log, and measurements.

use crate::clock::{of_process, of_thread};
use crate::work::{Side, must_flush};

/// One call on the calling thread, what it takes to send off a full buffer included; and what the whole process spends on
/// all that are delivered, which is counted where they arrive.
pub(crate) fn run<S: Side>(side: &S, count: u64, call: fn(&S, u64), name: &str) {
    // Up to the second buffer: the first one that is full starts threads.
    (0..WARM_UP).for_each(|number| call(side, number));
    must_flush(side);
    let mut thread = 0.0;
    let process = of_process(|| {
        for start in (0..count).step_by(AT_ONCE) {
            thread += of_thread(|| {
                (start..count.min(start + AT_ONCE as u64)).for_each(|number| call(side, number))
            });
            // As fast as they come some would be dropped, which costs nothing.
            must_flush(side);
        }
    });
    println!(
        "{{\"{name}\":{:.4},\"{name}_delivered\":{:.4},\"{name}_calls\":{}}}",
        thread / count as f64,
        process / count as f64,
        count + WARM_UP,
    );
}

/// For a tool that counts instructions by function: nothing is timed.
pub(crate) fn without_clock<S: Side>(side: &S, count: u64) {
    (0..count).for_each(|number| log(side, number));
    (0..count).for_each(|number| metric(side, number));
    must_flush(side);
    println!("{{}}");
}

/// Kept apart, so that a tool can count the instructions in it.
#[inline(never)]
pub(crate) fn log<S: Side>(side: &S, number: u64) {
    side.log(number);
    std::hint::black_box(());
}

/// As [`log`].
#[inline(never)]
pub(crate) fn metric<S: Side>(side: &S, number: u64) {
    side.metric(number);
    std::hint::black_box(());
}

const WARM_UP: u64 = 200;

/// Five full buffers on both sides.
const AT_ONCE: usize = 500;
