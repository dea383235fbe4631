//! A thread that never runs the application's signal handlers.

use std::io;
use std::thread::{Builder, JoinHandle};

/// Starts a thread in which every signal is blocked that the system could as well deliver to another thread.
///
/// Signals that a thread's own fault raises stay open: they cannot be put off, and a crash handler wants to see them.
pub(crate) fn spawn_deaf(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
    let before = block_all()?;
    let thread = Builder::new().name(name.to_owned()).spawn(body);
    restore(&before);
    thread
}

/// Raised by the thread's own doing.
const FAULTS: [i32; 6] =
    [libc::SIGSEGV, libc::SIGBUS, libc::SIGFPE, libc::SIGILL, libc::SIGABRT, libc::SIGTRAP];

#[expect(unsafe_code, reason = "signal masks have no safe interface in std")]
fn block_all() -> io::Result<libc::sigset_t> {
    // SAFETY: all-zero is a valid `sigset_t`; both sets are initialised by the calls below before they are read,
    // and only this thread's mask changes.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut set);
        for fault in FAULTS {
            libc::sigdelset(&raw mut set, fault);
        }
        match libc::pthread_sigmask(libc::SIG_BLOCK, &raw const set, &raw mut before) {
            0 => Ok(before),
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }
}

#[expect(unsafe_code, reason = "signal masks have no safe interface in std")]
fn restore(mask: &libc::sigset_t) {
    // SAFETY: `mask` is what `pthread_sigmask` gave out.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, mask, std::ptr::null_mut());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_blocked(signal: i32) -> bool {
        #[expect(unsafe_code, reason = "signal masks have no safe interface in std")]
        // SAFETY: reads this thread's mask into an initialised set.
        unsafe {
            let mut mask: libc::sigset_t = std::mem::zeroed();
            libc::pthread_sigmask(libc::SIG_BLOCK, std::ptr::null(), &raw mut mask);
            libc::sigismember(&raw const mask, signal) == 1
        }
    }

    #[test]
    fn the_thread_is_deaf_and_its_parent_is_not() {
        let seen = std::sync::Arc::new(std::sync::Mutex::new(None));
        let inside = seen.clone();
        spawn_deaf("deaf", move || {
            *inside.lock().unwrap() = Some([libc::SIGTERM, libc::SIGUSR1, libc::SIGSEGV].map(is_blocked));
        })
        .unwrap()
        .join()
        .unwrap();
        assert_eq!(*seen.lock().unwrap(), Some([true, true, false]));
        assert!(!is_blocked(libc::SIGUSR1));
    }
}
