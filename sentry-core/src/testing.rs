//! For tests of the SDKs and of applications: a transport that keeps what it is given, and a client that repeats.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::client::Client;
use crate::clock::ManualClock;
use crate::envelope::Envelope;
use crate::options::ClientOptions;
use crate::protocol::Timestamp;
use crate::rng::SeededRng;
use crate::transport::Transport;

/// Keeps envelopes in memory.
#[derive(Debug, Default)]
pub struct RecordingTransport(Mutex<Vec<Envelope>>);

impl RecordingTransport {
    /// Takes what was recorded so far.
    pub fn take(&self) -> Vec<Envelope> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Transport for RecordingTransport {
    fn send(&self, envelope: Envelope) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(envelope);
    }

    fn flush(&self, _timeout: Duration) -> bool {
        true
    }

    fn close(&self, _timeout: Duration) -> bool {
        true
    }
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
    /// A client with these options; the clock stands at `now` and the draws follow from `seed`.
    pub fn new(options: ClientOptions, now: Timestamp, seed: u64) -> Self {
        let transport = Arc::new(RecordingTransport::default());
        let clock = Arc::new(ManualClock::new(now));
        let builder = Client::builder(options).transport(transport.clone()).clock(clock.clone());
        let client = Arc::new(builder.rng(Arc::new(SeededRng::new(seed))).build());
        Self { client, transport, clock }
    }
}
