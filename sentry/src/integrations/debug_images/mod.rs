//! Which libraries are loaded where, so that a server that has their debug information can name the frames.
//!
//! Only looked at for an event with frames that have an address instead of a line, and only the images that such a
//! frame points into are sent (debug meta, published event payload spec). On ELF systems; elsewhere nothing is sent.

use std::sync::Arc;

use watchpost_core::{DebugImage, DebugMeta, Event, ForkLock, Frame, Text};

#[cfg(any(target_os = "linux", target_os = "android", target_os = "freebsd"))]
#[path = "elf.rs"]
mod loaded;

#[cfg(not(any(target_os = "linux", target_os = "android", target_os = "freebsd")))]
mod loaded {
    use super::Image;

    pub(super) fn images() -> std::sync::Arc<[Image]> {
        std::sync::Arc::new([])
    }
}

/// A library or the program itself, as it lies in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Image {
    path: String,
    start: usize,
    size: usize,
    /// The address that the linker gave the first byte.
    linked_at: usize,
    build_id: Vec<u8>,
}

/// Adds `debug_meta` for the frames of the event that need it; the event's own is kept.
pub(crate) fn add(event: &mut Event) {
    if event.debug_meta.is_some() {
        return;
    }
    let of_exceptions = event.exception.iter().flat_map(|exception| &exception.stacktrace);
    let of_threads = event.threads.iter().flat_map(|thread| &thread.stacktrace);
    let mut addresses = Vec::new();
    for stack in of_exceptions.chain(of_threads) {
        addresses.extend(stack.frames.iter().filter_map(address));
        addresses.extend(stack.walked.iter().flat_map(|walked| walked.without_line()));
    }
    if !addresses.is_empty() {
        event.debug_meta = of(&addresses);
    }
}

/// Where the image with this build id and size starts in this process.
pub(crate) fn start_of(code_id: &str, size: usize) -> Option<usize> {
    let images = loaded::images();
    let found = images.iter().find(|image| image.size == size && hex(&image.build_id) == code_id);
    found.map(|image| image.start)
}

/// The sets of images that events needed, by their places in the list, with what was made of them. Most stacks lead
/// through the same few.
type Sets = Vec<(Arc<[Image]>, Box<[usize]>, Arc<DebugMeta>)>;

static SETS: ForkLock<Sets> = ForkLock::new(Vec::new());

/// More sets than these begin anew.
const MAX_SETS: usize = 32;

fn of(addresses: &[usize]) -> Option<Arc<DebugMeta>> {
    let images = loaded::images();
    let place = |address: &usize| images.iter().position(|image| image.holds(*address));
    let mut set: Vec<usize> = addresses.iter().filter_map(place).collect();
    set.sort_unstable();
    set.dedup();
    if set.is_empty() {
        return None;
    }
    let known = SETS.with(|sets| {
        let same = sets.iter().find(|(of, known, _)| **known == *set && Arc::ptr_eq(of, &images));
        same.map(|(_, _, meta)| Arc::clone(meta))
    });
    if known.is_some() {
        return known;
    }
    let needed = set.iter().map(|place| images[*place].shape()).collect();
    let meta = Arc::new(DebugMeta { images: needed, ..DebugMeta::default() });
    let old = SETS.with(|sets| {
        let old = if sets.len() < MAX_SETS { Vec::new() } else { std::mem::take(sets) };
        sets.push((Arc::clone(&images), set.into(), Arc::clone(&meta)));
        old
    });
    // Freed outside of the lock.
    drop(old);
    Some(meta)
}

/// All that is loaded now, as `debug_meta` has it.
#[cfg(feature = "crash")]
pub(crate) fn all() -> Vec<watchpost_core::Value> {
    loaded::images().iter().filter_map(|image| serde_json::to_value(image.shape()).ok()).collect()
}

fn address(frame: &Frame) -> Option<usize> {
    usize::from_str_radix(frame.instruction_addr.as_deref()?.strip_prefix("0x")?, 16).ok()
}

impl Image {
    fn holds(&self, address: usize) -> bool {
        address.checked_sub(self.start).is_some_and(|offset| offset < self.size)
    }

    fn shape(&self) -> DebugImage {
        let debug_id = debug_id(&self.build_id);
        DebugImage {
            ty: Text::from_static("elf"),
            code_id: debug_id.is_some().then(|| hex(&self.build_id).into()),
            debug_id: debug_id.map(Text::from),
            code_file: Some(self.path.as_str().into()),
            image_addr: Some(format!("{:#x}", self.start).into()),
            image_size: u64::try_from(self.size).ok(),
            image_vmaddr: Some(format!("{:#x}", self.linked_at).into()),
            arch: Some(Text::from_static(std::env::consts::ARCH)),
            ..DebugImage::default()
        }
    }
}

/// The first 16 bytes of the build id, read as a UUID whose first three parts are little-endian.
fn debug_id(build_id: &[u8]) -> Option<String> {
    if build_id.is_empty() {
        return None;
    }
    let mut bytes = [0; 16];
    let length = build_id.len().min(16);
    bytes[..length].copy_from_slice(&build_id[..length]);
    bytes[..4].reverse();
    bytes[4..6].reverse();
    bytes[6..8].reverse();
    let parts = [&bytes[..4], &bytes[4..6], &bytes[6..8], &bytes[8..10], &bytes[10..]];
    Some(parts.map(hex).join("-"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use watchpost_core::{Exception, Stacktrace};

    #[test]
    fn a_build_id_is_half_turned_round() {
        let id: Vec<u8> = (0..20).collect();
        assert_eq!(debug_id(&id).as_deref(), Some("03020100-0504-0706-0809-0a0b0c0d0e0f"));
        assert_eq!(debug_id(&[]), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_images_that_frames_point_into() {
        let with_address = |address: Option<usize>| {
            let instruction_addr = address.map(|address| format!("{address:#x}").into());
            let frames = vec![Frame { instruction_addr, ..Frame::default() }];
            let stacktrace = Some(Stacktrace { frames, ..Stacktrace::default() });
            Event::exception(vec![Exception { stacktrace, ..Exception::default() }])
        };
        let mut event = with_address(None);
        add(&mut event);
        assert_eq!(event.debug_meta, None);

        let here = only_the_images_that_frames_point_into as fn() as usize;
        let mut event = with_address(Some(here));
        add(&mut event);
        let images = serde_json::to_value(&event.debug_meta.as_ref().unwrap().images).unwrap();
        let images = images.as_array().unwrap();
        assert_eq!(images.len(), 1, "{images:?}");
        let own = std::env::current_exe().unwrap();
        assert_eq!(images[0]["code_file"].as_str(), own.to_str());
        let number = |key: &str| {
            let text = images[0][key].as_str().unwrap().strip_prefix("0x").unwrap();
            usize::from_str_radix(text, 16).unwrap()
        };
        let start = number("image_addr");
        let size = usize::try_from(images[0]["image_size"].as_u64().unwrap()).unwrap();
        assert!((start..start + size).contains(&here));
    }
}
