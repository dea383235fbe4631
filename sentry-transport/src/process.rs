//! All that is mutable, for one process between two forks.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use watchpost_core::{DiscardReason, Envelope, Flushed, ItemType, Timestamp};
use watchpost_spool::StateFile;

use crate::attachments::Attachments;
use crate::bell::Bell;
use crate::config::Config;
use crate::flush::FlushGate;
use crate::last_words::Keeper;
use crate::limits::{SharedLimits, is_limited};
use crate::loss::count_item;
use crate::outgoing::drop_limited;
use crate::priority::Priority;
use crate::queue::Queue;
use crate::reminder::Reminder;
use crate::signals::spawn_deaf;
use crate::worker::Worker;

/// The name of the one thread that a transport has.
const THREAD_NAME: &str = "watchpost-worker";

/// The state of a transport in one generation. A forked child never touches its parent's: it leaks it, because any
/// lock in it may be held by a thread that did not come along, and makes its own.
#[derive(Debug)]
pub(crate) struct Process {
    pub(crate) config: Arc<Config>,
    pub(crate) limits: SharedLimits,
    pub(crate) gate: Arc<FlushGate>,
    pub(crate) bell: Bell,
    pub(crate) reminder: Reminder,
    pub(crate) keeper: Keeper,
    /// The last words of the process that forked this one; `is_heir` until it is noted there that this one goes on.
    parent: Option<PathBuf>,
    is_heir: AtomicBool,
    pub(crate) attachments: Attachments,
    queue: OnceLock<Queue>,
    stop: AtomicBool,
    starting: Mutex<()>,
}

impl Process {
    /// Nothing is opened and nothing started yet. A stopped one only spools.
    pub(crate) fn new(config: Arc<Config>, stopped: bool) -> Self {
        let gate = Arc::new(FlushGate::default());
        if stopped {
            gate.stopped();
        }
        Self {
            config,
            limits: SharedLimits::default(),
            gate,
            bell: Bell::default(),
            reminder: Reminder::default(),
            keeper: Keeper::default(),
            parent: None,
            is_heir: AtomicBool::new(false),
            attachments: Attachments::default(),
            queue: OnceLock::new(),
            stop: AtomicBool::new(stopped),
            starting: Mutex::new(()),
        }
    }

    /// The same in a forked child.
    pub(crate) fn child_of(self, parent: Option<PathBuf>) -> Self {
        Self { is_heir: AtomicBool::new(parent.is_some()), parent, ..self }
    }

    /// The queue, opened at the first use.
    pub(crate) fn queue(&self) -> &Queue {
        self.queue.get_or_init(|| Queue::open(&self.config))
    }

    /// Accepts an envelope on the capturing thread.
    pub(crate) fn send(self: &Arc<Self>, mut envelope: Envelope) {
        let config = &*self.config;
        if self.is_on_hold() {
            return;
        }
        if let Some((limits, now)) = self.limits.current(&*config.clock) {
            let limited = |item_type: &ItemType| is_limited(&limits, item_type, now);
            drop_limited(&mut envelope, limited, |item| {
                count_item(&config.reports, DiscardReason::RatelimitBackoff, &item.header, &item.payload);
            });
        }
        if envelope.items.is_empty() {
            return;
        }
        if let Some(parent) = self.parent.as_ref().filter(|_| self.is_heir.swap(false, Ordering::Relaxed)) {
            StateFile::note_heir(parent);
        }
        envelope.header.sent_at = None;
        self.attachments.take_from(&mut envelope, &config.reports);
        let priority = Priority::of(&envelope);
        let (length, overflowed) = envelope.with_pieces(|pieces| {
            let length = pieces.iter().map(|piece| piece.len()).sum();
            (length, self.queue().push(config, priority, pieces, !self.is_stopping()))
        });
        if !self.is_stopping() {
            self.start_worker();
            self.bell.appended(length, config.max_spool_bytes / 64, priority.is_urgent());
            if overflowed {
                // However deep it sleeps: the sample rate of traces is to be lowered.
                self.bell.command();
            }
        }
    }

    /// Has the client's buffers looked at; see `Transport::remind`.
    pub(crate) fn remind(self: &Arc<Self>, at: Timestamp) {
        if !self.is_stopping() && !self.is_on_hold() && self.reminder.set(at) && self.start_worker() {
            self.bell.command();
        }
    }

    /// Waits until everything taken in before is out; see `Transport::flush`.
    pub(crate) fn flush(self: &Arc<Self>, timeout: Duration) -> bool {
        self.flush_with(timeout, None)
    }

    fn flush_with(self: &Arc<Self>, timeout: Duration, patience: Option<Duration>) -> bool {
        if self.gate.has_stopped() || self.is_on_hold() {
            return self.queue.get().is_none_or(Queue::is_empty);
        }
        if self.is_untouched() {
            return true;
        }
        if !self.start_worker() {
            return false;
        }
        let ticket = self.gate.request(self.queue().mark());
        self.bell.command();
        self.gate.wait(ticket, timeout, patience)
    }

    /// The same without waiting; see `Transport::flush_later`.
    pub(crate) fn flush_later(self: &Arc<Self>, flushed: Flushed) -> Result<(), Flushed> {
        if self.gate.has_stopped() || self.is_on_hold() {
            return Err(flushed);
        }
        if self.is_untouched() {
            flushed(true);
            return Ok(());
        }
        if !self.start_worker() {
            return Err(flushed);
        }
        self.gate.request_later(self.queue().mark(), flushed)?;
        self.bell.command();
        Ok(())
    }

    /// Flushes, then ends the worker; see `Transport::close`.
    ///
    /// A server that takes a request and leaves it without an answer for half of the timeout is not waited for any
    /// longer, unless something is only in memory: the rest is safe in the spool.
    pub(crate) fn close(self: &Arc<Self>, timeout: Duration) -> bool {
        let started = Instant::now();
        let durable = self.queue.get().is_none_or(Queue::holds_only_durable) && self.attachments.is_empty();
        let flushed = self.flush_with(timeout, durable.then_some(timeout / 2));
        self.stop();
        let hopeless = durable && self.gate.has_waited(timeout / 2);
        if self.bell.has_worker() && !hopeless {
            self.gate.wait_stopped(timeout.saturating_sub(started.elapsed()));
        }
        flushed
    }

    /// Tells the worker to end after the request under way. Does not wait.
    pub(crate) fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
        if !self.bell.has_worker() {
            self.gate.stopped();
        }
        self.bell.command();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// True while nothing may leave or be taken in.
    pub(crate) fn is_on_hold(&self) -> bool {
        self.config.on_hold.load(Ordering::SeqCst)
    }

    /// Makes sure that the worker runs; false if the system gives no thread.
    pub(crate) fn start_worker(self: &Arc<Self>) -> bool {
        if self.bell.has_worker() {
            return true;
        }
        let _one_at_a_time = self.starting.lock().unwrap_or_else(PoisonError::into_inner);
        if self.bell.has_worker() {
            return true;
        }
        let process = self.clone();
        match spawn_deaf(THREAD_NAME, move || Worker::new(process).run()) {
            Ok(handle) => {
                // The worker may have come first.
                self.bell.belongs_to(handle.thread().clone());
                true
            }
            Err(error) => {
                self.config.diagnostic.say(|| format!("cannot start the worker: {error}"));
                false
            }
        }
    }

    /// True when nothing was ever taken in and there is nothing to report.
    fn is_untouched(&self) -> bool {
        self.queue.get().is_none() && !self.bell.has_worker() && !self.has_reports()
    }

    /// True when there are client reports to send. Takes and gives back, because core offers no look.
    fn has_reports(&self) -> bool {
        let config = &self.config;
        let Some(report) = config.reports.take(config.clock.now()) else { return false };
        config.reports.restore(report);
        config.send_reports
    }
}
