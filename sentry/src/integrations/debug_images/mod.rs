//! Which libraries are loaded where, so that a server that has their debug information can name the frames.
//!
//! Only looked at for an event with frames that have an address instead of a line, and only the images that such a
//! frame points into are sent (debug meta, published event payload spec). On ELF systems; elsewhere nothing is sent.

use watchpost_core::{Event, Frame, Map, Value};

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
    let frames = of_exceptions.chain(of_threads).flat_map(|stack| &stack.frames);
    let addresses: Vec<usize> = frames.filter_map(address).collect();
    if addresses.is_empty() {
        return;
    }
    let images = loaded::images();
    let needed = images.iter().filter(|image| addresses.iter().any(|address| image.holds(*address)));
    let needed: Vec<Value> = needed.map(Image::shape).collect();
    if !needed.is_empty() {
        let mut meta = Map::new();
        meta.insert("images".into(), needed.into());
        event.debug_meta = Some(meta.into());
    }
}

fn address(frame: &Frame) -> Option<usize> {
    usize::from_str_radix(frame.instruction_addr.as_deref()?.strip_prefix("0x")?, 16).ok()
}

impl Image {
    fn holds(&self, address: usize) -> bool {
        address.checked_sub(self.start).is_some_and(|offset| offset < self.size)
    }

    fn shape(&self) -> Value {
        let mut map = Map::new();
        let mut put = |key: &str, value: String| map.insert(key.to_owned(), value.into());
        put("type", "elf".into());
        put("code_file", self.path.clone());
        put("image_addr", format!("{:#x}", self.start));
        put("image_vmaddr", format!("{:#x}", self.linked_at));
        put("arch", std::env::consts::ARCH.into());
        if let Some(id) = debug_id(&self.build_id) {
            put("code_id", hex(&self.build_id));
            put("debug_id", id);
        }
        map.insert("image_size".to_owned(), self.size.into());
        map.into()
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
        let images = event.debug_meta.as_ref().unwrap()["images"].as_array().unwrap();
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
