//! What is captured, and who captures it.

use std::fmt;
use std::num::ParseIntError;
use std::time::Duration;

/// What a side has to be able to do, from any thread.
pub trait Side: Sync + 'static {
    /// Adds a breadcrumb to the current scope.
    fn breadcrumb(&self, message: String, number: u64);
    /// Captures the error where it is called.
    fn capture(&self, error: &BookingError);
    /// Waits until everything is delivered; whether it was.
    fn flush(&self, timeout: Duration) -> bool;
    /// Forks the scope, sets one tag in the fork, leaves it.
    fn fork_with_tag(&self);
    /// A transaction with ten spans, each with a description and one attribute, and the transaction on the scope.
    fn transaction(&self);
    /// Writes a line of the structured log, with one parameter and one attribute.
    fn log(&self, number: u64);
    /// Adds a value to a distribution, with one attribute.
    fn metric(&self, number: u64);
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

/// The error that is captured, unlike all others.
pub(crate) fn error(number: u64) -> BookingError {
    let Err(cause) = "12,x5".parse::<i64>() else { unreachable!("it is no number") };
    BookingError { invoice: number, cause }
}

pub(crate) fn crumbs(side: &impl Side, number: u64) {
    for n in 0..u64::from(CRUMBS) {
        breadcrumb(side, format!("row {n} of import {number} read from the ledger"), number + n);
    }
}

/// Ten frames of this program below the capture.
pub(crate) fn fail(side: &impl Side, number: u64) {
    frame(side, number, DEPTH);
}

#[inline(never)]
fn frame(side: &impl Side, number: u64, depth: u32) -> u32 {
    if depth > 0 {
        return std::hint::black_box(frame(side, number, depth - 1) + 1);
    }
    capture(side, &error(number));
    1
}

/// Kept apart, so that a tool can count the instructions in it.
#[inline(never)]
pub(crate) fn capture(side: &impl Side, error: &BookingError) {
    side.capture(error);
    // Not a tail call: the frame is one of the ten.
    std::hint::black_box(());
}

/// As [`capture`].
#[inline(never)]
pub(crate) fn breadcrumb(side: &impl Side, message: String, number: u64) {
    side.breadcrumb(message, number);
}

/// As [`capture`].
#[inline(never)]
pub(crate) fn fork_with_tag(side: &impl Side) {
    side.fork_with_tag();
}

pub(crate) fn must_flush(side: &impl Side) {
    assert!(side.flush(Duration::from_secs(300)), "not delivered in 300 s");
}

pub(crate) const CRUMBS: u32 = 100;
const DEPTH: u32 = 8;
