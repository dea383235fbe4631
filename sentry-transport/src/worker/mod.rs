//! The one thread that talks to the server.

mod sending;

pub(crate) use self::sending::new_uploader;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use watchpost_core::{DiscardReason, Timestamp, Uploader};

use crate::bell::Sleep;
use crate::compress::Compressor;
use crate::config::Config;
use crate::flush::Ticket;
use crate::health::Health;
use crate::loss::count_envelope;
use crate::pauses::Pauses;
use crate::politeness::never_preempt_the_waker;
use crate::process::Process;
use crate::queue::{Cursors, Pending};
use crate::rate_limit::RateLimits;

/// How often the worker looks for what processes that were killed left behind.
const RESCAN: Duration = Duration::from_secs(30);

/// Client reports that no envelope took along are sent alone this often. Source: client reports, published spec.
const REPORTS: Duration = Duration::from_secs(60);

/// After it has sent what is not urgent, the worker looks again so much later, and nobody has to wake it for more of that
/// in between: a burst of transactions, and a service under load, ring once and not for each.
const LINGER: Duration = Duration::from_millis(5);

/// After so many requests the worker looks at its timers and at who flushes, however much there is to send.
const REQUESTS_PER_PASS: u32 = 64;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// True on a thread on which a transport sends: what HTTP and TLS libraries log there must not be captured, or each
/// event would beget the next.
pub fn is_worker_thread() -> bool {
    IS_WORKER.try_with(Cell::get).unwrap_or(false)
}

/// Says that the calling thread is one on which a transport sends.
pub(crate) fn mark_worker_thread() {
    IS_WORKER.with(|flag| flag.set(true));
}

/// The state of the worker's thread.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Arc<Process>,
    config: Arc<Config>,
    uploader: Option<Arc<dyn Uploader>>,
    compressor: Compressor,
    /// Room for a body before it is compressed.
    whole: Vec<u8>,
    pauses: Pauses,
    health: Health,
    cursors: Cursors,
    /// When the cursors stop being true.
    cursors_until: Option<Timestamp>,
    next_rescan: Option<Timestamp>,
    more_orphans: bool,
    last_reports: Timestamp,
    last_now: Timestamp,
    /// What is being sent.
    in_hand: Option<Pending>,
    /// Something that is not urgent was sent, so that more of it may come.
    lingers: bool,
    /// Since when the spool does not know all that was delivered.
    acks_owed_since: Option<Instant>,
}

impl Worker {
    /// A worker that has looked at nothing yet.
    pub(crate) fn new(process: Arc<Process>) -> Self {
        let config = process.config.clone();
        let now = config.clock.now();
        Self {
            uploader: None,
            compressor: Compressor::new(&config),
            whole: Vec::new(),
            pauses: Pauses::default(),
            health: Health::default(),
            cursors: Cursors::default(),
            cursors_until: None,
            next_rescan: None,
            more_orphans: false,
            last_reports: now,
            last_now: now,
            in_hand: None,
            lingers: false,
            acks_owed_since: None,
            process,
            config,
        }
    }

    /// The body of the thread. No panic leaves it.
    pub(crate) fn run(mut self) {
        mark_worker_thread();
        never_preempt_the_waker();
        self.process.bell.enter();
        while !self.process.is_stopping() {
            let heard = self.process.bell.heard();
            let ticket = self.process.gate.open_ticket();
            if self.process.is_on_hold() {
                if let Some(ticket) = ticket {
                    self.process.gate.answer(ticket, false);
                }
                self.write_acks();
                self.process.bell.sleep(Sleep::Deep, heard, RESCAN);
                continue;
            }
            let pass = catch_unwind(AssertUnwindSafe(|| self.pass(ticket)));
            let more = pass.unwrap_or_else(|_| {
                self.recover(ticket);
                false
            });
            if !more && !self.process.is_stopping() {
                let (depth, time) = self.rest();
                if depth != Sleep::Linger {
                    self.write_acks();
                }
                self.process.bell.sleep(depth, heard, time);
            }
        }
        self.write_acks();
        // The connection and its runtime end in the thread that used them.
        let uploader = self.uploader.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(uploader)));
        // Last: when `close` returns, the spool's locks are free as soon as the transport is dropped.
        let gate = self.process.gate.clone();
        drop(self);
        gate.stopped();
    }

    /// Sends what can be sent, and answers those who wait for it. True when there is more to do at once.
    fn pass(&mut self, ticket: Option<Ticket>) -> bool {
        let flushing = ticket.is_some();
        self.notice_clock();
        self.empty_buffers();
        if self.rescan() {
            self.tidy();
        }
        self.process.queue().count_lost(&self.config);
        self.check_health();
        let mut held = self.is_held(flushing);
        for _ in 0..REQUESTS_PER_PASS {
            if held
                || self.process.is_stopping()
                || !self.send_next(ticket.as_ref().map(|ticket| &ticket.mark))
            {
                if !held && !self.process.is_stopping() {
                    if self.may_adopt_more() {
                        // Not empty before what others left behind is out too, however many there were.
                        return true;
                    }
                    self.send_reports(flushing);
                    held = self.is_held(flushing);
                }
                // Others may wait for more, and more may have come.
                return ticket.is_some_and(|ticket| self.answer(ticket, held));
            }
            held = self.is_held(flushing);
        }
        true
    }

    /// A wall clock that was put back must not stretch pauses.
    fn notice_clock(&mut self) {
        let now = self.config.clock.now();
        if now < self.last_now {
            self.pauses.clock_went_back();
            self.health.clock_went_back();
            self.next_rescan = None;
            self.cursors_until = None;
            self.cursors = Cursors::default();
            self.last_reports = now;
            self.process.reminder.set(now);
        }
        self.last_now = now;
    }

    /// Lets the client hand over what it has held back for long enough.
    fn empty_buffers(&self) {
        if !self.process.reminder.take(self.config.clock.now()) {
            return;
        }
        let next = self.config.buffers.get().and_then(Weak::upgrade).and_then(|buffers| buffers.send_due());
        if let Some(next) = next {
            self.process.reminder.set(next);
        }
    }

    /// There were more orphans than may be open at a time, and there is room for the next now.
    fn may_adopt_more(&self) -> bool {
        self.more_orphans && self.process.queue().is_empty()
    }

    /// Looks for orphans if it is time to; true if it was.
    fn rescan(&mut self) -> bool {
        let now = self.config.clock.now();
        let due = self.next_rescan.is_none_or(|at| at <= now);
        if due || self.may_adopt_more() {
            self.next_rescan = Some(now.after(RESCAN));
            let adopted = self.process.queue().adopt(&self.config);
            // If nothing could be taken, another try at once would not do better.
            self.more_orphans = adopted.more && adopted.segments + adopted.expired > 0;
            if adopted.records > 0 {
                // What was adopted is older than what the cursors have passed.
                self.cursors = Cursors::default();
            }
        }
        due
    }

    /// Lets go of what makes looking up names fast, if no name was wanted for a while.
    fn tidy(&self) {
        if let Some(resolver) = &self.config.options.resolver {
            // Its own panic must not cost the pass.
            let _ = catch_unwind(AssertUnwindSafe(|| resolver.tidy()));
        }
    }

    /// Lowers the sample rate of traces while what is captured cannot leave.
    fn check_health(&mut self) {
        let config = &self.config;
        if !config.options.enable_backpressure_handling {
            return;
        }
        let queue = self.process.queue();
        let unhealthy = queue.has_overflowed() || self.process.limits.any(&*config.clock);
        if self.health.look(&config.backpressure, unhealthy, config.clock.now()) {
            queue.forget_overflow();
        }
    }

    fn is_held(&mut self, flushing: bool) -> bool {
        self.process.is_on_hold() || self.pauses.hold(self.config.clock.now(), flushing)
    }

    /// Answers a flush, unless waiting longer may help: what is only in memory is tried until the caller's time is up.
    fn answer(&mut self, ticket: Ticket, held: bool) -> bool {
        // What a flush has seen leave is not sent again, whatever happens next.
        self.write_acks();
        let queue = self.process.queue();
        let waits = queue.waits_before(&ticket.mark);
        if held && waits && !queue.holds_only_durable() && !self.process.is_stopping() {
            self.pauses.shorten(self.config.clock.now());
            return false;
        }
        self.process.gate.answer(ticket, !waits && !held);
        true
    }

    /// How deep and for how long to sleep.
    fn rest(&mut self) -> (Sleep, Duration) {
        let now = self.config.clock.now();
        let mut until = self.next_rescan.unwrap_or(now).min(now.after(RESCAN));
        until = until.min(self.process.reminder.at());
        if let Some(check) = self.health.next_check() {
            until = until.min(check);
        }
        if let Some(end) = self.pauses.end() {
            return (Sleep::Deep, until.min(end).since(now));
        }
        if self.cursors.passed_over()
            && let Some(at) = self.cursors_until
        {
            until = until.min(at);
        }
        if std::mem::take(&mut self.lingers) {
            return (Sleep::Linger, LINGER.min(until.since(now)));
        }
        (Sleep::Light, until.since(now))
    }

    /// Cursors hold as long as no limit ends.
    fn refresh_cursors(&mut self, limits: Option<&(RateLimits, Timestamp)>) {
        let now = self.config.clock.now();
        if self.cursors_until.is_some_and(|until| until <= now) || limits.is_none() {
            self.cursors = Cursors::default();
            self.cursors_until = None;
        }
        if let Some((limits, now)) = limits {
            self.cursors_until = limits.next_expiry(*now);
        }
    }

    /// After a panic of our own: gives up the envelope that may have caused it, so that it cannot do so for ever.
    fn recover(&mut self, ticket: Option<Ticket>) {
        self.config.diagnostic.say(|| "the worker recovered from a panic; this is a bug of ours".to_owned());
        let given_up = catch_unwind(AssertUnwindSafe(|| {
            if let Some(pending) = self.in_hand.take() {
                self.process.queue().remove(&self.config, pending.place);
                count_envelope(&self.config.reports, DiscardReason::InternalSdkError, &pending.envelope);
            }
            if let Some(ticket) = ticket {
                self.process.gate.answer(ticket, false);
            }
        }));
        self.pauses.failed(Some(Duration::ZERO), self.config.clock.now(), &*self.config.rng);
        if given_up.is_err() {
            self.config
                .diagnostic
                .say(|| "the worker could not give up an envelope after a panic".to_owned());
        }
    }
}
