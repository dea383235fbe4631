//! A value of which a process and each child that it forks have one of their own.

use std::ptr;

use watchpost_core::generation;

use crate::sync::{AtomicPtr, Ordering};

/// One value per fork generation, found by one atomic load.
///
/// A forked child never touches its parent's value, because any lock in it may be held by a thread that did not come
/// along: it leaks it, and makes its own at the first use.
#[derive(Debug)]
pub(crate) struct PerGeneration<T: Send + Sync> {
    /// Made by `Box`; null only after [`take`](Self::take). Replaced only in a forked child.
    current: AtomicPtr<Owned<T>>,
}

#[derive(Debug)]
struct Owned<T> {
    generation: u64,
    value: T,
}

impl<T: Send + Sync> PerGeneration<T> {
    /// With the value of the process as it is now.
    pub(crate) fn new(value: T) -> Self {
        Self { current: AtomicPtr::new(owned(value)) }
    }

    /// This generation's value. A forked child makes it out of what it may read of its parent's; when several of its
    /// threads do so at once, all of them get the same one, and what the others made is dropped.
    pub(crate) fn get_or_make(&self, make: impl FnOnce(&T) -> T) -> &T {
        let current = self.current.load(Ordering::Acquire);
        #[expect(
            unsafe_code,
            reason = "one pointer to all mutable state, so that a forked child can leak it"
        )]
        // SAFETY: the pointer came from `Box`, and what it leads to is freed only by `take`, which has `&mut self`.
        let found = unsafe { &*current };
        if found.generation == generation() { &found.value } else { self.start_over(current, make) }
    }

    #[cold]
    fn start_over(&self, stale: *mut Owned<T>, make: impl FnOnce(&T) -> T) -> &T {
        #[expect(
            unsafe_code,
            reason = "one pointer to all mutable state, so that a forked child can leak it"
        )]
        // SAFETY: the parent's value is leaked, so it is still there.
        let fresh = owned(make(unsafe { &(*stale).value }));
        let swapped = self.current.compare_exchange(stale, fresh, Ordering::AcqRel, Ordering::Acquire);
        #[expect(
            unsafe_code,
            reason = "one pointer to all mutable state, so that a forked child can leak it"
        )]
        // SAFETY: both came from `Box`. `fresh` is freed only if nobody else got to see it; what took its place is
        // of this generation, in which nothing is replaced.
        unsafe {
            match swapped {
                Ok(_) => &(*fresh).value,
                Err(winner) => {
                    drop(Box::from_raw(fresh));
                    &(*winner).value
                }
            }
        }
    }

    /// Takes this generation's value out, for good. That of another generation is leaked.
    pub(crate) fn take(&mut self) -> Option<T> {
        let last = self.current.swap(ptr::null_mut(), Ordering::AcqRel);
        if last.is_null() {
            return None;
        }
        #[expect(
            unsafe_code,
            reason = "one pointer to all mutable state, so that a forked child can leak it"
        )]
        // SAFETY: the pointer came from `Box`, and `&mut self` says that nobody else uses it.
        unsafe {
            if (*last).generation == generation() { Some(Box::from_raw(last).value) } else { None }
        }
    }
}

impl<T: Send + Sync> Drop for PerGeneration<T> {
    fn drop(&mut self) {
        drop(self.take());
    }
}

fn owned<T>(value: T) -> *mut Owned<T> {
    Box::into_raw(Box::new(Owned { generation: generation(), value }))
}
