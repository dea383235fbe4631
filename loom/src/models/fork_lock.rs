//! One thread at a time is inside, and a child gets in whatever its parent left.

use loom::sync::Arc;
use loom::thread;

use super::model;
use crate::fork::{ForkLock, bump_generation, generation};

#[test]
fn one_thread_at_a_time_is_inside_and_no_update_is_lost() {
    model(|| {
        let lock = Arc::new(ForkLock::new(0_u32));
        let other = {
            let lock = lock.clone();
            thread::spawn(move || (0..2).for_each(|_| lock.with(|n| *n += 1)))
        };
        // Loom's cell reports two threads inside; the sum would show an update that the next did not see.
        lock.with(|n| *n += 1);
        other.join().unwrap();
        assert_eq!(lock.with(|n| *n), 3);
    });
}

/// What a thread of the parent was writing when it forked.
#[derive(Default)]
struct Value {
    half_written: bool,
    updates: u32,
}

impl Drop for Value {
    fn drop(&mut self) {
        assert!(!self.half_written, "what may be half written is leaked");
    }
}

#[test]
fn a_lock_that_the_parent_held_is_taken_over_once() {
    model(|| {
        let inherited = Value { half_written: true, updates: 1000 };
        let lock = Arc::new(ForkLock::left_behind(generation(), inherited));
        bump_generation();
        let other = {
            let lock = lock.clone();
            thread::spawn(move || lock.with(|value| value.updates += 1))
        };
        lock.with(|value| value.updates += 1);
        other.join().unwrap();
        // Taken over twice, one of the updates would be gone; not at all, the parent's would be there.
        assert_eq!(lock.with(|value| (value.half_written, value.updates)), (false, 2));
    });
}

#[test]
fn a_lock_that_was_free_at_the_fork_keeps_its_value() {
    model(|| {
        let lock = Arc::new(ForkLock::new(0_u32));
        lock.with(|n| *n += 1);
        bump_generation();
        let other = {
            let lock = lock.clone();
            thread::spawn(move || lock.with(|n| *n += 1))
        };
        lock.with(|n| *n += 1);
        other.join().unwrap();
        assert_eq!(lock.with(|n| *n), 3);
    });
}
