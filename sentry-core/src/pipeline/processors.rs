//! Event processors.

use crate::hook::{self, EventHook, Hint, HookOutcome};
use crate::protocol::Event;

/// Runs processors in order and stops at the first that drops the event or fails.
pub(super) fn run<'a>(
    mut event: Event,
    processors: impl Iterator<Item = &'a EventHook>,
    hint: &Hint,
) -> HookOutcome<Event> {
    for processor in processors {
        match hook::call(|| processor(event, hint))? {
            Some(next) => event = next,
            None => return Ok(None),
        }
    }
    Ok(Some(event))
}
