//! Telling a forked child from its parent, and a lock that a fork cannot leave locked for ever.
//!
//! In a forked child only the forking thread lives on. A lock that another thread held at that moment stays locked
//! in the child's memory, with nobody left to open it. Everything mutable in the core therefore hangs off a
//! [`ForkLock`], which recognises a lock taken before the fork and starts over with a fresh value.

use std::fmt;
use std::sync::atomic::AtomicU64 as Plain;

use crate::sync::{AtomicU64, Ordering, UnsafeCell, spin_loop, yield_now};

/// Changes only while a process has one thread, so there is nothing for a model to interleave.
static GENERATION: Plain = Plain::new(1);

/// How many forks lie between this process and the one that was started by `exec`.
pub fn generation() -> u64 {
    GENERATION.load(Ordering::Relaxed)
}

/// To be called in a forked child, before any other thread of it exists. Async-signal-safe: one atomic add.
pub fn bump_generation() {
    GENERATION.fetch_add(1, Ordering::Relaxed);
}

/// A spin lock for critical sections of a few instructions, which survives a fork.
///
/// If a thread of the parent held the lock at the moment of the fork, the value may be half written: the child
/// leaks it and goes on with `T::default()`.
pub struct ForkLock<T> {
    /// 0 when free, else the generation in which it was taken.
    holder: AtomicU64,
    value: UnsafeCell<T>,
}

#[expect(unsafe_code, reason = "a lock hands out `&mut T` under mutual exclusion")]
// SAFETY: `with` gives access to one thread at a time, so sharing needs only `T: Send`, as for `Mutex`.
unsafe impl<T: Send> Sync for ForkLock<T> {}

impl<T: Default> ForkLock<T> {
    /// An open lock around `value`.
    #[cfg(not(watchpost_loom))]
    pub const fn new(value: T) -> Self {
        Self { holder: AtomicU64::new(0), value: UnsafeCell::new(value) }
    }

    /// An open lock around `value`. A model's atomics are not made at compile time.
    #[cfg(watchpost_loom)]
    pub fn new(value: T) -> Self {
        Self::left_behind(0, value)
    }

    /// What a forked child inherits when another thread had taken the lock in this generation.
    #[cfg(watchpost_loom)]
    pub fn left_behind(generation: u64, value: T) -> Self {
        Self { holder: AtomicU64::new(generation), value: UnsafeCell::new(value) }
    }

    /// Runs `f` with the lock held. `f` must be short, must not panic and must not call foreign code.
    pub fn with<R>(&self, f: impl FnOnce(&mut T) -> R) -> R {
        let stale = self.lock();
        let _open = OpenOnDrop(&self.holder);
        self.value.with_mut(|value| {
            #[expect(unsafe_code, reason = "a lock hands out `&mut T` under mutual exclusion")]
            // SAFETY: `lock` returned, so this thread is the only one between the exchange and `OpenOnDrop`; a
            // stale value is overwritten without being dropped, as it may be half written.
            let value = unsafe {
                if stale {
                    std::ptr::write(value, T::default());
                }
                &mut *value
            };
            f(value)
        })
    }

    /// Takes the lock; true when it was torn out of the hands of a thread that a fork left behind.
    fn lock(&self) -> bool {
        let now = generation();
        let mut spins = 0_u32;
        loop {
            match self.holder.compare_exchange_weak(0, now, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return false,
                Err(holder) if holder != 0 && holder != now => {
                    let taken =
                        self.holder.compare_exchange(holder, now, Ordering::Acquire, Ordering::Relaxed);
                    if taken.is_ok() {
                        return true;
                    }
                }
                Err(_) => {}
            }
            spins += 1;
            if spins.is_multiple_of(64) {
                yield_now();
            } else {
                spin_loop();
            }
        }
    }
}

impl<T: Default> Default for ForkLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> fmt::Debug for ForkLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForkLock").finish_non_exhaustive()
    }
}

struct OpenOnDrop<'a>(&'a AtomicU64);

impl Drop for OpenOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(0, Ordering::Release);
    }
}

#[cfg(all(test, not(watchpost_loom)))]
mod tests {
    use super::*;

    #[test]
    fn no_update_is_lost() {
        let lock = ForkLock::new(0_u64);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..10_000).for_each(|_| lock.with(|n| *n += 1)));
            }
        });
        assert_eq!(lock.with(|n| *n), 80_000);
    }

    #[test]
    fn a_lock_held_across_a_fork_starts_over() {
        let lock = ForkLock::new(vec![1]);
        lock.holder.store(generation() + 1000, Ordering::Relaxed);
        assert!(lock.with(|v| v.is_empty()));
        lock.with(|v| v.push(2));
        assert_eq!(lock.with(|v| v.clone()), [2]);
    }
}
