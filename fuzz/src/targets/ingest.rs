//! Any body of a request: refused, or stored within its caps; never a panic.

use watchpost_server::testing::take;

/// Inflated, at most; small, so that a bomb is met soon.
const MAX_BYTES: usize = 4 * 1024 * 1024;
/// What an item may be, at most, plus what normalising adds to it.
const MAX_STORED_BYTES: usize = 3 * 1024 * 1024;

pub(crate) fn run(data: &[u8]) {
    let Some((how, wire)) = data.split_first() else { return };
    let (encoding, store) = (how & 7, how & 8 != 0);
    let Some(taken) = take(encoding, store, wire, MAX_BYTES) else { return };
    assert!(taken.longest <= MAX_STORED_BYTES.max(wire.len()), "{taken:?}");
    assert!(taken.rows <= 4_000 * (taken.events + taken.items).max(1), "{taken:?}");
    assert_eq!(take(encoding, store, wire, MAX_BYTES), Some(taken), "reading again says the same");
}
