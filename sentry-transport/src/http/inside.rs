//! What a connection and the work on it tell each other.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Wake, Waker};

/// The waker of both. They are polled by turns by the same thread: what one tells the other meanwhile needs no turn of the
/// runtime, which would ask the system for news before it looks at them again.
#[derive(Debug, Default)]
pub(super) struct Inside {
    outer: Mutex<Option<Waker>>,
    polled: AtomicBool,
    told: AtomicBool,
}

/// A turn; at its end the runtime is told what nobody has looked at.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Inside);

impl Inside {
    /// Both are about to be polled, for this waker.
    pub(super) fn begin(&self, outer: &Waker) -> Turn<'_> {
        let mut held = self.outer.lock().unwrap_or_else(PoisonError::into_inner);
        if !held.as_ref().is_some_and(|held| held.will_wake(outer)) {
            *held = Some(outer.clone());
        }
        drop(held);
        self.polled.store(true, Ordering::SeqCst);
        Turn(self)
    }

    /// What was told so far is about to be looked at.
    pub(super) fn forget(&self) {
        self.told.store(false, Ordering::SeqCst);
    }

    /// True if something was told since then.
    pub(super) fn is_told(&self) -> bool {
        self.told.load(Ordering::SeqCst)
    }

    fn wake_outer(&self) {
        if let Some(outer) = &*self.outer.lock().unwrap_or_else(PoisonError::into_inner) {
            outer.wake_by_ref();
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // First the one, then the other: whoever tells in between, on another thread, finds that nobody looks any more.
        self.0.polled.store(false, Ordering::SeqCst);
        if self.0.is_told() {
            self.0.wake_outer();
        }
    }
}

impl Wake for Inside {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.told.store(true, Ordering::SeqCst);
        if !self.polled.load(Ordering::SeqCst) {
            self.wake_outer();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }

    #[test]
    fn the_runtime_hears_of_what_nobody_has_looked_at() {
        let (inside, count) = (Arc::new(Inside::default()), Arc::new(Count::default()));
        let (waker, outer) = (Waker::from(Arc::clone(&inside)), Waker::from(Arc::clone(&count)));
        let heard = || count.0.load(Ordering::SeqCst);

        let turn = inside.begin(&outer);
        waker.wake_by_ref();
        assert!(inside.is_told());
        inside.forget();
        drop(turn);
        assert_eq!(heard(), 0, "looked at within the turn");

        waker.wake_by_ref();
        assert_eq!(heard(), 1, "between turns");

        let turn = inside.begin(&outer);
        inside.forget();
        waker.wake_by_ref();
        drop(turn);
        assert_eq!(heard(), 2, "told too late for the turn");
    }
}
