//! Where the code of a stored address is now.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use watchpost_core::{DebugImage, DebugMeta, OsRng, Rng, Text};

/// Names the memory of this process, in which addresses mean something. Forked children share it.
pub(super) fn origin() -> Text {
    static ORIGIN: AtomicU64 = AtomicU64::new(0);
    if ORIGIN.load(Ordering::Relaxed) == 0 {
        let fresh = OsRng.next_u64() | 1;
        let _ = ORIGIN.compare_exchange(0, fresh, Ordering::Relaxed, Ordering::Relaxed);
    }
    format!("{:016x}", ORIGIN.load(Ordering::Relaxed)).into()
}

/// From the addresses of an event, perhaps of another process, to those of this one.
#[derive(Debug)]
pub(super) struct Places {
    /// Start and end there; start here, unless this process has not loaded it.
    images: Vec<(usize, usize, Option<usize>)>,
    same_memory: bool,
}

impl Places {
    /// Compares the images of an event with those of this process: the same build id is the same code.
    pub(super) fn of(debug_meta: Option<&DebugMeta>, origin: &str) -> Self {
        let images = debug_meta.into_iter().flat_map(|meta| &meta.images).filter_map(range).collect();
        Self { images, same_memory: origin == self::origin().as_str() }
    }

    /// The address in this process; `None` if the code is not here, or nobody can tell.
    pub(super) fn here(&self, address: usize) -> Option<usize> {
        let image = self.images.iter().find(|(start, end, _)| (*start..=*end).contains(&address));
        match image {
            Some((start, _, here)) => here.map(|here| address - start + here),
            // Within an image without an id, or outside of all: only this very process knows.
            None => self.same_memory.then_some(address),
        }
    }
}

/// The images that these addresses lie in; `None` if there are none.
pub(super) fn keep(debug_meta: &DebugMeta, addresses: &[usize]) -> Option<Arc<DebugMeta>> {
    let needed = |image: &&DebugImage| {
        extent(image)
            .is_none_or(|(start, end)| addresses.iter().any(|address| (start..=end).contains(address)))
    };
    let images: Vec<DebugImage> = debug_meta.images.iter().filter(needed).cloned().collect();
    (!images.is_empty()).then(|| Arc::new(DebugMeta { images, ..DebugMeta::default() }))
}

fn range(image: &DebugImage) -> Option<(usize, usize, Option<usize>)> {
    let (start, end) = extent(image)?;
    let code_id = image.code_id.as_deref().filter(|id| !id.is_empty())?;
    Some((start, end, loaded(code_id, end - start)))
}

/// Start and end.
fn extent(image: &DebugImage) -> Option<(usize, usize)> {
    let start = usize::from_str_radix(image.image_addr.as_deref()?.strip_prefix("0x")?, 16).ok()?;
    let size = usize::try_from(image.image_size?).ok()?;
    Some((start, start.checked_add(size)?))
}

#[cfg(feature = "debug-images")]
use crate::integrations::debug_images::start_of as loaded;

/// Without images there is nothing to compare.
#[cfg(not(feature = "debug-images"))]
fn loaded(_code_id: &str, _size: usize) -> Option<usize> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_images_only_the_same_memory_counts() {
        assert_eq!(Places::of(None, origin().as_str()).here(7), Some(7));
        assert_eq!(Places::of(None, "another process").here(7), None);
    }

    #[cfg(all(target_os = "linux", feature = "debug-images"))]
    #[test]
    fn code_is_found_again_where_the_same_library_lies_now() {
        use crate::integrations::debug_images;
        use watchpost_core::{Event, Exception, Frame, Stacktrace};

        let here = origin as *const () as usize;
        let frame = Frame { instruction_addr: Some(format!("{here:#x}").into()), ..Frame::default() };
        let stacktrace = Some(Stacktrace { frames: vec![frame], ..Stacktrace::default() });
        let mut event = Event::exception(vec![Exception { stacktrace, ..Exception::default() }]);
        debug_images::add(&mut event);
        let meta = event.debug_meta.unwrap();
        let image = &meta.images[0];
        let start = usize::from_str_radix(&image.image_addr.as_deref().unwrap()[2..], 16).unwrap();
        let mut moved = DebugMeta::clone(&meta);
        moved.images[0].image_addr = Some(format!("{:#x}", start + 0x1000).into());
        let elsewhere = Places::of(Some(&moved), "another process");
        assert_eq!(elsewhere.here(here + 0x1000), Some(here));
        assert_eq!(elsewhere.here(1), None);
        moved.images[0].code_id = Some("00".into());
        assert_eq!(Places::of(Some(&moved), "another process").here(here + 0x1000), None);
        assert_eq!(Places::of(Some(&moved), origin().as_str()).here(here + 0x1000), None, "unloaded since");
    }
}
