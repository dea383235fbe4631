//! How the worker is woken.

use std::sync::OnceLock;
use std::time::Duration;

use crate::sync::{AtomicU8, AtomicU64, Ordering, Thread, current, park_timeout};

/// Wakes the worker, with a system call only if it sleeps and what happened matters to it.
#[derive(Debug, Default)]
pub(crate) struct Bell {
    worker: OnceLock<Thread>,
    appended_bytes: AtomicU64,
    urgent: AtomicU64,
    commands: AtomicU64,
    sleep: AtomicU8,
}

/// What has happened up to a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Heard {
    appended_bytes: u64,
    urgent: u64,
    commands: u64,
}

/// How deep the worker sleeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sleep {
    /// A new envelope wakes it.
    Light,
    /// An urgent one does; others can wait for the timer, which is near.
    Linger,
    /// Only a command or its timer does: new envelopes could not be sent anyway.
    Deep,
}

const AWAKE: u8 = 0;
const LIGHT: u8 = 1;
const DEEP: u8 = 2;
const LINGER: u8 = 3;

impl Bell {
    /// The worker is here. It says so itself, before it first sleeps, so that nobody rings in vain.
    pub(crate) fn enter(&self) {
        self.belongs_to(current());
    }

    /// The worker is this thread, unless it has come by itself.
    pub(crate) fn belongs_to(&self, worker: Thread) {
        let _ = self.worker.set(worker);
    }

    /// True once there is a worker.
    pub(crate) fn has_worker(&self) -> bool {
        self.worker.get().is_some()
    }

    /// An envelope was appended. A sleeper that it does not interest is woken once every `lap` bytes: then the spool
    /// may have given up a segment, whose records are to be counted.
    pub(crate) fn appended(&self, bytes: usize, lap: u64, urgent: bool) {
        let (bytes, lap) = (bytes as u64, lap.max(1));
        if urgent {
            self.urgent.fetch_add(1, Ordering::AcqRel);
        }
        let before = self.appended_bytes.fetch_add(bytes, Ordering::AcqRel);
        match self.sleep.load(Ordering::Acquire) {
            LIGHT => self.wake(LIGHT),
            LINGER if urgent => self.wake(LINGER),
            DEEP if before / lap != (before + bytes) / lap => self.wake(DEEP),
            _ => {}
        }
    }

    /// Somebody flushes, stops or asks to look again.
    pub(crate) fn command(&self) {
        self.commands.fetch_add(1, Ordering::AcqRel);
        let depth = self.sleep.load(Ordering::Acquire);
        if depth != AWAKE {
            self.wake(depth);
        }
    }

    /// What has happened so far; to be asked before looking at the queue.
    pub(crate) fn heard(&self) -> Heard {
        let appended_bytes = self.appended_bytes.load(Ordering::Acquire);
        let urgent = self.urgent.load(Ordering::Acquire);
        Heard { appended_bytes, urgent, commands: self.commands.load(Ordering::Acquire) }
    }

    /// The worker sleeps, unless something has happened since `heard`. May wake early.
    pub(crate) fn sleep(&self, depth: Sleep, heard: Heard, time: Duration) {
        let code = match depth {
            Sleep::Light => LIGHT,
            Sleep::Linger => LINGER,
            Sleep::Deep => DEEP,
        };
        self.sleep.store(code, Ordering::Release);
        // Adding nothing takes a place among the additions of those who ring: it sees the ones before it, and the ones
        // after it see the store above. So no wake-up is lost, and nobody who rings pays for a fence.
        let appended_bytes = self.appended_bytes.fetch_add(0, Ordering::AcqRel);
        let urgent = self.urgent.fetch_add(0, Ordering::AcqRel);
        let commands = self.commands.fetch_add(0, Ordering::AcqRel);
        let undisturbed = match depth {
            Sleep::Light => appended_bytes == heard.appended_bytes,
            Sleep::Linger => urgent == heard.urgent,
            Sleep::Deep => true,
        };
        if commands == heard.commands && undisturbed {
            park_timeout(time);
        }
        self.sleep.store(AWAKE, Ordering::Release);
    }

    fn wake(&self, depth: u8) {
        let first = self.sleep.compare_exchange(depth, AWAKE, Ordering::AcqRel, Ordering::Relaxed).is_ok();
        if first && let Some(worker) = self.worker.get() {
            worker.unpark();
        }
    }
}
