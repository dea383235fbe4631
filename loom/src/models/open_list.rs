//! Each entry has a place of its own, and a fork handler finds all of them.

use std::ptr;

use loom::thread;

use super::model;
use crate::open_list::OpenList;

/// Only their addresses count.
static THINGS: [u8; 3] = [0; 3];

fn thing(number: usize) -> *mut u8 {
    ptr::from_ref(&THINGS[number]).cast_mut()
}

/// Enters a thing, which stays.
fn enter(list: &'static OpenList<u8>, number: usize) {
    let _entry = list.enter(thing(number));
}

/// What a fork handler would find now.
fn found(list: &'static OpenList<u8>) -> Vec<usize> {
    let mut found = Vec::new();
    list.take_each(|entry| found.extend((0..THINGS.len()).filter(|number| thing(*number) == entry)));
    found.sort_unstable();
    found
}

#[test]
fn what_is_entered_at_once_is_found_once_each() {
    model(|| {
        let list: &'static OpenList<u8> = Box::leak(Box::new(OpenList::new()));
        let other = thread::spawn(move || enter(list, 1));
        enter(list, 0);
        other.join().unwrap();
        assert_eq!(found(list), [0, 1]);
        assert_eq!(found(list), [] as [usize; 0], "each is taken out once");
    });
}

#[test]
fn a_place_that_became_free_goes_to_one_of_those_who_want_it() {
    model(|| {
        let list: &'static OpenList<u8> = Box::leak(Box::new(OpenList::new()));
        let first = list.enter(thing(0));
        let other = thread::spawn(move || enter(list, 1));
        first.leave(thing(0));
        enter(list, 2);
        other.join().unwrap();
        assert_eq!(found(list), [1, 2]);
    });
}

#[test]
fn a_late_farewell_does_not_put_out_who_came_after() {
    model(|| {
        let list: &'static OpenList<u8> = Box::leak(Box::new(OpenList::new()));
        let first = list.enter(thing(0));
        // As a forked child does.
        assert_eq!(found(list), [0]);
        let other = thread::spawn(move || enter(list, 1));
        first.leave(thing(0));
        other.join().unwrap();
        assert_eq!(found(list), [1]);
    });
}
