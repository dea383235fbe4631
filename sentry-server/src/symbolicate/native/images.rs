//! The programs and libraries that an event's addresses are in.

use symbolic::common::{Arch, DebugId, Uuid};

use super::number;
use crate::json::{Map, Value};
use crate::symbolicate::event::text;

/// One of `debug_meta.images`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::symbolicate) struct Image {
    /// In the list of the event.
    pub(super) number: usize,
    /// Where it was loaded; 0 where nothing says so.
    pub(super) address: u64,
    /// 0 where nothing says so.
    pub(super) bytes: u64,
    pub(super) debug_id: Option<DebugId>,
    /// The program or library, as it was called where it ran.
    pub(super) code_file: Option<String>,
    pub(super) debug_file: Option<String>,
    pub(super) arch: Arch,
}

/// All native images of an event, by address.
#[derive(Debug, Default)]
pub(super) struct Images {
    by_address: Vec<Image>,
}

impl Images {
    /// Of the event; images of other kinds (mappings, source maps) are left out.
    pub(super) fn of(body: &Map) -> Self {
        let list = body.get("debug_meta").and_then(|meta| meta.get("images")?.as_array());
        let mut by_address: Vec<Image> =
            list.into_iter().flatten().enumerate().take(MAX_IMAGES).filter_map(read).collect();
        by_address.sort_by_key(|image| image.address);
        Self { by_address }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_address.is_empty()
    }

    /// The image in which an address of the process is. One without a size ends where the next one begins.
    pub(super) fn at(&self, address: u64) -> Option<&Image> {
        let behind = self.by_address.partition_point(|image| image.address <= address);
        let image = self.by_address[..behind].last()?;
        (image.bytes == 0 || address - image.address < image.bytes).then_some(image)
    }

    /// The image at a place in the event's list.
    pub(super) fn numbered(&self, number: usize) -> Option<&Image> {
        self.by_address.iter().find(|image| image.number == number)
    }
}

impl Image {
    /// A module of a minidump.
    pub(in crate::symbolicate) fn of_module(module: &dyn minidump::Module) -> Self {
        Self {
            number: 0,
            address: module.base_address(),
            bytes: module.size(),
            debug_id: module.debug_identifier(),
            code_file: Some(module.code_file().into_owned()),
            debug_file: module.debug_file().map(|file| file.into_owned()),
            arch: Arch::Unknown,
        }
    }

    /// What people call it.
    pub(super) fn name(&self) -> &str {
        let file =
            self.code_file.as_deref().or(self.debug_file.as_deref()).unwrap_or("an image without a name");
        base_name(file)
    }

    /// What its debug file may be called.
    pub(super) fn is_called(&self, name: &str) -> bool {
        let name = stem(base_name(name));
        let own = [self.code_file.as_deref(), self.debug_file.as_deref()];
        !name.is_empty() && own.iter().flatten().any(|own| stem(base_name(own)).eq_ignore_ascii_case(name))
    }
}

/// The last part of a path of any system.
pub(super) fn base_name(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

/// A name without the endings that tell a program from its debug file.
fn stem(name: &str) -> &str {
    let endings = [".debug", ".pdb", ".exe", ".dll", ".sym", ".dSYM", ".dwp"];
    endings.iter().find_map(|ending| name.strip_suffix(ending)).unwrap_or(name)
}

fn read((number, image): (usize, &Value)) -> Option<Image> {
    let kind = text(image, "type")?;
    if !matches!(kind, "elf" | "macho" | "pe" | "coff" | "wasm" | "symbolic" | "apple") {
        return None;
    }
    let field = |names: [&str; 2]| names.iter().find_map(|name| text(image, name));
    let address = |name: &str| image.get(name).and_then(self::number);
    // Some clients name a build only by the identifier of its code; that of ELF files has the debug id in it.
    let debug_id = field(["debug_id", "uuid"])
        .or(field(["id", "id"]).filter(|_| kind == "symbolic"))
        .and_then(|id| id.parse().ok())
        .filter(|id: &DebugId| !id.is_nil())
        .or_else(|| text(image, "code_id").filter(|_| kind == "elf").and_then(of_build_id));
    Some(Image {
        number,
        address: address("image_addr").unwrap_or_default(),
        bytes: address("image_size").unwrap_or_default(),
        debug_id,
        code_file: field(["code_file", "name"]).map(str::to_owned),
        debug_file: text(image, "debug_file").map(str::to_owned),
        arch: text(image, "arch").and_then(|arch| arch.parse().ok()).unwrap_or_default(),
    })
}

/// The first 16 bytes of a build id, read as the little-endian fields of a UUID (Breakpad's rule for ELF files).
fn of_build_id(text: &str) -> Option<DebugId> {
    let key = crate::files::debug_key(text)?;
    Some(DebugId::from_uuid(Uuid::from_bytes_le(key)))
}

const MAX_IMAGES: usize = 4_096;

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn images(list: Value) -> Images {
        let Value::Object(body) = json!({ "debug_meta": { "images": list } }) else { panic!() };
        Images::of(&body)
    }

    #[test]
    fn an_address_is_in_the_image_that_covers_it() {
        let images = images(json!([
            { "type": "elf", "image_addr": "0x5000", "image_size": 4096, "code_file": "/usr/bin/shop" },
            { "type": "proguard", "uuid": "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7" },
            { "type": "macho", "image_addr": 4096, "name": "/System/a.dylib" },
        ]));
        let at = |address: u64| images.at(address).map(|image| image.number);
        assert_eq!(
            [0xfff, 0x1000, 0x4fff, 0x5000, 0x5fff, 0x6000].map(at),
            [None, Some(2), Some(2), Some(0), Some(0), None]
        );
        assert_eq!(images.numbered(0).map(Image::name), Some("shop"));
        assert!(images.numbered(1).is_none());
    }

    #[test]
    fn debug_ids_are_read_in_every_spelling() {
        let wanted = "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7";
        for image in [
            json!({ "type": "elf", "debug_id": wanted }),
            json!({ "type": "apple", "uuid": "DFB8E43AF22423D73A453AEB6A777EF7" }),
            json!({ "type": "elf", "code_id": "3ae4b8df24f2d7233a453aeb6a777ef7aabbccdd" }),
        ] {
            let images = images(json!([image]));
            assert_eq!(images.by_address[0].debug_id.unwrap().to_string(), wanted, "{image}");
        }
        let pe = images(json!([{ "type": "pe", "debug_id": "dfb8e43a-f224-23d7-3a45-3aeb6a777ef7-a" }]));
        assert_eq!(pe.by_address[0].debug_id.unwrap().to_string(), format!("{wanted}-a"));
        for id in ["nonsense", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(images(json!([{ "type": "pe", "debug_id": id }])).by_address[0].debug_id, None);
        }
    }

    #[test]
    fn a_debug_file_is_known_by_its_name() {
        let images = images(
            json!([{ "type": "pe", "code_file": "C:\\shop\\Shop.exe", "debug_file": "D:\\b\\shop_.pdb" }]),
        );
        let image = &images.by_address[0];
        for (name, is) in [
            ("shop.pdb", true),
            ("x/shop_.pdb", true),
            ("shop.exe.sym", false),
            ("other.exe", false),
            ("", false),
        ] {
            assert_eq!(image.is_called(name), is, "{name}");
        }
    }
}
