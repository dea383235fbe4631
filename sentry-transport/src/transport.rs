//! What an application's client holds.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use watchpost_core::{Buffers, Dsn, Envelope, Flushed, LastWords, Timestamp, Transport, Vanished};
use watchpost_spool::Outbox;

use crate::builder::HttpTransportBuilder;
use crate::config::Config;
use crate::last_words::take_vanished;
use crate::per_generation::PerGeneration;
use crate::process::Process;

/// Spools envelopes on the capturing thread and delivers them from one worker thread.
///
/// - `send` costs one serialisation and one append to a file. When it returns, the envelope survives the end of the
///   process, however sudden; the next start, or a sibling with the same DSN, delivers it: at least once.
/// - The worker starts with the first envelope, or at once when an earlier process left some behind.
/// - A forked child starts over with its own spool and worker; what the parent captured stays the parent's.
/// - Dropping it ends the worker after the request under way and waits for nothing.
#[derive(Debug)]
pub struct HttpTransport {
    config: Arc<Config>,
    process: PerGeneration<Arc<Process>>,
    closed: AtomicBool,
}

impl HttpTransport {
    /// A transport to this address, to be built.
    pub fn builder(dsn: Dsn) -> HttpTransportBuilder {
        HttpTransportBuilder::new(dsn)
    }

    pub(crate) fn new(config: Config) -> Self {
        crate::fork::watch();
        let config = Arc::new(config);
        let process = PerGeneration::new(Arc::new(Process::new(config.clone(), false)));
        let transport = Self { config, process, closed: AtomicBool::new(false) };
        transport.look_for_orphans();
        transport
    }

    /// Starts the worker if an earlier process left something behind.
    fn look_for_orphans(&self) {
        let on_hold = self.config.on_hold.load(Ordering::SeqCst);
        if !on_hold && self.config.folders.iter().any(|folder| Outbox::has_orphans(folder)) {
            self.process().start_worker();
        }
    }

    /// Makes the worker look at its clock and its queue now: the network is back, the application came to the
    /// foreground, or a test moved the clock. Pauses that are not over stay.
    pub fn wake(&self) {
        self.process().bell.command();
    }

    /// This generation's state.
    fn process(&self) -> &Arc<Process> {
        self.process.get_or_make(|parent| {
            // The parent's trouble may not be the child's; its own worker will find out.
            self.config.backpressure.healthy();
            let fresh = Process::new(self.config.clone(), self.closed.load(Ordering::Acquire));
            Arc::new(fresh.child_of(parent.keeper.path_in_child()))
        })
    }
}

impl Transport for HttpTransport {
    fn send(&self, envelope: Envelope) {
        if let Some(spotlight) = &self.config.spotlight {
            spotlight.copy(&envelope);
        }
        self.process().send(envelope);
    }

    fn copies_unsampled(&self) -> bool {
        self.config.spotlight.is_some()
    }

    fn copy_unsampled(&self, envelope: Envelope) {
        if let Some(spotlight) = &self.config.spotlight {
            spotlight.copy(&envelope);
        }
    }

    fn resolves(&self) -> bool {
        self.config.options.resolver.is_some()
    }

    /// Waits until everything that was sent before is out, and pending client reports with it, for at most `timeout`.
    /// What is sent meanwhile is not waited for.
    ///
    /// Makes one attempt of its own if the last failure is a second ago. Returns false early when an attempt fails
    /// or all that is left is rate-limited; while something is only in memory it keeps trying until `timeout`.
    fn flush(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let flushed = self.process().flush(timeout);
        if let Some(spotlight) = &self.config.spotlight {
            spotlight.flush(timeout.saturating_sub(started.elapsed()));
        }
        flushed
    }

    fn flush_later(&self, flushed: Flushed) -> Result<(), Flushed> {
        // Its copies are waited for in their own way.
        if self.config.spotlight.is_some() { Err(flushed) } else { self.process().flush_later(flushed) }
    }

    /// Flushes, then ends the worker, all within `timeout`. Later envelopes are only spooled, for the next start; in
    /// memory mode they are counted as lost.
    fn close(&self, timeout: Duration) -> bool {
        let started = Instant::now();
        let flushed = self.process().close(timeout);
        if let Some(spotlight) = &self.config.spotlight {
            spotlight.flush(timeout.saturating_sub(started.elapsed()));
            spotlight.close();
        }
        self.closed.store(true, Ordering::Release);
        flushed
    }

    fn attach(&self, buffers: Weak<dyn Buffers>) {
        // Only the first client of a transport can be called back.
        let _ = self.config.buffers.set(buffers);
    }

    fn remind(&self, at: Timestamp) {
        self.process().remind(at);
    }

    /// A request that is under way is not called back; none is begun after it.
    fn hold(&self, held: bool) {
        let before = self.config.on_hold.swap(held, Ordering::SeqCst);
        if before && !held && !self.closed.load(Ordering::Acquire) {
            self.look_for_orphans();
            self.wake();
        }
    }

    fn keep_last_words(&self, words: &LastWords) {
        if !self.config.folders.is_empty() {
            self.process().keeper.keep(&self.config, words);
        }
    }

    fn forget_last_words(&self) {
        self.process().keeper.forget(&self.config);
    }

    fn take_vanished(&self, report: &mut dyn FnMut(Vanished)) {
        take_vanished(&self.config, report);
    }
}

impl Drop for HttpTransport {
    fn drop(&mut self) {
        // That of another generation is leaked: its locks may be held for ever and its threads do not exist here.
        if let Some(process) = self.process.take() {
            process.stop();
        }
    }
}
