//! The descriptors of state files, where a signal handler and a forked child find them.
//!
//! A number that was once taken stays taken: a state file that is given up leaves its number to the null device, so that
//! a handler that has just read the number can never write into a file that somebody else opened meanwhile.

use rustix::fs::{Mode, OFlags, open};
use rustix::io::pwrite;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};

/// State files that a process may have open at a time.
const MAX: usize = 16;

const NEVER_USED: RawFd = -1;

/// The mark of a process that said that it ends.
pub(super) const ENDS: u8 = 1;

/// The mark of a process that said that it crashed.
pub(super) const CRASHED: u8 = 2;

/// The process said that it crashed; whatever it does after that is part of the crash.
static HAS_CRASHED: AtomicBool = AtomicBool::new(false);

static DESCRIPTORS: [AtomicI32; MAX] = [const { AtomicI32::new(NEVER_USED) }; MAX];

/// Which numbers stand for the null device and wait for the next file. Flags and no lock, which a fork could leave
/// locked.
static FREE: [AtomicBool; MAX] = [const { AtomicBool::new(false) }; MAX];

/// A descriptor in a fixed place.
#[derive(Debug)]
pub(super) struct Slot {
    place: usize,
    /// A forked child inherits the slot, but its places are its own.
    owner: u32,
}

impl Slot {
    /// Takes the descriptor in; `None` (and it is closed) if all places are taken.
    pub(super) fn take(fd: OwnedFd) -> Option<Slot> {
        let owner = std::process::id();
        for (place, free) in FREE.iter().enumerate() {
            // Of several threads one finds it free.
            if !free.swap(false, Ordering::AcqRel) {
                continue;
            }
            let raw = DESCRIPTORS[place].load(Ordering::Acquire);
            // Else `close_in_child` has closed it, and it is found below.
            if raw != NEVER_USED {
                let replaced = replace(raw, fd.as_fd());
                free.store(replaced.is_none(), Ordering::Release);
                return replaced.map(|()| Slot { place, owner });
            }
        }
        let raw = fd.as_raw_fd();
        let place = DESCRIPTORS.iter().position(|slot| {
            slot.compare_exchange(NEVER_USED, raw, Ordering::AcqRel, Ordering::Relaxed).is_ok()
        })?;
        // The table owns it now.
        let _ = fd.into_raw_fd();
        Some(Slot { place, owner })
    }

    #[expect(unsafe_code, reason = "the descriptor lives in an atomic, for signal handlers")]
    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        // A number that is never open, so that the system answers EBADF.
        let raw = self.number().unwrap_or(RawFd::MAX);
        // SAFETY: a number in the table is closed only by `close_in_child`, in a process with one thread.
        unsafe { BorrowedFd::borrow_raw(raw) }
    }

    /// `None` if it was closed by `close_in_child`.
    fn number(&self) -> Option<RawFd> {
        let raw = DESCRIPTORS[self.place].load(Ordering::Acquire);
        (raw != NEVER_USED && self.owner == std::process::id()).then_some(raw)
    }
}

impl Drop for Slot {
    /// Ends the lock with the last descriptor of the file; the number stays.
    fn drop(&mut self) {
        let Some(raw) = self.number() else { return };
        let Ok(null) = open("/dev/null", OFlags::WRONLY | OFlags::CLOEXEC, Mode::empty()) else { return };
        if replace(raw, null.as_fd()).is_some() {
            FREE[self.place].store(true, Ordering::Release);
        }
    }
}

/// Writes `byte` to the beginning of every state file of this process. Async-signal-safe: atomics and pwrite(2).
pub(super) fn mark_all(mut byte: u8) {
    if byte == CRASHED {
        HAS_CRASHED.store(true, Ordering::Release);
    } else if HAS_CRASHED.load(Ordering::Acquire) {
        byte = CRASHED;
    }
    for slot in &DESCRIPTORS {
        let raw = slot.load(Ordering::Acquire);
        if raw != NEVER_USED {
            #[expect(unsafe_code, reason = "the descriptor lives in an atomic, for signal handlers")]
            // SAFETY: a number in the table is never closed while another thread lives.
            let fd = unsafe { BorrowedFd::borrow_raw(raw) };
            let _ = pwrite(fd, &[byte], 0);
        }
    }
}

/// Closes what a forked child inherited. Async-signal-safe: atomics and close(2).
pub(super) fn close_in_child() {
    HAS_CRASHED.store(false, Ordering::Release);
    for slot in &DESCRIPTORS {
        let raw = slot.swap(NEVER_USED, Ordering::AcqRel);
        if raw != NEVER_USED {
            #[expect(unsafe_code, reason = "the descriptor was taken out of the table")]
            // SAFETY: this child has one thread, which took the number out of the table.
            drop(unsafe { OwnedFd::from_raw_fd(raw) });
        }
    }
}

/// Makes the number `raw` stand for what `fd` stands for, without a moment in which it stands for nothing.
fn replace(raw: RawFd, fd: BorrowedFd<'_>) -> Option<()> {
    #[expect(unsafe_code, reason = "the number is the table's")]
    // SAFETY: the number is open and owned by the table; `forget` leaves it so.
    let mut target = unsafe { OwnedFd::from_raw_fd(raw) };
    #[cfg(not(target_vendor = "apple"))]
    let replaced = rustix::io::dup3(fd, &mut target, rustix::io::DupFlags::CLOEXEC);
    #[cfg(target_vendor = "apple")]
    let replaced = rustix::io::dup2(fd, &mut target)
        .and_then(|()| rustix::io::fcntl_setfd(&target, rustix::io::FdFlags::CLOEXEC));
    debug_assert_eq!(target.as_raw_fd(), raw);
    std::mem::forget(target);
    replaced.ok()
}
