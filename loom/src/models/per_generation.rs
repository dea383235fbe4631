//! All threads of a forked child find the same value, made in full, and the parent's is not touched.

use std::sync::Arc as Plain;
use std::sync::atomic::{AtomicU32, Ordering};

use loom::cell::UnsafeCell;
use loom::sync::Arc;
use loom::thread;
use watchpost_core::bump_generation;

use super::model;
use crate::per_generation::PerGeneration;

/// Counts how many were made and dropped.
#[derive(Debug, Default)]
struct Tally {
    made: AtomicU32,
    dropped: AtomicU32,
}

/// Loom reports a thread that reads the name without having been shown that it is written.
struct Value {
    name: UnsafeCell<&'static str>,
    tally: Plain<Tally>,
}

#[expect(unsafe_code, reason = "loom's cell is not shared by itself")]
// SAFETY: the cell is written only when it is made, and only read after that.
unsafe impl Sync for Value {}

impl Value {
    fn new(name: &'static str, tally: &Plain<Tally>) -> Self {
        tally.made.fetch_add(1, Ordering::Relaxed);
        Self { name: UnsafeCell::new(name), tally: tally.clone() }
    }

    fn name(&self) -> &'static str {
        #[expect(unsafe_code, reason = "loom hands out a pointer")]
        // SAFETY: it is never written again, which loom watches.
        self.name.with(|name| unsafe { *name })
    }
}

impl Drop for Value {
    fn drop(&mut self) {
        assert_ne!(self.name(), "parent", "the parent's value is leaked in a child");
        self.tally.dropped.fetch_add(1, Ordering::Relaxed);
    }
}

fn child(value: &PerGeneration<Value>) -> &Value {
    value.get_or_make(|parent| {
        assert_eq!(parent.name(), "parent", "a child is made out of its parent, never of a sibling");
        Value::new("child", &parent.tally)
    })
}

#[test]
fn all_threads_of_a_child_find_the_same_value_and_what_lost_the_race_is_dropped() {
    model(|| {
        let tally = Plain::new(Tally::default());
        let value = Arc::new(PerGeneration::new(Value::new("parent", &tally)));
        bump_generation();
        let other = {
            let value = value.clone();
            thread::spawn(move || {
                let found = child(&value);
                assert_eq!(found.name(), "child");
                std::ptr::from_ref(found) as usize
            })
        };
        let found = child(&value);
        assert_eq!(found.name(), "child");
        let here = std::ptr::from_ref(found) as usize;
        assert_eq!(other.join().unwrap(), here);
        let last = Arc::try_unwrap(value).ok().unwrap().take();
        assert!(last.is_some_and(|value| value.name() == "child"));
        let (made, dropped) = (tally.made.load(Ordering::Relaxed), tally.dropped.load(Ordering::Relaxed));
        assert_eq!(dropped + 1, made, "all but the parent's");
    });
}

#[test]
fn a_child_that_drops_what_it_never_used_leaks_it() {
    model(|| {
        let tally = Plain::new(Tally::default());
        let mut value = PerGeneration::new(Value::new("parent", &tally));
        bump_generation();
        assert!(value.take().is_none());
        drop(value);
        assert_eq!(tally.dropped.load(Ordering::Relaxed), 0);
    });
}
