//! The images of the process that crashed, and the same files as they lie now.

use std::ops::Range;

use object::{Object as _, ObjectSection as _};
use watchpost_core::{Map, Value};

/// Larger files are not read.
const MAX_FILE_BYTES: u64 = 1024 * 1024 * 1024;

/// A library, or the program itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Image {
    pub(super) path: String,
    /// Where it lay in memory.
    pub(super) range: Range<u64>,
    /// The address that the linker gave the first byte.
    linked_at: u64,
    build_id: String,
    shape: Map,
}

impl Image {
    /// From its shape in `debug_meta`.
    pub(super) fn read(shape: &Value) -> Option<Self> {
        let text = |key: &str| shape.get(key).and_then(Value::as_str);
        let number = |key: &str| u64::from_str_radix(text(key)?.strip_prefix("0x")?, 16).ok();
        let start = number("image_addr")?;
        let end = start.checked_add(shape.get("image_size")?.as_u64()?)?;
        Some(Self {
            path: text("code_file")?.to_owned(),
            range: start..end,
            linked_at: number("image_vmaddr").unwrap_or_default(),
            build_id: text("code_id").unwrap_or_default().to_owned(),
            shape: shape.as_object()?.clone(),
        })
    }

    /// The shape it was read from.
    pub(super) fn shape(&self) -> Value {
        self.shape.clone().into()
    }

    /// The bytes of its build id; none if it has none.
    pub(super) fn build_id(&self) -> Vec<u8> {
        let digits = self.build_id.as_bytes().chunks_exact(2);
        digits.filter_map(|pair| u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()).collect()
    }

    /// Whether this is the same file, byte for byte, as far as its build id says.
    pub(super) fn is_same_file(&self, other: &Self) -> bool {
        self.path == other.path && self.build_id == other.build_id && !self.build_id.is_empty()
    }

    /// An address in this image as it is in `other`, the same file loaded elsewhere.
    pub(super) fn translate(&self, address: u64, other: &Self) -> Option<u64> {
        address.checked_sub(self.range.start)?.checked_add(other.range.start)
    }

    /// What the unwinder must know of the file; `None` if it is gone, or is another one by now.
    pub(super) fn module(&self) -> Option<framehop::Module<Vec<u8>>> {
        let metadata = std::fs::metadata(&self.path).ok()?;
        if !metadata.is_file() || metadata.len() > MAX_FILE_BYTES {
            return None;
        }
        let bytes = std::fs::read(&self.path).ok()?;
        let file = object::File::parse(bytes.as_slice()).ok()?;
        let build_id = file.build_id().ok().flatten().unwrap_or_default();
        if build_id.iter().map(|byte| format!("{byte:02x}")).collect::<String>() != self.build_id {
            return None;
        }
        let place = |name: &str| {
            let section = file.section_by_name(name)?;
            Some(section.address()..section.address().checked_add(section.size())?)
        };
        let data = |name: &str| {
            let section = file.section_by_name(name)?;
            section.uncompressed_data().ok().map(|data| data.into_owned())
        };
        let sections = framehop::ExplicitModuleSectionInfo {
            base_svma: self.linked_at,
            text_svma: place(".text"),
            text: data(".text"),
            got_svma: place(".got"),
            eh_frame_svma: place(".eh_frame"),
            eh_frame: data(".eh_frame"),
            eh_frame_hdr_svma: place(".eh_frame_hdr"),
            eh_frame_hdr: data(".eh_frame_hdr"),
            ..framehop::ExplicitModuleSectionInfo::default()
        };
        Some(framehop::Module::new(self.path.clone(), self.range.clone(), self.range.start, sections))
    }
}
