//! The one thread that talks to the server.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Weak};
use std::time::Duration;

use watchpost_core::{
    Category, ClientReport, DiscardReason, Timestamp, UploadRequest, UploadResult, Uploader,
};

use crate::complete::complete;
use crate::compress::Gzip;
use crate::config::Config;
use crate::delivery::{Fate, judge, request};
use crate::health::Health;
use crate::loss::{count_envelope, count_item};
use crate::outgoing::{is_sendable, trim};
use crate::pauses::Pauses;
use crate::politeness::never_preempt_the_waker;
use crate::process::{Process, Sleep};
use crate::queue::{Cursors, Place};
use crate::rate_limit::RateLimits;

/// How often the worker looks for what processes that were killed left behind.
const RESCAN: Duration = Duration::from_secs(30);

/// Client reports that no envelope took along are sent alone this often. Source: client reports, published spec.
const REPORTS: Duration = Duration::from_secs(60);

/// After so many requests the worker looks at its timers and at who flushes, however much there is to send.
const REQUESTS_PER_PASS: u32 = 64;

/// gzip level. Measured on an event of 21 kB: level 5 of zlib-rs takes 57 us and makes 2,748 bytes of it, level 6 takes
/// 60 us for 2,745, level 3 takes 49 us for 2,910. (miniz_oxide took 75 us at level 3 and made 2,875.)
const GZIP_LEVEL: u32 = 5;

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// True on a thread on which a transport sends: what HTTP and TLS libraries log there must not be captured, or each
/// event would beget the next.
pub fn is_worker_thread() -> bool {
    IS_WORKER.try_with(Cell::get).unwrap_or(false)
}

/// The state of the worker's thread.
#[derive(Debug)]
pub(crate) struct Worker {
    process: Arc<Process>,
    config: Arc<Config>,
    uploader: Option<Arc<dyn Uploader>>,
    gzip: Gzip,
    pauses: Pauses,
    health: Health,
    cursors: Cursors,
    /// When the cursors stop being true.
    cursors_until: Option<Timestamp>,
    next_rescan: Option<Timestamp>,
    more_orphans: bool,
    last_reports: Timestamp,
    last_now: Timestamp,
    in_hand: Option<(Place, Vec<u8>)>,
}

impl Worker {
    /// A worker that has looked at nothing yet.
    pub(crate) fn new(process: Arc<Process>) -> Self {
        let config = process.config.clone();
        let now = config.clock.now();
        Self {
            uploader: None,
            gzip: Gzip::new(GZIP_LEVEL),
            pauses: Pauses::default(),
            health: Health::default(),
            cursors: Cursors::default(),
            cursors_until: None,
            next_rescan: None,
            more_orphans: false,
            last_reports: now,
            last_now: now,
            in_hand: None,
            process,
            config,
        }
    }

    /// The body of the thread. No panic leaves it.
    pub(crate) fn run(mut self) {
        IS_WORKER.with(|flag| flag.set(true));
        never_preempt_the_waker();
        self.process.bell.enter();
        while !self.process.is_stopping() {
            let heard = self.process.bell.heard();
            let ticket = self.process.gate.open_ticket();
            if self.process.is_on_hold() {
                if let Some(ticket) = ticket {
                    self.process.gate.answer(ticket, false);
                }
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
                self.process.bell.sleep(depth, heard, time);
            }
        }
        // The connection and its runtime end in the thread that used them.
        let uploader = self.uploader.take();
        let _ = catch_unwind(AssertUnwindSafe(|| drop(uploader)));
        // Last: when `close` returns, the spool's locks are free as soon as the transport is dropped.
        let gate = self.process.gate.clone();
        drop(self);
        gate.stopped();
    }

    /// Sends what can be sent, and answers those who wait for it. True when there is more to do at once.
    fn pass(&mut self, ticket: Option<u64>) -> bool {
        let flushing = ticket.is_some();
        self.notice_clock();
        self.empty_buffers();
        self.rescan();
        self.process.queue().count_lost(&self.config);
        self.check_health();
        let mut held = self.is_held(flushing);
        for _ in 0..REQUESTS_PER_PASS {
            if held || self.process.is_stopping() || !self.send_next() {
                if !held && !self.process.is_stopping() {
                    if self.may_adopt_more() {
                        // Not empty before what others left behind is out too, however many there were.
                        return true;
                    }
                    self.send_reports(flushing);
                    held = self.is_held(flushing);
                }
                if let Some(ticket) = ticket {
                    self.answer(ticket, held);
                }
                return false;
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

    fn rescan(&mut self) {
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

    /// Sends the next envelope that limits let through; false when there is none.
    fn send_next(&mut self) -> bool {
        let (config, process) = (self.config.clone(), self.process.clone());
        let limits = process.limits.current(&*config.clock);
        self.refresh_cursors(limits.as_ref());
        let sendable =
            |envelope: &[u8]| limits.as_ref().is_none_or(|(limits, now)| is_sendable(envelope, limits, *now));
        let Some(pending) = process.queue().next(&config, &mut self.cursors, sendable) else {
            return false;
        };
        self.in_hand = Some((pending.place, pending.envelope));
        let Some((place, envelope)) = &self.in_hand else { return false };
        let place = *place;
        let trimmed = limits.and_then(|(limits, now)| trim(envelope, &limits, now));
        let now = config.clock.now();
        let report = config.send_reports.then(|| config.reports.take(now)).flatten();
        let envelope = trimmed.as_ref().map_or(&envelope[..], |(bytes, _)| bytes);
        let completed = complete(config.options.resolver.as_deref(), envelope);
        let envelope = completed.as_deref().unwrap_or(envelope);
        let request = request(&config, &mut self.gzip, envelope, report.as_ref(), now);
        if report.is_some() {
            self.last_reports = now;
        }
        let fate = self.upload(request, report);
        let whole = self.in_hand.take().map(|(_, envelope)| envelope).unwrap_or_default();
        if matches!(fate, Fate::Again { .. }) {
            return true;
        }
        process.queue().remove(&config, place);
        let (sent, left_out) = trimmed.unwrap_or((whole, Vec::new()));
        if fate == Fate::Refused {
            count_envelope(&config.reports, DiscardReason::SendError, &sent);
        }
        for item in left_out {
            count_item(&config.reports, DiscardReason::RatelimitBackoff, &item.header, &item.payload);
        }
        true
    }

    /// Sends pending client reports alone, when their time has come or somebody flushes.
    fn send_reports(&mut self, flushing: bool) {
        let config = self.config.clone();
        let now = config.clock.now();
        let due = flushing || now.since(self.last_reports) >= REPORTS;
        let limited = self.process.limits.current(&*config.clock);
        let limited =
            limited.is_some_and(|(limits, now)| limits.limited_until(Category::Internal, now).is_some());
        if !due || limited || !config.send_reports {
            return;
        }
        self.last_reports = now;
        let Some(report) = config.reports.take(now) else { return };
        let request = request(&config, &mut self.gzip, config.own_header.as_bytes(), Some(&report), now);
        self.upload(request, Some(report));
    }

    /// Makes an attempt and draws the conclusions that hold for all envelopes.
    fn upload(&mut self, request: UploadRequest, report: Option<ClientReport>) -> Fate {
        let result = self.attempt(request);
        let now = self.config.clock.now();
        let fate = judge(&result, now);
        if let UploadResult::Response(response) = &result {
            if self.process.limits.update(response, now) {
                self.cursors = Cursors::default();
            }
            if fate == Fate::Refused {
                let why = response.error.as_deref().unwrap_or("no reason given");
                self.config
                    .diagnostic
                    .say(|| format!("the server refused an envelope: {} ({why})", response.status));
            }
        }
        if let Some(report) = report {
            let certainly_not_taken = match &result {
                UploadResult::Response(_) => matches!(fate, Fate::Limited | Fate::Again { .. }),
                UploadResult::Unreachable(_) => true,
                // It may have been counted: a report is sent at most once, or it would count twice. A refused
                // one is not sent again either, as it may be what was refused.
                UploadResult::Interrupted(_) => false,
            };
            if certainly_not_taken {
                self.config.reports.restore(report);
            }
        }
        self.conclude(&result, fate, now);
        fate
    }

    fn attempt(&mut self, request: UploadRequest) -> UploadResult {
        let uploader = match &self.uploader {
            Some(uploader) => uploader.clone(),
            None => match new_uploader(&self.config) {
                Ok(uploader) => self.uploader.insert(uploader).clone(),
                Err(error) => return UploadResult::Unreachable(error),
            },
        };
        catch_unwind(AssertUnwindSafe(|| uploader.upload(request))).unwrap_or_else(|_| {
            self.uploader = None;
            UploadResult::Interrupted("the uploader panicked".to_owned())
        })
    }

    fn conclude(&mut self, result: &UploadResult, fate: Fate, now: Timestamp) {
        let Fate::Again { at_earliest } = fate else { return self.pauses.got_through(now) };
        if self.pauses.failed(at_earliest, now, &*self.config.rng) {
            self.config.diagnostic.say(|| match result {
                UploadResult::Unreachable(why) => format!("the server cannot be reached: {why}"),
                UploadResult::Interrupted(why) => format!("a request was interrupted: {why}"),
                UploadResult::Response(response) => format!("the server is not ready: {}", response.status),
            });
        }
    }

    /// Answers a flush, unless waiting longer may help: what is only in memory is tried until the caller's time is up.
    fn answer(&mut self, ticket: u64, held: bool) {
        let queue = self.process.queue();
        let empty = queue.is_empty() && !held;
        if held && !queue.holds_only_durable() && !self.process.is_stopping() {
            return self.pauses.shorten(self.config.clock.now());
        }
        self.process.gate.answer(ticket, empty);
    }

    /// How deep and for how long to sleep.
    fn rest(&self) -> (Sleep, Duration) {
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
    fn recover(&mut self, ticket: Option<u64>) {
        self.config.diagnostic.say(|| "the worker recovered from a panic; this is a bug of ours".to_owned());
        let given_up = catch_unwind(AssertUnwindSafe(|| {
            if let Some((place, envelope)) = self.in_hand.take() {
                self.process.queue().remove(&self.config, place);
                count_envelope(&self.config.reports, DiscardReason::InternalSdkError, &envelope);
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

fn new_uploader(config: &Config) -> Result<Arc<dyn Uploader>, String> {
    if let Some(uploader) = &config.options.uploader {
        return Ok(uploader.clone());
    }
    #[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
    return Ok(Arc::new(crate::uploader_reqwest::ReqwestUploader::new(&config.url, &config.diagnostic)?));
    #[cfg(not(any(feature = "rustls-aws-lc", feature = "rustls-ring")))]
    Err("no uploader: enable `rustls-aws-lc` or `rustls-ring`, or bring one".to_owned())
}
