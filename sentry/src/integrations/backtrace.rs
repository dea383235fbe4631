//! Stack traces: walked on the capturing thread, names and source looked up once per address.

use std::collections::HashMap;
use std::sync::Arc;

use watchpost_core::{ForkLock, Frame, Stacktrace, Text};

use super::source;

/// How many frames are reported, counted from the failing one.
const MAX_FRAMES: usize = 128;
/// The files of this crate that capture; those that call the application back are not among them.
const ENTRIES: [&str; 7] = [
    "integrations/anyhow.rs",
    "integrations/backtrace.rs",
    "integrations/log.rs",
    "integrations/panic.rs",
    "integrations/record.rs",
    "integrations/tracing/mod.rs",
    "api.rs",
];
/// How many addresses are kept; beyond that all are forgotten and looked up again.
const MAX_CACHED: usize = 16 * 1024;

/// The frames of one address: more than one where functions were inlined, innermost first.
type Resolved = Arc<[Known]>;

/// A frame, and whether it only says how the error was captured.
#[derive(Debug)]
struct Known {
    frame: Frame,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    /// An entry point of this crate.
    Entry,
    /// The panic machinery.
    Panicking,
    /// A logging library on its way to this crate.
    Logging,
    /// The standard library, whose closures such libraries go through.
    Standard,
    Other,
}

static CACHE: ForkLock<Option<HashMap<usize, Resolved>>> = ForkLock::new(None);

/// The stack of the caller, without the frames of this crate and of the panic machinery.
pub fn current() -> Option<Stacktrace> {
    let mut addresses = [0_usize; MAX_FRAMES];
    let depth = walk(&mut addresses);
    let resolved: Vec<Resolved> = addresses[..depth].iter().map(|address| resolve(*address)).collect();
    let known = || resolved.iter().flat_map(|frames| frames.iter());
    let roles: Vec<Role> = known().map(|known| known.role).collect();
    let mut frames: Vec<Frame> = known().skip(machinery(&roles)).map(|known| known.frame.clone()).collect();
    frames.reverse();
    (!frames.is_empty()).then(|| Stacktrace { frames, ..Stacktrace::default() })
}

/// The stack that was noted as these return addresses, the innermost first, without the frames up to the first one
/// that is not noise.
pub(super) fn of_addresses(addresses: &[usize], is_noise: fn(&Frame) -> bool) -> Option<Stacktrace> {
    let resolved: Vec<Resolved> =
        addresses.iter().take(MAX_FRAMES).map(|address| resolve(*address)).collect();
    let frames = resolved.iter().flat_map(|frames| frames.iter()).map(|known| &known.frame);
    let mut frames: Vec<Frame> = frames.skip_while(|frame| is_noise(frame)).cloned().collect();
    frames.reverse();
    (!frames.is_empty()).then(|| Stacktrace { frames, ..Stacktrace::default() })
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

fn resolve(address: usize) -> Resolved {
    if let Some(known) =
        CACHE.with(|cache| cache.as_ref().and_then(|cache| cache.get(&address).map(Arc::clone)))
    {
        return known;
    }
    let mut frames = Vec::new();
    // A return address points behind the call; one byte before it is still inside.
    backtrace::resolve(address.wrapping_sub(1) as *mut _, |symbol| frames.push(known(frame(symbol))));
    if frames.is_empty() {
        frames.push(known(Frame::default()));
    }
    for known in &mut frames {
        // What has no line here may get one where the debug information is.
        if known.frame.lineno.is_none() {
            known.frame.instruction_addr = Some(format!("{address:#x}").into());
        }
    }
    let frames: Resolved = frames.into();
    let old = CACHE.with(|cache| {
        let full = cache.as_ref().is_some_and(|cache| cache.len() >= MAX_CACHED);
        let old = if full { cache.take() } else { None };
        cache.get_or_insert_default().insert(address, Arc::clone(&frames));
        old
    });
    // Freed outside of the lock.
    drop(old);
    frames
}

fn frame(symbol: &backtrace::Symbol) -> Frame {
    let name = symbol.name().map(|name| format!("{name:#}"));
    let path = symbol.filename().map(|path| path.to_string_lossy().into_owned());
    let module = name.as_deref().and_then(module).map(Text::from);
    let in_app = path.as_deref().is_some_and(is_own_path) && !name.as_deref().is_some_and(is_library);
    let mut frame = Frame {
        function: name.map(Text::from),
        module,
        filename: path.as_deref().map(|path| short(path).into()),
        abs_path: path.map(Text::from),
        lineno: symbol.lineno(),
        colno: symbol.colno(),
        in_app: Some(in_app),
        ..Frame::default()
    };
    source::add(&mut frame);
    frame
}

/// The path of a function's module: `a::b` of `a::b::f` and of `<a::b::T as c::D>::f`.
fn module(name: &str) -> Option<&str> {
    let name = name.trim_start_matches('<');
    let end = name.find([' ', '<', '>', '{']).unwrap_or(name.len());
    let path = name[..end].trim_end_matches(':');
    path.rfind("::").map(|at| &path[..at])
}

/// Code of the toolchain and of downloaded crates lies in folders of its own.
fn is_own_path(path: &str) -> bool {
    const FOREIGN: [&str; 5] = ["/rustc/", "/.cargo/registry/", "/.cargo/git/", "/rustlib/src/", "/vendor/"];
    let path = path.replace('\\', "/");
    !FOREIGN.iter().any(|part| path.contains(part))
}

/// Functions of the standard library that were compiled into the application's own files.
fn is_library(name: &str) -> bool {
    let name = name.trim_start_matches(['<', '&']);
    ["core::", "std::", "alloc::", "watchpost::", "watchpost_core::"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
}

/// The path from `src/` or `examples/` on, with the folder before it.
fn short(path: &str) -> &str {
    let normal = path.rfind("/src/").or_else(|| path.rfind("/examples/")).or_else(|| path.rfind("/tests/"));
    match normal {
        Some(at) => {
            let start = path[..at].rfind('/').map_or(0, |slash| slash + 1);
            &path[start..]
        }
        None => path.rsplit('/').next().unwrap_or(path),
    }
}

fn known(frame: Frame) -> Known {
    let role = if is_entry(&frame) {
        Role::Entry
    } else if is_panicking(&frame) {
        Role::Panicking
    } else if is_logging(&frame) {
        Role::Logging
    } else if is_standard(&frame) {
        Role::Standard
    } else {
        Role::Other
    };
    Known { frame, role }
}

/// How many frames at the inner end only say how the error was captured: this crate's entry points with everything
/// inside of them, the logging library that called them, and the panic machinery. Debug information has the files, even
/// of inlined functions, but often no full names; without it there are full names only.
fn machinery(roles: &[Role]) -> usize {
    let own = roles.iter().rposition(|role| *role == Role::Entry).map_or(0, |at| at + 1);
    let passing =
        roles[own..].iter().take_while(|role| matches!(role, Role::Logging | Role::Standard)).count();
    let logging = roles[own..own + passing].iter().rposition(|role| *role == Role::Logging);
    let start = own + logging.map_or(0, |at| at + 1);
    start + roles[start..].iter().take_while(|role| **role == Role::Panicking).count()
}

fn is_entry(frame: &Frame) -> bool {
    let path = frame.abs_path.as_deref().unwrap_or_default();
    let name = frame.function.as_deref().unwrap_or_default().trim_start_matches('<');
    let here = file!();
    let file = |name: &&str| path.ends_with(&here.replace("integrations/backtrace.rs", name));
    ENTRIES.iter().any(file)
        || name.starts_with("watchpost::api::")
        || name.starts_with("watchpost::integrations::")
}

fn is_panicking(frame: &Frame) -> bool {
    const FILES: [&str; 6] = [
        "/library/std/src/panicking.rs",
        "/library/std/src/sys/backtrace.rs",
        "/library/core/src/panicking.rs",
        "/library/core/src/result.rs",
        "/library/core/src/option.rs",
        "/library/alloc/src/boxed.rs",
    ];
    const NAMES: [&str; 5] = [
        "std::panicking::",
        "core::panicking::",
        "std::sys::backtrace::",
        "core::result::",
        "core::option::",
    ];
    let path = frame.abs_path.as_deref().unwrap_or_default();
    let name = frame.function.as_deref().unwrap_or_default();
    FILES.iter().any(|file| path.ends_with(file))
        || NAMES.iter().any(|prefix| name.starts_with(prefix))
        || name.ends_with("rust_begin_unwind")
}

fn is_logging(frame: &Frame) -> bool {
    const PATHS: [&str; 4] = ["/tracing-0", "/tracing-core-", "/tracing-subscriber-", "/log-0"];
    const NAMES: [&str; 4] = ["tracing::", "tracing_core::", "tracing_subscriber::", "log::"];
    let path = frame.abs_path.as_deref().unwrap_or_default();
    let name = frame.function.as_deref().unwrap_or_default().trim_start_matches(['<', '&']);
    PATHS.iter().any(|part| path.contains(part)) || NAMES.iter().any(|prefix| name.starts_with(prefix))
}

fn is_standard(frame: &Frame) -> bool {
    let path = frame.abs_path.as_deref().unwrap_or_default();
    path.contains("/library/std/src/")
        || path.contains("/library/core/src/")
        || path.contains("/library/alloc/src/")
        || (path.is_empty() && frame.function.as_deref().is_some_and(is_library))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_and_paths() {
        assert_eq!(module("a::b::f"), Some("a::b"));
        assert_eq!(module("<a::b::T as c::D>::f"), Some("a::b"));
        assert_eq!(module("a::b::f::{{closure}}"), Some("a::b"));
        assert_eq!(module("main"), None);
        assert_eq!(short("/home/me/shop/src/cart.rs"), "shop/src/cart.rs");
        assert!(!is_own_path("/home/me/.cargo/registry/src/x/tokio-1/src/lib.rs"));
    }
}
