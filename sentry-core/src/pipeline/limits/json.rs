//! From a shape to JSON, with an end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

use crate::json;
use crate::pipeline::Prepared;
use crate::protocol::{Breadcrumb, Event};

/// The JSON of `value`, or `None` if it were longer than `max` bytes or cannot be written. Stops at the limit: what is
/// too large is never built.
pub(crate) fn to_json(value: &impl Serialize, max: usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(LAST.load(Ordering::Relaxed).clamp(START, MOST).min(max));
    if !json::write_within(value, max, &mut out) {
        return None;
    }
    LAST.store(out.len() + out.len() / 16, Ordering::Relaxed);
    Some(out)
}

/// The same for an event: what is `prepared` is added, then its held breadcrumbs behind the others.
pub(super) fn event_to_json(event: &mut Event, prepared: Option<&Prepared>, max: usize) -> Option<Vec<u8>> {
    let held = event.held_breadcrumbs.take();
    let listed = if held.is_some() { std::mem::take(&mut event.breadcrumbs) } else { Vec::new() };
    let contexts = if prepared.is_some() { std::mem::take(&mut event.contexts) } else { BTreeMap::new() };
    let out = to_json(event, max).and_then(|mut out| {
        if let Some(prepared) = prepared {
            prepared.write(&contexts, &mut out)?;
        }
        let last = held.as_ref().and_then(|held| held.as_written()).map_or(&b""[..], |held| held.json());
        let is_written = with_breadcrumbs(&listed, last, max, &mut out);
        LAST.store(out.len() + out.len() / 16, Ordering::Relaxed);
        (is_written && out.len() <= max).then_some(out)
    });
    if prepared.is_some() {
        event.contexts = contexts;
    }
    if held.is_some() {
        event.breadcrumbs = listed;
        event.held_breadcrumbs = held;
    }
    out
}

/// Adds a last field to the object in `out`; false if it is then longer than `max`, or the list cannot be written.
fn with_breadcrumbs(listed: &[Arc<Breadcrumb>], last: &[u8], max: usize, out: &mut Vec<u8>) -> bool {
    if last.is_empty() && listed.is_empty() {
        return true;
    }
    if out.pop() != Some(b'}') {
        return false;
    }
    out.extend_from_slice(if out.len() > 1 {
        b",\"breadcrumbs\":{\"values\":"
    } else {
        b"\"breadcrumbs\":{\"values\":"
    });
    if !json::write_within(&listed, max, out) {
        return false;
    }
    out.pop();
    if !last.is_empty() {
        if !listed.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(last);
    }
    out.extend_from_slice(b"]}}");
    out.len() <= max
}

/// How large the last one was: the next one is likely to fit without growing.
static LAST: AtomicUsize = AtomicUsize::new(START);
const START: usize = 8 * 1024;
const MOST: usize = 64 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_is_exact() {
        let text = "x".repeat(100);
        assert_eq!(to_json(&text, 102).unwrap().len(), 102);
        assert!(to_json(&text, 101).is_none());
        // What the fast writer does not know has the same limit.
        let numbers: BTreeMap<u32, u32> = (0..10).map(|n| (n, n)).collect();
        let length = serde_json::to_vec(&numbers).unwrap().len();
        assert_eq!(to_json(&numbers, length).unwrap().len(), length);
        assert!(to_json(&numbers, length - 1).is_none());
    }

    #[test]
    fn what_is_too_large_is_never_built() {
        let list = vec!["x".repeat(1000); 10_000];
        let mut out = Vec::new();
        assert!(!json::write_within(&list, 4096, &mut out));
        assert!(out.is_empty() && out.capacity() < 64 * 1024, "{}", out.capacity());
    }
}
