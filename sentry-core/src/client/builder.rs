//! Putting a client together.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use super::Client;
use crate::backpressure::Backpressure;
use crate::client_reports::ClientReports;
use crate::clock::{Clock, SystemClock};
use crate::options::ClientOptions;
use crate::rng::{OsRng, Rng};
use crate::session::Sessions;
use crate::telemetry::{self, Telemetry};
use crate::tracing::SpanBuffer;
use crate::transport::Transport;

/// Puts a client together.
#[derive(Debug)]
pub struct ClientBuilder(Client);

impl ClientBuilder {
    pub(super) fn new(options: ClientOptions) -> Self {
        let telemetry = Telemetry::new(telemetry::defaults(&options));
        let consent = AtomicBool::new(!options.require_consent());
        let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(OsRng));
        let sessions = Sessions::new(options.clone(), None, clock.clone(), rng.clone());
        Self(Client {
            options,
            transport: None,
            reports: Arc::default(),
            backpressure: Arc::default(),
            clock,
            rng,
            closed: AtomicBool::new(false),
            telemetry,
            spans: SpanBuffer::default(),
            deferred: Default::default(),
            consent,
            preparation: Default::default(),
            last_trace: Default::default(),
            sessions: Arc::new(sessions),
        })
    }

    /// Where envelopes go; without one the client does nothing.
    #[must_use]
    pub fn transport(mut self, transport: Arc<dyn Transport>) -> Self {
        self.0.transport = Some(transport);
        self
    }

    /// The counters that the client shares with its transport.
    #[must_use]
    pub fn reports(mut self, reports: Arc<ClientReports>) -> Self {
        self.0.reports = reports;
        self
    }

    /// The sampling factor that the client shares with its transport.
    #[must_use]
    pub fn backpressure(mut self, backpressure: Arc<Backpressure>) -> Self {
        self.0.backpressure = backpressure;
        self
    }

    /// Another clock.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.0.clock = clock;
        self
    }

    /// Another source of ids and draws.
    #[must_use]
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.0.rng = rng;
        self
    }

    /// The client, known to its transport, with its session begun. What earlier processes left behind is reported
    /// through this client's hooks, before this returns.
    pub fn build(mut self) -> Arc<Client> {
        let Client { options, transport, clock, rng, .. } = &self.0;
        let sessions = Sessions::new(options.clone(), transport.clone(), clock.clone(), rng.clone());
        self.0.sessions = Arc::new(sessions);
        self.0.options.explain_privacy();
        let client = Arc::new(self.0);
        if let Some(transport) = &client.transport {
            let weak = Arc::downgrade(&client);
            transport.attach(weak);
            if !client.has_consent() {
                transport.hold(true);
            }
        }
        client.begin_sessions();
        client
    }
}
