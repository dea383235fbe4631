//! The user's word on whether anything may be collected.

use std::sync::atomic::Ordering;

use super::Client;

impl Client {
    /// Says whether the user agrees that errors are reported. With the option
    /// [`require_consent`](crate::ClientOptions::with_require_consent) nothing is collected before `true`.
    ///
    /// `false` stops at once: later captures do nothing, what is held back in memory is forgotten, and what already
    /// waits on disk stays there, unsent, until the user agrees again or it is too old. What is not collected is not
    /// counted either. The client does not remember the word beyond the end of the process: the application does.
    pub fn set_consent(&self, given: bool) {
        let before = self.consent.swap(given, Ordering::SeqCst);
        if before == given {
            return;
        }
        if let Some(transport) = &self.transport {
            transport.hold(!given);
        }
        if given {
            self.begin_sessions();
        } else {
            if let Some(recorder) = self.options.crash_recorder() {
                recorder.unwatch();
            }
            self.forget_buffered();
        }
    }

    /// True unless the user's consent is required or was taken back, and has not been given since.
    pub fn has_consent(&self) -> bool {
        self.consent.load(Ordering::Relaxed)
    }
}
