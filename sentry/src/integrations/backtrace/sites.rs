//! What is known about addresses, kept for the next event.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::size_of;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use serde_json::value::{RawValue, to_raw_value};
use watchpost_core::{ForkLock, Frame};

use super::symbols::{self, Known, Role};

/// How much is kept, in bytes of JSON; beyond that all is forgotten and looked up again. Some 10,000 addresses.
const MAX_BYTES: usize = 12 * 1024 * 1024;

/// The frames of one address: more than one where functions were inlined, innermost first.
#[derive(Debug)]
pub(super) struct Site {
    pub(super) parts: Box<[Part]>,
    /// The same frames for hooks, made when the first one asks.
    frames: ArcSwapOption<Vec<Frame>>,
    /// True if each frame has its line.
    pub(super) has_line: bool,
    bytes: usize,
}

/// A frame as it is sent.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) json: Arc<RawValue>,
    pub(super) role: Role,
}

#[derive(Default)]
struct Cache {
    sites: HashMap<usize, Arc<Site>, BuildHasherDefault<Spread>>,
    bytes: usize,
}

static CACHE: ForkLock<Option<Cache>> = ForkLock::new(None);

/// The sites of all these addresses, if each was looked up before.
pub(super) fn known(addresses: &[usize]) -> Option<Vec<Arc<Site>>> {
    let mut found = Vec::with_capacity(addresses.len());
    let all = CACHE.with(|cache| {
        let Some(cache) = cache else { return false };
        addresses
            .iter()
            .all(|address| cache.sites.get(address).map(|site| found.push(Arc::clone(site))).is_some())
    });
    all.then_some(found)
}

/// The site of an address; slow when nobody has met it before.
pub(super) fn look_up(address: usize) -> Arc<Site> {
    let known =
        CACHE.with(|cache| cache.as_ref().and_then(|cache| cache.sites.get(&address).map(Arc::clone)));
    known.unwrap_or_else(|| keep(address, Arc::new(Site::of(symbols::look_up(address)))))
}

fn keep(address: usize, site: Arc<Site>) -> Arc<Site> {
    let old = CACHE.with(|cache| {
        let full = cache.as_ref().is_some_and(|cache| cache.bytes + site.bytes > MAX_BYTES);
        let old = if full { cache.take() } else { None };
        let cache = cache.get_or_insert_default();
        cache.bytes += site.bytes;
        let twice = cache.sites.insert(address, Arc::clone(&site));
        cache.bytes -= twice.as_ref().map_or(0, |twice| twice.bytes);
        (old, twice)
    });
    // Freed outside of the lock.
    drop(old);
    site
}

impl Site {
    fn of(known: Vec<Known>) -> Self {
        let has_line = known.iter().all(|known| known.frame.lineno.is_some());
        let json = |frame: &Frame| to_raw_value(frame).ok().map(Arc::<RawValue>::from);
        let part = |known: Known| Some(Part { json: json(&known.frame)?, role: known.role });
        let parts: Box<[Part]> = known.into_iter().filter_map(part).collect();
        let text: usize = parts.iter().map(|part| part.json.get().len() + 2 * size_of::<Part>()).sum();
        Self { parts, frames: ArcSwapOption::empty(), has_line, bytes: text + 4 * size_of::<Self>() }
    }

    /// The frames, innermost first.
    pub(super) fn frames(&self) -> Arc<Vec<Frame>> {
        if let Some(frames) = self.frames.load_full() {
            return frames;
        }
        let frame = |part: &Part| serde_json::from_str(part.json.get()).unwrap_or_default();
        let frames = Arc::new(self.parts.iter().map(frame).collect::<Vec<Frame>>());
        self.frames.store(Some(Arc::clone(&frames)));
        frames
    }
}

/// Spreads addresses over a table: they come from the program itself, so nobody can make them collide on purpose.
#[derive(Default)]
struct Spread(u64);

impl Hasher for Spread {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_usize(usize::from(*byte)));
    }

    fn write_usize(&mut self, address: usize) {
        self.0 = (self.0 ^ address as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(26);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address() -> usize {
        known as *const () as usize + 1
    }

    #[test]
    fn an_address_is_looked_up_once_and_hooks_get_the_same_frames() {
        let site = look_up(address());
        assert!(Arc::ptr_eq(&site, &look_up(address())));
        assert!(Arc::ptr_eq(&site, &known(&[address()]).unwrap()[0]));
        assert!(known(&[address(), 1]).is_none());
        let frames = site.frames();
        assert_eq!(frames.len(), site.parts.len());
        assert!(
            frames.iter().any(|frame| frame.function.as_deref().is_some_and(|name| name.contains("known")))
        );
        assert_eq!(serde_json::to_string(&frames[0]).unwrap(), site.parts[0].json.get());
    }
}
