//! Stack traces: walked on the capturing thread, looked up once per address.
//!
//! A walk costs microseconds; finding the names and the source of an address costs up to a millisecond, and the first
//! time in a process much more. So what was looked up is kept, as the JSON that is sent. A stack with addresses that
//! nobody has met before is stored as addresses, and the transport's thread fills in the frames before it sends the
//! event, unless a hook or a rule wants to see them at once.

mod parts;
mod places;
mod resolver;
mod sites;
mod source;
mod symbols;

use std::sync::Arc;

use serde_json::value::{RawValue, to_raw_value};
use watchpost_core::{Client, Frame, LookUp, Stacktrace, Walked};

use self::sites::{Part, Site};
use crate::init::with_client;

pub(crate) use self::resolver::FrameResolver;

/// How many frames are reported, counted from the failing one.
const MAX_FRAMES: usize = 128;

/// The stack of the caller, without the frames of this crate and of the panic machinery.
pub fn current() -> Option<Stacktrace> {
    let mut stack = stored()?;
    stack.look_up();
    Some(stack)
}

/// The stack of the caller as it is stored: with names where all its addresses are known or nobody would look them up
/// later, else as addresses.
pub(crate) fn stored() -> Option<Stacktrace> {
    let mut addresses = [0_usize; MAX_FRAMES];
    let depth = walk(&mut addresses);
    let addresses = &addresses[..depth];
    let walked = match sites::known(addresses) {
        Some(sites) => named(addresses, &sites),
        // A panic that ends the process leaves nobody to look anything up.
        None if cfg!(panic = "unwind") && with_client(Client::resolves_later) == Some(true) => raw(addresses),
        None => named(addresses, &sites_of(addresses)),
    };
    walked.map(Stacktrace::walked)
}

/// The frames of a return address of this process, innermost first.
#[cfg(feature = "crash")]
pub(super) fn frames_of(address: usize) -> Vec<Frame> {
    symbols::look_up(address).into_iter().map(|known| known.frame).collect()
}

/// The stack that was noted as these return addresses, the innermost first, without the frames up to the first one
/// that is not noise.
pub(super) fn of_addresses(addresses: &[usize], is_noise: fn(&Frame) -> bool) -> Option<Stacktrace> {
    let frames =
        addresses.iter().take(MAX_FRAMES).flat_map(|address| sites::look_up(*address).frames().to_vec());
    let mut frames: Vec<Frame> = frames.skip_while(is_noise).collect();
    frames.reverse();
    (!frames.is_empty()).then(|| Stacktrace { frames, ..Stacktrace::default() })
}

/// Return addresses, the innermost first, and those of them without a line.
struct Addresses {
    all: Box<[usize]>,
    without_line: Box<[usize]>,
}

impl LookUp for Addresses {
    fn frames(&self) -> Vec<Frame> {
        let sites = sites_of(&self.all);
        let surplus = symbols::machinery(parts(&sites).map(|part| part.role));
        let mut frames: Vec<Frame> =
            sites.iter().flat_map(|site| site.frames().to_vec()).skip(surplus).collect();
        frames.reverse();
        frames
    }

    fn without_line(&self) -> &[usize] {
        &self.without_line
    }
}

fn named(addresses: &[usize], sites: &[Arc<Site>]) -> Option<Walked> {
    let surplus = symbols::machinery(parts(sites).map(|part| part.role));
    let mut json: Vec<Arc<RawValue>> =
        parts(sites).skip(surplus).map(|part| Arc::clone(&part.json)).collect();
    json.reverse();
    let without_line =
        addresses.iter().zip(sites).filter(|(_, site)| !site.has_line).map(|(address, _)| *address);
    let look_up = Addresses { all: addresses.into(), without_line: without_line.collect() };
    (!json.is_empty()).then(|| Walked::known(json, Arc::new(look_up)))
}

fn raw(addresses: &[usize]) -> Option<Walked> {
    let frames = addresses.iter().rev().map(|address| to_raw_value(&symbols::nameless(*address)).ok());
    let json: Option<Vec<Arc<RawValue>>> = frames.map(|frame| frame.map(Arc::from)).collect();
    let look_up = Addresses { all: addresses.into(), without_line: addresses.into() };
    json.filter(|json| !json.is_empty()).map(|json| Walked::raw(json, places::origin(), Arc::new(look_up)))
}

fn sites_of(addresses: &[usize]) -> Vec<Arc<Site>> {
    addresses.iter().map(|address| sites::look_up(*address)).collect()
}

fn parts(sites: &[Arc<Site>]) -> impl DoubleEndedIterator<Item = &Part> + Clone {
    sites.iter().flat_map(|site| site.parts.iter())
}

/// Collects return addresses, the innermost first.
#[inline(never)]
fn walk(addresses: &mut [usize; MAX_FRAMES]) -> usize {
    let mut depth = 0;
    let mut collect = |frame: &backtrace::Frame| {
        addresses[depth] = frame.ip() as usize;
        depth += 1;
        depth < MAX_FRAMES
    };
    #[cfg(unix)]
    {
        #[expect(unsafe_code, reason = "the synchronised walk takes a lock that all threads share")]
        // SAFETY: on Unix the walk is the unwinder's `_Unwind_Backtrace`, which may be called from several threads;
        // the lock only matters for platforms whose debug libraries may not. The closure does not re-enter it.
        unsafe {
            backtrace::trace_unsynchronized(&mut collect);
        }
    }
    #[cfg(not(unix))]
    backtrace::trace(&mut collect);
    depth
}
