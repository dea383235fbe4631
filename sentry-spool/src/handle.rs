//! The descriptors of an outbox, in a table that a forked child can close.

use std::os::fd::{AsFd, BorrowedFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// Descriptors one outbox may hold at a time.
pub(crate) const MAX_OPEN: usize = 128;

const FREE: RawFd = -1;

/// Every descriptor of one outbox, in a fixed place.
#[derive(Debug)]
pub(crate) struct Table {
    slots: [AtomicI32; MAX_OPEN],
    closed: AtomicBool,
}

impl Table {
    pub(crate) fn new() -> Table {
        Table { slots: [const { AtomicI32::new(FREE) }; MAX_OPEN], closed: AtomicBool::new(false) }
    }

    /// Takes the descriptor in; gives it back (by closing it) if the table is full.
    pub(crate) fn insert(self: &Arc<Self>, fd: OwnedFd) -> Option<Handle> {
        let raw = fd.into_raw_fd();
        for (slot, place) in self.slots.iter().enumerate() {
            if place.compare_exchange(FREE, raw, Ordering::AcqRel, Ordering::Relaxed).is_ok() {
                return Some(Handle { table: Arc::clone(self), slot });
            }
        }
        close(raw);
        None
    }

    /// Whether [`Table::close_all`] has run in this process.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Closes everything. Async-signal-safe: atomics and close(2) only.
    pub(crate) fn close_all(&self) {
        self.closed.store(true, Ordering::Release);
        for slot in &self.slots {
            close(slot.swap(FREE, Ordering::AcqRel));
        }
    }
}

/// One open descriptor; closes it when dropped, unless the table already did.
#[derive(Debug)]
pub(crate) struct Handle {
    table: Arc<Table>,
    slot: usize,
}

impl Handle {
    /// Whether this process still holds the descriptor, and with it the lock.
    pub(crate) fn is_open(&self) -> bool {
        !self.table.is_closed()
    }
}

impl AsFd for Handle {
    #[expect(unsafe_code, reason = "the descriptor lives in an atomic, so that a forked child can close it")]
    fn as_fd(&self) -> BorrowedFd<'_> {
        // After `close_all` a number that is never open: the system answers EBADF, and nothing else is hit.
        let raw = match self.table.slots[self.slot].load(Ordering::Acquire) {
            FREE => RawFd::MAX,
            raw => raw,
        };
        // SAFETY: the slot was filled from an `OwnedFd` and is emptied before the descriptor is closed, which
        // happens in `drop` (no borrow is left) or in `close_all` (run by the only thread of a forked child).
        unsafe { BorrowedFd::borrow_raw(raw) }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // Emptied first: a fork in between inherits one stray descriptor, never closes a reused number.
        close(self.table.slots[self.slot].swap(FREE, Ordering::AcqRel));
    }
}

#[expect(unsafe_code, reason = "the descriptor was taken out of its owner")]
fn close(raw: RawFd) {
    if raw != FREE {
        // SAFETY: whoever swapped the number out of its slot is the only one to close it.
        unsafe { rustix::io::close(raw) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_table_refuses_and_a_dropped_handle_makes_room() {
        let table = Arc::new(Table::new());
        let open = || OwnedFd::from(tempfile::tempfile().unwrap());
        let mut handles: Vec<_> = (0..MAX_OPEN).map(|_| table.insert(open()).unwrap()).collect();
        assert!(table.insert(open()).is_none());
        handles.pop();
        assert!(table.insert(open()).is_some());
    }

    #[test]
    fn after_close_all_a_handle_is_dead_but_harmless() {
        let table = Arc::new(Table::new());
        let handle = table.insert(tempfile::tempfile().unwrap().into()).unwrap();
        assert!(rustix::fs::fstat(&handle).is_ok());
        table.close_all();
        assert!(!handle.is_open());
        assert_eq!(rustix::fs::fstat(&handle).unwrap_err(), rustix::io::Errno::BADF);
        drop(handle);
        table.close_all();
    }
}
