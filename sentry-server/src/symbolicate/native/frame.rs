//! Frames out of what a debug file says about an address.

use symbolic::symcache::SourceLocation;
use symbolic_demangle::{Demangle as _, DemangleOptions};

use super::images::{Image, base_name};
use crate::json::Value;
use crate::normalize;
use crate::symbolicate::event::note;

/// The frame that is resolved.
pub(super) struct Basis<'a> {
    pub(super) frame: &'a Value,
    pub(super) image: &'a Image,
    pub(super) platform: &'a str,
}

/// The frames that one address stands for, callers first; `locations` begin with the innermost.
pub(super) fn expand(basis: &Basis<'_>, locations: &[SourceLocation<'_, '_>]) -> Vec<Value> {
    let outermost = locations.len().saturating_sub(1);
    let frames = locations.iter().enumerate().map(|(number, location)| {
        let mut frame = one(basis, location);
        if number < outermost {
            note(&mut frame, "inlined", true.into());
        }
        frame
    });
    let mut frames: Vec<Value> = frames.collect();
    frames.reverse();
    frames
}

fn one(basis: &Basis<'_>, location: &SourceLocation<'_, '_>) -> Value {
    let mut frame = basis.frame.clone();
    note(&mut frame, "symbolicator_status", "symbolicated".into());
    let Value::Object(fields) = &mut frame else { return frame };
    for stale in [
        "raw_function",
        "symbol",
        "lineno",
        "colno",
        "filename",
        "abs_path",
        "pre_context",
        "context_line",
        "post_context",
    ] {
        fields.remove(stale);
    }
    let mut put = |name: &'static str, value: Value| {
        fields.insert(name.into(), value);
    };
    let function = location.function();
    let mangled = function.name();
    let name = function.name_for_demangling();
    let demangled = name.demangle(DemangleOptions::complete().return_type(false));
    if demangled.as_deref().is_some_and(|name| name != mangled) {
        put("symbol", mangled.into());
    }
    put("function", demangled.unwrap_or_else(|| mangled.to_owned()).into());
    if function.entry_pc() != u32::MAX {
        put("symbol_addr", hex(basis.image.address + u64::from(function.entry_pc())));
    }
    if basis.image.address > 0 {
        put("image_addr", hex(basis.image.address));
    }
    let line = location.line();
    if line > 0 {
        put("lineno", line.into());
    }
    let path = location.file().map(|file| file.full_path()).filter(|path| !path.is_empty());
    if let Some(path) = &path {
        put("filename", base_name(path).into());
        put("abs_path", path.as_str().into());
    }
    if let Some(package) = &basis.image.code_file {
        fields.entry("package").or_insert_with(|| package.as_str().into());
    }
    // Names are shortened, and frames told apart, as if the client had sent them so.
    normalize::resolved_frame(fields, basis.platform);
    frame
}

fn hex(address: u64) -> Value {
    format!("{address:#x}").into()
}
