//! For tests of the SDKs and of applications: a transport that keeps what it is given, and a client that repeats.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::Duration;

use crate::client::Client;
use crate::clock::{Clock, ManualClock};
use crate::envelope::Envelope;
use crate::options::ClientOptions;
use crate::protocol::Timestamp;
use crate::rng::SeededRng;
use crate::session::{LastWords, Vanished};
use crate::transport::{Buffers, Transport};

/// Keeps envelopes in memory.
///
/// It has no thread. With a clock, what a client holds back is sent at once when it is due at once, else by
/// [`wake`](Self::wake); without one, only when the client is flushed or closed.
#[derive(Debug, Default)]
pub struct RecordingTransport {
    envelopes: Mutex<Vec<Envelope>>,
    buffers: OnceLock<Weak<dyn Buffers>>,
    clock: Option<Arc<ManualClock>>,
    reminder: Mutex<Option<Timestamp>>,
    words: Mutex<Option<LastWords>>,
    vanished: Mutex<Vec<Vanished>>,
}

impl RecordingTransport {
    /// A recorder that looks at this clock.
    pub fn with_clock(clock: Arc<ManualClock>) -> Self {
        Self { clock: Some(clock), ..Self::default() }
    }

    /// Takes what was recorded so far.
    pub fn take(&self) -> Vec<Envelope> {
        std::mem::take(&mut *self.envelopes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the process would leave behind if it vanished now.
    pub fn last_words(&self) -> Option<LastWords> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets the client send what is due by now: to be called after the clock was moved.
    pub fn wake(&self) {
        let Some(clock) = &self.clock else { return };
        let is_due = self.reminder().take_if(|at| *at <= clock.now()).is_some();
        let buffers = self.buffers.get().filter(|_| is_due).and_then(Weak::upgrade);
        if let Some(next) = buffers.and_then(|buffers| buffers.send_due()) {
            self.set_reminder(next);
        }
    }

    fn reminder(&self) -> std::sync::MutexGuard<'_, Option<Timestamp>> {
        self.reminder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_reminder(&self, at: Timestamp) {
        let mut reminder = self.reminder();
        *reminder = Some(reminder.map_or(at, |earlier| earlier.min(at)));
    }
}

impl Transport for RecordingTransport {
    fn send(&self, envelope: Envelope) {
        self.envelopes.lock().unwrap_or_else(PoisonError::into_inner).push(envelope);
    }

    fn flush(&self, _timeout: Duration) -> bool {
        true
    }

    fn close(&self, _timeout: Duration) -> bool {
        true
    }

    fn attach(&self, buffers: Weak<dyn Buffers>) {
        let _ = self.buffers.set(buffers);
    }

    fn remind(&self, at: Timestamp) {
        self.set_reminder(at);
        self.wake();
    }

    fn keep_last_words(&self, words: &LastWords) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = Some(words.clone());
    }

    fn forget_last_words(&self) {
        *self.words.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn take_vanished(&self, report: &mut dyn FnMut(Vanished)) {
        let vanished = std::mem::take(&mut *self.vanished.lock().unwrap_or_else(PoisonError::into_inner));
        vanished.into_iter().for_each(report);
    }
}

/// The options of a test: a run is a session, and requests are, only if `auto_session_tracking` is set in words. Most
/// tests are about something else.
#[must_use]
pub fn explicit_sessions(mut options: ClientOptions) -> ClientOptions {
    options.sessions.auto_session_tracking.get_or_insert(false);
    options
}

/// A client whose time, ids and draws repeat, with the recorder behind it and the clock beside it.
#[derive(Debug)]
pub struct TestClient {
    /// The client.
    pub client: Arc<Client>,
    /// What it sent.
    pub transport: Arc<RecordingTransport>,
    /// Its clock.
    pub clock: Arc<ManualClock>,
}

impl TestClient {
    /// A client with these options; the clock stands at `now` and the draws follow from `seed`. The run is a session
    /// only if the options say so in words: most tests are about something else.
    pub fn new(options: ClientOptions, now: Timestamp, seed: u64) -> Self {
        Self::after(options, now, seed, Vec::new())
    }

    /// The same, started after processes that vanished.
    pub fn after(options: ClientOptions, now: Timestamp, seed: u64, vanished: Vec<Vanished>) -> Self {
        let options = explicit_sessions(options);
        let clock = Arc::new(ManualClock::new(now));
        let transport = RecordingTransport {
            vanished: Mutex::new(vanished),
            ..RecordingTransport::with_clock(clock.clone())
        };
        let transport = Arc::new(transport);
        let builder = Client::builder(options).transport(transport.clone()).clock(clock.clone());
        let client = builder.rng(Arc::new(SeededRng::new(seed))).build();
        Self { client, transport, clock }
    }

    /// Moves the clock forward, and lets the client send what is then due.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.transport.wake();
    }
}
