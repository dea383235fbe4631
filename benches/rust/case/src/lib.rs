//! The case that both sides are measured with: an error ten frames deep, a hundred breadcrumbs that differ between
//! captures, a user, ten tags and three contexts. Prints one line of JSON.

use std::fmt;
use std::num::ParseIntError;

use rustix::time::{ClockId, clock_gettime};

/// What a side has to be able to do.
pub trait Side {
    /// Adds a breadcrumb to the current scope.
    fn breadcrumb(&self, message: String, number: u64);
    /// Captures the error where it is called.
    fn capture(&self, error: &BookingError);
    /// Waits until everything is delivered.
    fn flush(&self);
    /// Forks the scope, sets one tag in the fork, leaves it.
    fn fork_with_tag(&self);
}

/// An error with a cause.
#[derive(Debug)]
pub struct BookingError {
    invoice: u64,
    cause: ParseIntError,
}

impl fmt::Display for BookingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invoice {} could not be booked", self.invoice)
    }
}

impl std::error::Error for BookingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// The tags of the case.
pub fn tags() -> impl Iterator<Item = (String, String)> {
    (0..10).map(|n| (format!("tag.{n}"), format!("value of tag {n}")))
}

/// The contexts of the case: names, keys and values.
pub fn contexts() -> impl Iterator<Item = (String, Vec<(String, String)>)> {
    ["import", "shop", "host"].into_iter().map(|name| {
        (name.to_owned(), (0..5).map(|n| (format!("key_{n}"), format!("{name} value {n}"))).collect())
    })
}

/// Runs the case and prints what it cost, in microseconds per call.
pub fn measure(side: &impl Side, captures: u64) {
    // The first capture in a process is a figure of its own.
    crumbs(side, 0);
    let first = cpu(Clock::Thread, || fail(side, 0));
    side.flush();
    for number in 1..WARM_UP {
        crumbs(side, number);
        fail(side, number);
        side.flush();
    }
    let (mut thread, mut process, mut crumb) = (0.0, 0.0, 0.0);
    for number in WARM_UP..WARM_UP + captures {
        crumb += cpu(Clock::Thread, || crumbs(side, number));
        process += cpu(Clock::Process, || {
            thread += cpu(Clock::Thread, || fail(side, number));
            side.flush();
        });
    }
    let fork = cpu(Clock::Thread, || (0..FORKS).for_each(|_| side.fork_with_tag()));
    #[expect(clippy::cast_precision_loss, reason = "a few hundred captures")]
    let per = captures as f64;
    println!(
        "{{\"captures\":{},\"first\":{first:.2},\"thread\":{:.2},\"process\":{:.2},\"breadcrumb\":{:.4},\"fork\":{:.4}}}",
        WARM_UP + captures,
        thread / per,
        process / per,
        crumb / per / f64::from(CRUMBS),
        fork / f64::from(FORKS),
    );
}

fn crumbs(side: &impl Side, number: u64) {
    for n in 0..CRUMBS {
        side.breadcrumb(format!("row {n} of import {number} read from the ledger"), number + u64::from(n));
    }
}

/// Ten frames of this program below the capture.
fn fail(side: &impl Side, number: u64) {
    frame(side, number, DEPTH);
}

#[inline(never)]
fn frame(side: &impl Side, number: u64, depth: u32) -> u32 {
    if depth > 0 {
        return std::hint::black_box(frame(side, number, depth - 1) + 1);
    }
    let Err(cause) = "12,x5".parse::<i64>() else { return 0 };
    side.capture(&BookingError { invoice: number, cause });
    1
}

#[derive(Clone, Copy)]
enum Clock {
    Thread,
    Process,
}

/// CPU time of `work` in microseconds.
fn cpu(clock: Clock, work: impl FnOnce()) -> f64 {
    let before = now(clock);
    work();
    now(clock) - before
}

fn now(clock: Clock) -> f64 {
    let id = match clock {
        Clock::Thread => ClockId::ThreadCPUTime,
        Clock::Process => ClockId::ProcessCPUTime,
    };
    let time = clock_gettime(id);
    #[expect(clippy::cast_precision_loss, reason = "seconds of CPU time")]
    let micros = time.tv_sec as f64 * 1e6 + time.tv_nsec as f64 / 1e3;
    micros
}

const WARM_UP: u64 = 20;
const CRUMBS: u32 = 100;
const FORKS: u32 = 10_000;
const DEPTH: u32 = 9;
