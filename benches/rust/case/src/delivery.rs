//! What arrives, when things go wrong.

use std::time::Duration;

use rustix::process::{Signal, getpid, kill_process};

use crate::work::{Side, crumbs, fail};

/// Captures, and is killed straight after.
pub(crate) fn kill(side: &impl Side, captures: u64) {
    crumbs(side, 0);
    (0..captures).for_each(|number| fail(side, number));
    kill_process(getpid(), Signal::KILL).expect("a process may kill itself");
}

/// The next start: whatever is left goes out.
pub(crate) fn resume(side: &impl Side) {
    // The first look for what others left takes place in the background.
    std::thread::sleep(Duration::from_millis(500));
    side.flush(Duration::from_secs(30));
    println!("{{}}");
}

/// Captures quickly, and comes to its end.
pub(crate) fn exit(side: &impl Side, captures: u64) {
    crumbs(side, 0);
    (0..captures).for_each(|number| fail(side, number));
    println!("{{}}");
}

/// Ten captures a second.
pub(crate) fn outage(side: &impl Side, captures: u64) {
    crumbs(side, 0);
    for number in 0..captures {
        fail(side, number);
        std::thread::sleep(Duration::from_millis(100));
    }
    side.flush(Duration::from_secs(30));
    println!("{{}}");
}
