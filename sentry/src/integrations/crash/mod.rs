//! Crashes by a signal: recorded by an async-signal-safe handler, reported on the next start.
//!
//! SIGSEGV, SIGBUS, SIGABRT, SIGFPE and SIGILL. The handler takes no lock and allocates nothing: it writes registers,
//! the fault address and a slice of the stack into a file that was opened before, then hands over to whoever
//! handled the signal before, so the process dies as it would have. The next start unwinds the stack by the call
//! frame information of the same files, names what it can, and captures an event: it passes the hooks of that start.
//! With `send_default_pii` a minidump goes with it, for debuggers: it holds memory, in which nothing can be masked.
//! With it goes the session of the process that crashed, and what its last words know: see `CrashRecorder` in the core.
//!
//! A program that handles such signals as a matter of course (a managed runtime, a virtual machine) should not use
//! it. A forked child's crash is not recorded: the file is its parent's. An exit that drops the guard leaves nothing.
//!
//! On Linux, x86-64 and ARM64; elsewhere the feature does nothing.

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod event;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod file;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod handler;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod image;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod minidump;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod record;
#[cfg(all(target_os = "linux", any(target_arch = "aarch64", all(test, target_arch = "x86_64"))))]
#[cfg_attr(
    not(target_arch = "aarch64"),
    expect(unused_imports, reason = "the unwinder of another processor")
)]
mod registers_aarch64;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", all(test, target_arch = "aarch64"))))]
#[cfg_attr(not(target_arch = "x86_64"), expect(unused_imports, reason = "the unwinder of another processor"))]
mod registers_x86_64;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod signals;
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod stack;

#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
mod recorder;

#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
use registers_aarch64 as registers;
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
use registers_x86_64 as registers;
use watchpost_core::ClientOptions;

/// Options of a client that reports what earlier processes of this application died of, and watches over this one.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn add(options: ClientOptions) -> ClientOptions {
    options.with_crash_recorder(std::sync::Arc::new(recorder::Recorder))
}

/// The process ends by itself, or the client does: nothing to report any more.
#[cfg(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(crate) fn uninstall() {
    handler::unwatch();
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) fn add(options: ClientOptions) -> ClientOptions {
    options
}

#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
pub(crate) fn uninstall() {}
