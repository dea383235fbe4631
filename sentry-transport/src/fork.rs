//! What happens in a forked child before anything else does: spool descriptors are closed and a number is bumped.
//!
//! No handler runs before the fork and no lock is taken. The child handler only makes async-signal-safe calls; all
//! else waits until the child first uses a transport, which then starts over (see `process.rs`).

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Once};

use watchpost_spool::{Outbox, StateFile};

/// The outboxes open in this process: a list that only grows, whose free nodes are used again.
static OPEN: AtomicPtr<Node> = AtomicPtr::new(ptr::null_mut());

struct Node {
    outbox: AtomicPtr<Outbox>,
    next: *const Node,
}

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
    let mut node = OPEN.load(Ordering::Acquire);
    while !node.is_null() {
        #[expect(unsafe_code, reason = "a list that a fork handler may walk")]
        // SAFETY: nodes are never freed. An outbox is in a node only while its `Registration` holds it, and no
        // thread of this child can be giving one up: there is only this one. It is closed once, because the node
        // is emptied.
        unsafe {
            let outbox = (*node).outbox.swap(ptr::null_mut(), Ordering::AcqRel);
            if !outbox.is_null() {
                (*outbox).close_in_child();
            }
            node = (*node).next.cast_mut();
        }
    }
}

/// An outbox whose descriptors a forked child closes.
#[derive(Debug)]
pub(crate) struct Registration {
    outbox: Arc<Outbox>,
    slot: &'static AtomicPtr<Outbox>,
}

impl Registration {
    /// Enters the outbox into the list. Costs one small allocation that is never freed, but used again.
    pub(crate) fn new(outbox: Arc<Outbox>) -> Self {
        let entry = Arc::as_ptr(&outbox).cast_mut();
        let slot = free_slot(entry).unwrap_or_else(|| new_slot(entry));
        Self { outbox, slot }
    }

    /// The outbox.
    pub(crate) fn outbox(&self) -> &Outbox {
        &self.outbox
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.slot.store(ptr::null_mut(), Ordering::Release);
    }
}

fn free_slot(entry: *mut Outbox) -> Option<&'static AtomicPtr<Outbox>> {
    let mut node: *const Node = OPEN.load(Ordering::Acquire);
    while !node.is_null() {
        #[expect(unsafe_code, reason = "a list that a fork handler may walk")]
        // SAFETY: nodes are never freed, and `next` is written before a node is published.
        let current: &'static Node = unsafe { &*node };
        let taken =
            current.outbox.compare_exchange(ptr::null_mut(), entry, Ordering::AcqRel, Ordering::Relaxed);
        if taken.is_ok() {
            return Some(&current.outbox);
        }
        node = current.next;
    }
    None
}

fn new_slot(entry: *mut Outbox) -> &'static AtomicPtr<Outbox> {
    let mut next = OPEN.load(Ordering::Acquire);
    let node = Box::into_raw(Box::new(Node { outbox: AtomicPtr::new(entry), next }));
    while let Err(newer) = OPEN.compare_exchange(next, node, Ordering::AcqRel, Ordering::Acquire) {
        next = newer;
        #[expect(unsafe_code, reason = "a list that a fork handler may walk")]
        // SAFETY: the node is not published yet, so nobody else sees it.
        unsafe {
            (*node).next = next;
        }
    }
    #[expect(unsafe_code, reason = "a list that a fork handler may walk")]
    // SAFETY: the node came from a box and is never freed.
    unsafe {
        &(*node).outbox
    }
}
