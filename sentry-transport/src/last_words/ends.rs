//! Ends that a process can still say something about: `exit`, and SIGTERM.

use std::sync::Once;

use watchpost_spool::StateFile;

/// Marks the state of this process at `exit`; with `sigterm`, also when SIGTERM is about to end it. Does its work once.
///
/// SIGTERM is touched only if nobody handles it: then it would end the process, and does so still, in the same way and
/// with the same status. A handler that is set later replaces ours, and may call it as the one before it.
pub(super) fn watch(sigterm: bool) {
    static EXIT: Once = Once::new();
    static SIGTERM: Once = Once::new();
    EXIT.call_once(|| {
        #[expect(unsafe_code, reason = "the C library's only way to hear of an exit")]
        // SAFETY: `at_exit` is a plain function that lives as long as this code is loaded. If there is no room for it,
        // an exit is taken for a sudden end.
        unsafe {
            libc::atexit(at_exit);
        }
    });
    if sigterm {
        SIGTERM.call_once(take_sigterm);
    }
}

/// Says that this process crashes, so that the next start does not take it for one that was killed, and its session for
/// one whose end nobody knows. For the handler that records the crash; async-signal-safe.
pub fn mark_crashed() {
    StateFile::mark_all_crashed();
}

extern "C" fn at_exit() {
    StateFile::mark_all();
}

#[expect(unsafe_code, reason = "signals have no safe interface in std")]
fn take_sigterm() {
    // SAFETY: all-zero is a valid `sigaction`; the handler only makes async-signal-safe calls.
    unsafe {
        let mut present: libc::sigaction = std::mem::zeroed();
        if libc::sigaction(libc::SIGTERM, std::ptr::null(), &raw mut present) != 0
            || present.sa_sigaction != libc::SIG_DFL
        {
            return;
        }
        let mut ours: libc::sigaction = std::mem::zeroed();
        ours.sa_sigaction = handler();
        ours.sa_flags = libc::SA_RESTART | libc::SA_ONSTACK;
        libc::sigemptyset(&raw mut ours.sa_mask);
        libc::sigaction(libc::SIGTERM, &raw const ours, std::ptr::null_mut());
    }
}

fn handler() -> libc::sighandler_t {
    on_sigterm as extern "C" fn(libc::c_int) as libc::sighandler_t
}

/// Async-signal-safe: pwrite, sigaction, raise. Does not change `errno` for the interrupted code.
#[expect(unsafe_code, reason = "a signal handler")]
extern "C" fn on_sigterm(signal: libc::c_int) {
    StateFile::mark_all();
    // SAFETY: valid places to read and write; both calls are async-signal-safe. What they may do to `errno` does not
    // matter: either they succeed, or the process goes on to die.
    unsafe {
        let mut present: libc::sigaction = std::mem::zeroed();
        libc::sigaction(signal, std::ptr::null(), &raw mut present);
        // A handler that was set after ours has called us: what happens next is its affair.
        if present.sa_sigaction == handler() {
            present = std::mem::zeroed();
            present.sa_sigaction = libc::SIG_DFL;
            libc::sigaction(signal, &raw const present, std::ptr::null_mut());
            // Blocked while this handler runs: it ends the process as soon as it returns.
            libc::raise(signal);
        }
    }
}
