//! CPU time.

use rustix::time::{ClockId, clock_gettime};

/// CPU microseconds of this thread for `work`.
pub(crate) fn of_thread(work: impl FnOnce()) -> f64 {
    since(ClockId::ThreadCPUTime, work)
}

/// CPU microseconds of all threads for `work`.
pub(crate) fn of_process(work: impl FnOnce()) -> f64 {
    since(ClockId::ProcessCPUTime, work)
}

fn since(clock: ClockId, work: impl FnOnce()) -> f64 {
    let before = now(clock);
    work();
    now(clock) - before
}

fn now(clock: ClockId) -> f64 {
    let time = clock_gettime(clock);
    time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3
}
