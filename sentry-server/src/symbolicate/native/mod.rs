//! Addresses in programs and libraries, looked up in the debug files of their build.
//!
//! Source: the protocol's `debug_meta` and frame fields, and what published symbolicators make of them: addresses of calls
//! are return addresses, so the place of the call is in front of them; calls that a compiler inlined become frames of
//! their own; `data.symbolicator_status` says what became of an address.

mod build;
mod find;
mod frame;
mod images;
mod sources;
mod tables;
mod unwinding;

use std::collections::HashMap;

use symbolic::common::{Arch, InstructionInfo};
use symbolic::symcache::SymCache;

pub(super) use self::find::{Found, Table, expect};
pub(super) use self::images::Image;
use self::images::Images;
use self::sources::Sources;
pub(super) use self::tables::{Kind, Tables};
pub(super) use self::unwinding::Unwinding;
use super::event::{Fate, Trace, Way, note, text};
use super::{Reason, Symbolicator};
use crate::json::{Map, Value};
use crate::store::{ProjectId, StoreError};

/// Looks addresses up in debug files.
#[derive(Debug)]
pub(super) struct Native<'a> {
    symbolicator: &'a Symbolicator,
    project: ProjectId,
    /// Whether frames of the event are native where they do not say it themselves.
    is_native: bool,
    platform: String,
    images: Images,
    /// By the image's number.
    tables: HashMap<usize, Result<Table, Reason>>,
}

/// Where a frame is in an image.
struct Position<'i> {
    image: &'i Image,
    /// From the image's beginning, in the instruction that was executed.
    address: u64,
}

impl<'a> Native<'a> {
    /// For an event of the project; `None` for one without native images and frames.
    pub(super) fn of(
        symbolicator: &'a Symbolicator,
        project: ProjectId,
        platform: &str,
        body: &Map,
    ) -> Option<Self> {
        let images = Images::of(body);
        let is_native = is_native(platform);
        if images.is_empty() && !is_native {
            return None;
        }
        let platform = platform.to_owned();
        Some(Self { symbolicator, project, is_native, platform, images, tables: HashMap::new() })
    }

    /// Notes on the event's images which of them were looked for and found.
    pub(super) fn note_images(&self, body: &mut Map) {
        let images = body.get_mut("debug_meta").and_then(|meta| meta.get_mut("images")?.as_array_mut());
        let Some(images) = images else { return };
        for (number, found) in &self.tables {
            if let Some(Value::Object(image)) = images.get_mut(*number) {
                let status = found.as_ref().map_or_else(Reason::status, |_| "found");
                image.insert("debug_status".into(), status.into());
            }
        }
    }

    /// Source lines of all resolved frames, image by image.
    fn add_sources(&self, trace: &Trace<'_>, fates: &mut [Option<Fate>]) -> Result<(), StoreError> {
        let mut by_image: HashMap<usize, (&Image, Vec<&mut Value>)> = HashMap::new();
        for (frame, fate) in trace.frames.iter().zip(fates) {
            let Some(Fate { outcome: Ok(_), frames: Some(frames), .. }) = fate else { continue };
            let address = frame.get("instruction_addr").and_then(number);
            if let Some(at) = address.and_then(|address| position(&self.images, frame, address)) {
                by_image.entry(at.image.number).or_insert((at.image, Vec::new())).1.extend(frames);
            }
        }
        for (image, mut frames) in by_image.into_values() {
            if let Some(sources) = Sources::of(self.symbolicator, self.project, image)? {
                sources.add_lines(&mut frames);
            }
        }
        Ok(())
    }

    fn owns(&self, frame: &Value) -> bool {
        frame.get("instruction_addr").is_some() && text(frame, "platform").map_or(self.is_native, is_native)
    }

    fn fate(&mut self, frame: &Value, adjust: &Adjust) -> Result<Fate, StoreError> {
        let address = frame.get("instruction_addr").and_then(number);
        let at = address.and_then(|address| position(&self.images, frame, address));
        let label = label(frame, at.as_ref());
        let unresolved = |reason: Reason, status: bool| {
            // What the client named itself reads well enough, and so does a library without its files.
            let is_nameless = text(frame, "function").is_none();
            let matters =
                reason.may_change() && is_nameless && frame.get("in_app") != Some(&Value::Bool(false));
            let frames = (status && is_nameless).then(|| vec![with_status(frame.clone(), reason.status())]);
            Fate { label: label.clone(), outcome: Err(reason), lacks: None, matters, frames }
        };
        // Frames that are whole may be inlined calls that the client has spread out already.
        if text(frame, "function").is_some()
            && frame.get("lineno").and_then(Value::as_u64).is_some_and(|line| line > 0)
        {
            return Ok(Fate { label, outcome: Ok("client"), lacks: None, matters: false, frames: None });
        }
        let Some(Position { image, address: at }) = at else {
            return Ok(match address {
                Some(address) => unresolved(Reason::NoImage(address), true),
                None => unresolved(Reason::NoPosition, false),
            });
        };
        let table = match self.tables.get(&image.number) {
            Some(table) => table,
            None => {
                let table = self.symbolicator.native_table(self.project, image, Kind::Names)?;
                self.tables.entry(image.number).or_insert(table)
            }
        };
        let table = match table {
            Ok(table) => table,
            Err(reason) => return Ok(unresolved(reason.clone(), true)),
        };
        let cache = match SymCache::parse(&table.bytes) {
            Ok(cache) => cache,
            Err(error) => {
                let (file, why) = (table.file.clone(), error.to_string());
                return Ok(unresolved(Reason::BadDebugFile { file, why }, true));
            }
        };
        let arch = if image.arch == Arch::Unknown { cache.arch() } else { image.arch };
        let asked = adjust.executed(arch, at, address == Some(at), image.address);
        let locations: Vec<_> = cache.lookup(asked).take(MAX_INLINED).collect();
        if locations.is_empty() {
            let (file, address) = (table.file.clone(), asked);
            return Ok(unresolved(Reason::NoSymbolHere { file, address }, true));
        }
        let platform = text(frame, "platform").unwrap_or(&self.platform);
        let basis = frame::Basis { frame, image, platform };
        let frames = frame::expand(&basis, &locations);
        let has_line = locations.iter().any(|location| location.line() > 0);
        let lacks = (!has_line).then(|| Reason::NoLines(table.file.clone()));
        let how = if table.has_lines { "debug-file" } else { "symbol-table" };
        Ok(Fate { label, outcome: Ok(how), lacks, matters: false, frames: Some(frames) })
    }
}

impl Way for Native<'_> {
    fn trace(&mut self, trace: &Trace<'_>) -> Result<Vec<Option<Fate>>, StoreError> {
        let innermost = trace.frames.len().saturating_sub(1);
        for frame in trace.frames.iter().filter(|frame| self.owns(frame)) {
            let address = frame.get("instruction_addr").and_then(number);
            if let Some(at) = address.and_then(|address| position(&self.images, frame, address))
                && !self.tables.contains_key(&at.image.number)
            {
                self.symbolicator.expect_names(self.project, at.image)?;
            }
        }
        let mut fates = Vec::with_capacity(trace.frames.len());
        for (number, frame) in trace.frames.iter().enumerate() {
            fates.push(match self.owns(frame) {
                true => Some(self.fate(frame, &Adjust::of(trace, number == innermost))?),
                false => None,
            });
        }
        self.add_sources(trace, &mut fates)?;
        Ok(fates)
    }
}

/// Whether and how the address of an executed instruction is in front of the one in a frame.
#[derive(Debug)]
struct Adjust {
    /// What the client says about all frames of the trace.
    rule: Option<bool>,
    is_innermost: bool,
    signal: Option<u32>,
    instruction_register: Option<u64>,
}

impl Adjust {
    fn of(trace: &Trace<'_>, is_innermost: bool) -> Self {
        let rule = match text(trace.value, "instruction_addr_adjustment") {
            Some("all") => Some(true),
            Some("none") => Some(false),
            Some("all_but_first") => Some(!is_innermost),
            _ => None,
        };
        let registers = trace.value.get("registers");
        let names = ["rip", "eip", "pc", "r15"];
        let register = registers.and_then(|all| names.iter().find_map(|name| number(all.get(name)?)));
        let signal = trace.holder.get("mechanism").and_then(|mechanism| {
            mechanism.get("meta")?.get("signal")?.get("number")?.as_u64()?.try_into().ok()
        });
        Self { rule, is_innermost, signal, instruction_register: register }
    }

    /// From the image's beginning.
    fn executed(&self, arch: Arch, address: u64, is_relative: bool, base: u64) -> u64 {
        let mut info = InstructionInfo::new(arch, address);
        let register = self.instruction_register.filter(|_| !is_relative);
        info.is_crashing_frame(self.is_innermost)
            .signal(self.signal)
            .ip_register_value(register.map(|value| value.wrapping_sub(base)));
        // Whatever an address is made smaller by, it stays in its image.
        match self.rule {
            _ if address < 8 => address,
            Some(true) => info.previous_address(),
            Some(false) => info.aligned_address(),
            None => info.caller_address(),
        }
    }
}

/// An address of the process, or one of an image: `addr_mode` `rel:` and the image's number.
fn position<'i>(images: &'i Images, frame: &Value, address: u64) -> Option<Position<'i>> {
    if let Some(number) = text(frame, "addr_mode").and_then(|mode| mode.strip_prefix("rel:")) {
        return Some(Position { image: images.numbered(number.parse().ok()?)?, address });
    }
    let image = images.at(address)?;
    Some(Position { image, address: address - image.address })
}

fn label(frame: &Value, at: Option<&Position<'_>>) -> String {
    match at {
        Some(at) => format!("{} + {:#x}", at.image.name(), at.address),
        None => frame
            .get("instruction_addr")
            .and_then(number)
            .map_or_else(|| "?".to_owned(), |at| format!("{at:#x}")),
    }
}

fn with_status(mut frame: Value, status: &str) -> Value {
    note(&mut frame, "symbolicator_status", status.into());
    frame
}

/// A number, or its digits: hexadecimal with `0x` in front, else decimal.
fn number(value: &Value) -> Option<u64> {
    match value.as_str() {
        Some(text) => match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
            Some(digits) => u64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        },
        None => value.as_u64(),
    }
}

fn is_native(platform: &str) -> bool {
    matches!(platform, "native" | "c" | "cocoa" | "objc" | "swift" | "rust")
}

const MAX_INLINED: usize = 64;

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    fn executed(trace: Value, holder: Value, is_innermost: bool) -> u64 {
        let Value::Object(holder) = holder else { panic!() };
        let trace = Trace { number: 0, holder: &holder, value: &trace, frames: &[] };
        Adjust::of(&trace, is_innermost).executed(Arch::Amd64, 0x100, false, 0x1000)
    }

    #[test]
    fn a_call_is_in_front_of_its_return_address_and_a_crash_is_not() {
        for (trace, innermost, address) in [
            (json!({}), true, 0x100),
            (json!({}), false, 0xff),
            (json!({ "instruction_addr_adjustment": "all" }), true, 0xff),
            (json!({ "instruction_addr_adjustment": "none" }), false, 0x100),
            (json!({ "instruction_addr_adjustment": "all_but_first" }), true, 0x100),
            (json!({ "instruction_addr_adjustment": "all_but_first" }), false, 0xff),
        ] {
            assert_eq!(executed(trace.clone(), json!({}), innermost), address, "{trace}");
        }
        // The handler's own frame was cut off: what is innermost now is a call.
        let segfault = json!({ "mechanism": { "meta": { "signal": { "number": 11 } } } });
        let registers = |rip: &str| json!({ "registers": { "rip": rip } });
        assert_eq!(executed(registers("0x1200"), segfault.clone(), true), 0xff);
        assert_eq!(executed(registers("0x1100"), segfault, true), 0x100);
    }

    #[test]
    fn addresses_are_read_in_every_spelling() {
        for (value, wanted) in [
            (json!("0x10"), Some(16)),
            (json!("16"), Some(16)),
            (json!(16), Some(16)),
            (json!("0xffffffffffffffff"), Some(u64::MAX)),
            (json!("10h"), None),
            (json!(-1), None),
        ] {
            assert_eq!(number(&value), wanted, "{value}");
        }
    }
}
