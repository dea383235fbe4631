//! A list that a fork handler may walk: it has no lock, and nothing in it is ever freed.

use std::ptr;

use crate::sync::{AtomicPtr, Ordering};

/// Pointers that come and go. The list only grows; places that became free are used again.
#[derive(Debug)]
pub(crate) struct OpenList<T> {
    head: AtomicPtr<Node<T>>,
}

/// A place in the list.
#[derive(Debug)]
struct Node<T> {
    entry: AtomicPtr<T>,
    /// Written before the node is published, and never after.
    next: AtomicPtr<Node<T>>,
}

/// A place that its owner has to [`leave`](Self::leave).
#[derive(Debug)]
pub(crate) struct Entry<T: 'static>(&'static AtomicPtr<T>);

impl<T> OpenList<T> {
    /// An empty list.
    #[cfg(not(watchpost_loom))]
    pub(crate) const fn new() -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// An empty list. A model's atomics are not made at compile time.
    #[cfg(watchpost_loom)]
    pub(crate) fn new() -> Self {
        Self { head: AtomicPtr::new(ptr::null_mut()) }
    }

    /// Enters a pointer. Costs at most one small allocation that is never freed, but used again.
    pub(crate) fn enter(&'static self, entry: *mut T) -> Entry<T> {
        Entry(self.free_place(entry).unwrap_or_else(|| self.new_place(entry)))
    }

    /// Takes each pointer out and shows it. Async-signal-safe, if `visit` is.
    pub(crate) fn take_each(&'static self, mut visit: impl FnMut(*mut T)) {
        for node in self.nodes() {
            let entry = node.entry.swap(ptr::null_mut(), Ordering::AcqRel);
            if !entry.is_null() {
                visit(entry);
            }
        }
    }

    fn nodes(&'static self) -> impl Iterator<Item = &'static Node<T>> {
        let mut at = self.head.load(Ordering::Acquire);
        std::iter::from_fn(move || {
            #[expect(unsafe_code, reason = "a list that a fork handler may walk")]
            // SAFETY: null, or a node, which came from a box, is whole before it is published, and is never freed.
            let node = unsafe { at.as_ref()? };
            at = node.next.load(Ordering::Relaxed);
            Some(node)
        })
    }

    fn free_place(&'static self, entry: *mut T) -> Option<&'static AtomicPtr<T>> {
        let free = |node: &&Node<T>| {
            node.entry.compare_exchange(ptr::null_mut(), entry, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        };
        self.nodes().find(free).map(|node| &node.entry)
    }

    fn new_place(&'static self, entry: *mut T) -> &'static AtomicPtr<T> {
        let mut next = self.head.load(Ordering::Acquire);
        let new: &'static Node<T> =
            Box::leak(Box::new(Node { entry: AtomicPtr::new(entry), next: AtomicPtr::new(next) }));
        while let Err(newer) = self.head.compare_exchange(
            next,
            ptr::from_ref(new).cast_mut(),
            Ordering::AcqRel,
            Ordering::Acquire,
        ) {
            next = newer;
            new.next.store(next, Ordering::Relaxed);
        }
        &new.entry
    }
}

impl<T> Entry<T> {
    /// Makes the place free, if `entry` is still in it: a forked child may have emptied it and used it again.
    pub(crate) fn leave(&self, entry: *mut T) {
        let _ = self.0.compare_exchange(entry, ptr::null_mut(), Ordering::AcqRel, Ordering::Relaxed);
    }
}
