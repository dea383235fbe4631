//! Frames of stored events, filled in by the transport's thread.

use watchpost_core::{Event, Frame, Resolver, Stacktrace};

use super::parts::Parts;
use super::places::{self, Places};
use super::sites;
use super::symbols::{self, Known, Role};

/// Looks up the addresses in stored events: of this process, or of one whose libraries this one has loaded too. What
/// it cannot know for sure it leaves to the server, which has the libraries' ids.
#[derive(Debug)]
pub(crate) struct FrameResolver;

impl Resolver for FrameResolver {
    fn resolve(&self, payload: &[u8], origin: &str) -> Option<Vec<u8>> {
        let parts = Parts::of(payload);
        let stacks = complete(parts.event()?, origin)?;
        if payload.len() + stacks.len() <= LARGE {
            return Some(parts.replaced(payload, &Parts::of(&stacks)));
        }
        // Something may have to go, so the whole event has to be looked at.
        complete(serde_json::from_slice(payload).ok()?, origin)
    }

    fn tidy(&self) {
        symbols::tidy();
    }
}

/// The event with its frames filled in, as it is sent; `None` if none was found.
fn complete(mut event: Event, origin: &str) -> Option<Vec<u8>> {
    let places = Places::of(event.debug_meta.as_deref(), origin);
    let mut found = false;
    for stack in event.stacks_mut() {
        found |= fill_in(stack, &places);
    }
    if !found {
        return None;
    }
    let left: Vec<usize> = event.stacks_mut().flat_map(|stack| &stack.frames).filter_map(address).collect();
    event.debug_meta = event.debug_meta.and_then(|meta| places::keep(&meta, &left));
    event.to_json()
}

/// An event of fewer bytes needs nothing cut off, whatever its limit.
const LARGE: usize = 512 * 1024;

/// True if a frame was found.
fn fill_in(stack: &mut Stacktrace, places: &Places) -> bool {
    let stored: Option<Vec<usize>> = stack.frames.iter().rev().map(raw_address).collect();
    let Some(stored) = stored else { return false };
    let mut found = false;
    let mut frames = Vec::new();
    for address in stored {
        match places.here(address) {
            Some(here) => {
                found = true;
                frames.extend(at(here, address));
            }
            None => frames.push(Known { frame: symbols::nameless(address), role: Role::Other }),
        }
    }
    if found {
        let surplus = symbols::machinery(frames.iter().map(|known| known.role));
        stack.frames = frames.into_iter().skip(surplus).map(|known| known.frame).collect();
        stack.frames.reverse();
    }
    found
}

/// The frames at an address of this process, which was `address` in its own.
fn at(here: usize, address: usize) -> Vec<Known> {
    let site = sites::look_up(here);
    let frames = site.frames();
    let roles = site.parts.iter().map(|part| part.role);
    let there = symbols::nameless(address).instruction_addr;
    let moved = |frame: &Frame| frame.instruction_addr.is_some().then(|| there.clone()).flatten();
    let frame = |frame: &Frame| Frame { instruction_addr: moved(frame), ..frame.clone() };
    frames.iter().zip(roles).map(|(known, role)| Known { frame: frame(known), role }).collect()
}

/// The address of a frame that has nothing else.
fn raw_address(frame: &Frame) -> Option<usize> {
    let is_raw = frame.function.is_none() && frame.filename.is_none();
    address(frame).filter(|_| is_raw)
}

fn address(frame: &Frame) -> Option<usize> {
    usize::from_str_radix(frame.instruction_addr.as_deref()?.strip_prefix("0x")?, 16).ok()
}
