//! The calling thread's stack, with names and lines from the binaries' own debug information.

use std::collections::HashMap;
use std::ffi::{CStr, c_void};
use std::path::Path;
use std::sync::{LazyLock, Mutex, PoisonError};

/// One call, as the machine knows it. An inlined call gives a frame of its own with the same address.
#[derive(Debug, Clone, Default, PartialEq, Eq, uniffi::Record)]
pub struct NativeFrame {
    /// The return address.
    pub address: u64,
    /// The symbol, as mangled by its compiler.
    pub symbol: Option<String>,
    /// The binary that the code belongs to.
    pub image: Option<String>,
    /// Where that binary begins in memory.
    pub image_address: u64,
    /// The source file, as the compiler was given it.
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u32>,
}

/// The calling thread's frames, innermost first, at most `max` of them, without this library's own.
///
/// Costs microseconds per frame that was seen before; the first look into a binary reads its debug information.
#[uniffi::export]
pub fn walk_stack(max: u32) -> Vec<NativeFrame> {
    let mut addresses = Vec::with_capacity(64);
    backtrace::trace(|frame| {
        addresses.push(frame.ip() as usize);
        addresses.len() < max as usize + OWN_FRAMES
    });
    let own = image_of(walk_stack as *const () as usize).map(|(_, base)| base);
    let mut known = SYMBOLS.lock().unwrap_or_else(PoisonError::into_inner);
    if known.len() > MAX_KNOWN {
        known.clear();
    }
    let mut frames: Vec<NativeFrame> = Vec::with_capacity(addresses.len());
    for address in addresses {
        frames.extend_from_slice(known.entry(address).or_insert_with(|| resolve(address)));
    }
    let skip = frames.iter().take_while(|frame| own.is_some_and(|base| frame.image_address == base)).count();
    frames.drain(..skip);
    frames.truncate(max as usize);
    frames
}

/// How many frames this library itself may put on top.
const OWN_FRAMES: usize = 24;
/// Addresses kept; an app has a few thousand call sites that capture.
const MAX_KNOWN: usize = 16_384;

static SYMBOLS: LazyLock<Mutex<HashMap<usize, Vec<NativeFrame>>>> = LazyLock::new(Mutex::default);

fn resolve(address: usize) -> Vec<NativeFrame> {
    let (image, base) = image_of(address).unzip();
    let bare = NativeFrame {
        address: address as u64,
        image,
        image_address: base.unwrap_or(0),
        ..NativeFrame::default()
    };
    let mut frames = Vec::new();
    // A return address points behind the call; the byte before belongs to it.
    backtrace::resolve(address.saturating_sub(1) as *mut c_void, |symbol| {
        frames.push(NativeFrame {
            symbol: symbol.name().and_then(|name| name.as_str().map(str::to_owned)),
            file: symbol.filename().map(Path::to_string_lossy).map(Into::into),
            line: symbol.lineno(),
            ..bare.clone()
        });
    });
    if frames.is_empty() {
        frames.push(bare);
    }
    frames
}

/// The binary that an address belongs to, and where it begins.
#[expect(unsafe_code, reason = "dladdr fills a plain C structure")]
fn image_of(address: usize) -> Option<(String, u64)> {
    // SAFETY: `Dl_info` is plain pointers, for which all zeroes is a value.
    let mut info: libc::Dl_info = unsafe { std::mem::zeroed() };
    // SAFETY: dladdr only compares the address with the loaded binaries, and writes to `info`, which outlives the call.
    let found = unsafe { libc::dladdr(address as *const c_void, &raw mut info) };
    if found == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the name belongs to the loader's list and ends in zero; it is copied at once.
    let name = unsafe { CStr::from_ptr(info.dli_fname) };
    Some((name.to_string_lossy().into_owned(), info.dli_fbase as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caller_is_found_with_its_name_and_line() {
        // Here the library and the test are one binary, so nothing is skipped by image: search all.
        let own = image_of(walk_stack as *const () as usize).unwrap().1;
        let mut addresses = Vec::new();
        backtrace::trace(|frame| {
            addresses.push(frame.ip() as usize);
            addresses.len() < 64
        });
        let frames: Vec<_> = addresses.into_iter().flat_map(resolve).collect();
        let name = "the_caller_is_found_with_its_name_and_line";
        let here = frames.iter().find(|frame| {
            frame.symbol.as_ref().is_some_and(|symbol| symbol.contains(name))
                && frame.file.as_ref().is_some_and(|file| file.ends_with("stack.rs"))
        });
        let here = here.expect("this test's own frame");
        assert!(here.line.is_some_and(|line| line > 90), "{here:?}");
        assert_eq!(here.image_address, own);
    }
}
