//! From an address to names: functions, files, lines, and what each frame is good for.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use watchpost_core::{Frame, Text, generation};

use super::source;

/// A frame, and whether it only says how the error was captured.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) frame: Frame,
    pub(super) role: Role,
}

/// What a frame is to the reader of a stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
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

/// The frames at a return address, innermost first; at least one.
pub(super) fn look_up(address: usize) -> Vec<Known> {
    let mut frames = Vec::new();
    if let Some(_inside) = Inside::enter() {
        TABLES.store(USED, Ordering::Relaxed);
        // A return address points behind the call; the library itself looks one byte before it.
        backtrace::resolve(address as *mut _, |symbol| {
            frames.push(known(frame(symbol)));
        });
    }
    if frames.is_empty() {
        frames.push(known(Frame::default()));
    }
    for known in &mut frames {
        // What has no line here may get one where the debug information is.
        if known.frame.lineno.is_none() {
            known.frame.instruction_addr = nameless(address).instruction_addr;
        }
    }
    frames
}

/// Gives the library's tables back, some 50 to 100 MB for a program with debug information, unless a name was looked up
/// since the last call. What was found stays known; only a new address has them read again.
pub(super) fn tidy() {
    let before = TABLES.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |state| state.checked_sub(1));
    if before == Ok(IDLE)
        && let Some(_inside) = Inside::enter()
    {
        backtrace::clear_symbol_cache();
    }
}

/// Whether the library's tables are in memory, and whether they were needed lately.
static TABLES: AtomicU8 = AtomicU8::new(GONE);

const GONE: u8 = 0;
const IDLE: u8 = 1;
const USED: u8 = 2;

/// A frame of which only the address is known.
pub(super) fn nameless(address: usize) -> Frame {
    Frame { instruction_addr: Some(format!("{address:#x}").into()), ..Frame::default() }
}

/// How many frames at the inner end only say how the error was captured: this crate's entry points with everything
/// inside of them, the logging library that called them, and the panic machinery. Debug information has the files, even
/// of inlined functions, but often no full names; without it there are full names only.
pub(super) fn machinery(roles: impl Iterator<Item = Role> + Clone) -> usize {
    let after = |last: Option<(usize, Role)>| last.map_or(0, |(at, _)| at + 1);
    let own = after(roles.clone().enumerate().filter(|(_, role)| *role == Role::Entry).last());
    let passing = roles.clone().skip(own).take_while(|role| matches!(role, Role::Logging | Role::Standard));
    let start = own + after(passing.enumerate().filter(|(_, role)| *role == Role::Logging).last());
    start + roles.skip(start).take_while(|role| *role == Role::Panicking).count()
}

/// A thread that is inside the library that looks names up, which has a lock for the whole process. A forked child
/// inherits that lock as it was: if another thread was inside, it is locked for ever, and the child stays outside.
struct Inside;

/// The generation in the upper 48 bits, the number of threads inside in the lower 16.
static INSIDE: AtomicU64 = AtomicU64::new(0);

impl Inside {
    fn enter() -> Option<Self> {
        const COUNT: u64 = 0xFFFF;
        let now = generation();
        let enter = |state: u64| match state >> 16 == now {
            true => Some(state + 1),
            false => (state & COUNT == 0).then_some(now << 16 | 1),
        };
        INSIDE.fetch_update(Ordering::AcqRel, Ordering::Relaxed, enter).ok().map(|_| Self)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.fetch_sub(1, Ordering::AcqRel);
    }
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

/// The files of this crate that capture; those that call the application back are not among them.
const ENTRIES: [&str; 9] = [
    "integrations/anyhow.rs",
    "integrations/backtrace/mod.rs",
    "integrations/backtrace/sites.rs",
    "integrations/backtrace/symbols.rs",
    "integrations/log.rs",
    "integrations/panic.rs",
    "integrations/record.rs",
    "integrations/tracing/mod.rs",
    "api.rs",
];

/// The modules of these files. A middleware is none of them: the application runs inside of it.
const MODULES: [&str; 7] = [
    "watchpost::api",
    "watchpost::integrations::anyhow",
    "watchpost::integrations::backtrace",
    "watchpost::integrations::log",
    "watchpost::integrations::panic",
    "watchpost::integrations::record",
    "watchpost::integrations::tracing",
];

fn is_entry(frame: &Frame) -> bool {
    let path = frame.abs_path.as_deref().unwrap_or_default();
    let name = frame.function.as_deref().unwrap_or_default().trim_start_matches('<');
    let source = file!().strip_suffix("integrations/backtrace/symbols.rs").unwrap_or_default();
    let is = |entry: &str| path.strip_suffix(entry).is_some_and(|before| before.ends_with(source));
    ENTRIES.iter().any(|entry| is(entry))
        || MODULES.iter().any(|module| name.strip_prefix(module).is_some_and(|rest| rest.starts_with("::")))
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

    #[test]
    fn the_capture_itself_is_cut_off() {
        use Role::{Entry, Logging, Other, Panicking, Standard};
        assert_eq!(
            machinery([Other, Entry, Other, Entry, Panicking, Panicking, Other, Panicking].into_iter()),
            6
        );
        assert_eq!(machinery([Other, Panicking].into_iter()), 0);
        assert_eq!(machinery([Entry, Standard, Logging, Standard, Other].into_iter()), 3);
        assert_eq!(machinery([Entry, Standard, Other, Logging].into_iter()), 1);
    }
}
