//! What happens in a forked child before anything else does: spool descriptors are closed and a number is bumped.
//!
//! No handler runs before the fork and no lock is taken. The child handler only makes async-signal-safe calls; all
//! else waits until the child first uses a transport, which then starts over (see `process.rs`).

use std::sync::{Arc, Once};

use watchpost_spool::{Outbox, StateFile};

use crate::open_list::{Entry, OpenList};

/// The outboxes open in this process.
static OPEN: OpenList<Outbox> = OpenList::new();

/// Makes every later fork of this process bump the generation. Does its work once.
pub(crate) fn watch() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        #[expect(unsafe_code, reason = "the C library's only way to hear of a fork")]
        // SAFETY: `in_child` is a plain function that lives as long as this code is loaded; the C library drops
        // the registration when the code is unloaded. Out of memory is the only failure, and then forked
        // children behave like threads of their parent: nothing memory-unsafe.
        unsafe {
            libc::pthread_atfork(None, None, Some(in_child));
        }
    });
}

extern "C" fn in_child() {
    watchpost_core::bump_generation();
    StateFile::close_in_child();
    OPEN.take_each(|outbox| {
        #[expect(unsafe_code, reason = "a pointer that a fork handler may follow")]
        // SAFETY: an outbox is in the list only while its `Registration` holds it, and no thread of this child can be
        // giving one up: there is only this one.
        unsafe {
            (*outbox).close_in_child();
        }
    });
}

/// An outbox whose descriptors a forked child closes.
#[derive(Debug)]
pub(crate) struct Registration {
    outbox: Arc<Outbox>,
    entry: Entry<Outbox>,
}

impl Registration {
    /// Enters the outbox into the list.
    pub(crate) fn new(outbox: Arc<Outbox>) -> Self {
        let entry = OPEN.enter(Arc::as_ptr(&outbox).cast_mut());
        Self { outbox, entry }
    }

    /// The outbox.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.entry.leave(Arc::as_ptr(&self.outbox).cast_mut());
    }
}
