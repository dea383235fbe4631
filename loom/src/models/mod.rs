//! The models. Each states a property that has to hold in every execution.

mod bell;
mod client_reports;
mod fork_lock;
mod open_list;
mod per_generation;

use std::sync::{Mutex, PoisonError};

/// Tries the executions of `program` in which a thread is interrupted at most three times, which is where nearly all
/// mistakes show, or as often as `WATCHPOST_SOAK_LOOM` says.
///
/// At most two threads may want the same [`ForkLock`](crate::fork::ForkLock): two who spin would be tried in turn for
/// ever while the third holds it.
fn model(program: impl Fn() + Send + Sync + 'static) {
    // The generation is the process's, so one model runs at a time.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let mut builder = loom::model::Builder::new();
    let wanted = std::env::var("WATCHPOST_SOAK_LOOM").map(|number| number.parse().unwrap());
    builder.preemption_bound = Some(wanted.unwrap_or(PREEMPTIONS));
    builder.check(program);
}

const PREEMPTIONS: usize = 3;
