//! What one capture, one breadcrumb and one fork cost, in microseconds of CPU and in allocations.

use std::hint::black_box;

use crate::allocations;
use crate::clock::{of_process, of_thread};
use crate::work::{CRUMBS, Side, crumbs, fail, fork_with_tag, must_flush};

pub(crate) fn run(side: &impl Side, captures: u64) {
    // The first capture in a process is a figure of its own.
    crumbs(side, 0);
    let first = of_thread(|| fail(side, 0));
    must_flush(side);
    for number in 1..WARM_UP {
        crumbs(side, number);
        fail(side, number);
        must_flush(side);
    }
    let (mut thread, mut process, mut crumb, mut allocations) = (0.0, 0.0, 0.0, 0);
    for number in WARM_UP..WARM_UP + captures {
        crumb += of_thread(|| crumbs(side, number));
        process += of_process(|| {
            let before = allocations::count();
            thread += of_thread(|| fail(side, number));
            allocations += allocations::count() - before;
            must_flush(side);
        });
    }
    let message = of_thread(|| {
        (0..FORKS).for_each(|n| drop(black_box(format!("row {n} of import 7 read from the ledger"))))
    });
    let fork = of_thread(|| (0..FORKS).for_each(|_| fork_with_tag(side)));
    let per = captures as f64;
    println!(
        "{{\"captures\":{},\"first\":{first:.2},\"thread\":{:.2},\"process\":{:.2},\"allocations\":{:.1},\"breadcrumb\":{:.4},\"fork\":{:.4}}}",
        WARM_UP + captures,
        thread / per,
        process / per,
        allocations as f64 / per,
        // Making the message is the application's affair on both sides.
        crumb / per / f64::from(CRUMBS) - message / f64::from(FORKS),
        fork / f64::from(FORKS),
    );
}

/// The same captures for a tool that counts instructions by function: nothing is timed.
pub(crate) fn without_clock(side: &impl Side, captures: u64) {
    for number in 0..captures {
        crumbs(side, number);
        fail(side, number);
        // From here on the place is known: else it would be chance which captures store addresses, and which names. The
        // compiler must not know which round is the first, or it gives that one a call of its own, which is another
        // place: then the one that all others have in common is not known before the worker has come to it.
        if black_box(number) < KNOWN {
            must_flush(side);
        }
    }
    (0..captures).for_each(|_| fork_with_tag(side));
    println!("{{\"captures\":{captures}}}");
}

const WARM_UP: u64 = 20;
const KNOWN: u64 = 2;
const FORKS: u32 = 10_000;
