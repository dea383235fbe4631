//! What the tests of the transport share.

// Each test file uses its own part of it.
#![expect(dead_code, unreachable_pub, reason = "shared between test binaries")]
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on should panic")]

pub mod server;
pub mod tls;
pub mod uploader;

use std::sync::{Arc, Condvar, Mutex, Weak};
use std::time::Duration;

use watchpost_core::{
    Buffers, Category, ClientReports, Clock, DiscardReason, Dsn, Envelope, EventId, Item, ItemType,
    ManualClock, SeededRng, Timestamp, Transport,
};
use watchpost_transport::{HttpTransport, HttpTransportBuilder};

use self::uploader::Stepper;

pub const SECOND: Duration = Duration::from_secs(1);

/// Long enough for a thread to be scheduled on a loaded machine; nothing waits for it to pass.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Where nobody listens: too low a port to be given to somebody who asks for a free one, as tests beside this one do.
pub const NOBODY: &str = "127.0.0.1:9";

/// Says what the transport has to remark, where the output of a failed test is shown.
pub fn audible(builder: HttpTransportBuilder) -> HttpTransportBuilder {
    use std::io::Write as _;
    builder.diagnostic(Arc::new(|remark| drop(writeln!(std::io::stderr(), "transport: {remark}"))))
}

/// A transport whose time, chance and network are the test's.
pub struct Rig {
    pub transport: HttpTransport,
    pub clock: Arc<ManualClock>,
    pub reports: Arc<ClientReports>,
    pub network: Arc<Stepper>,
    pulse: Arc<Pulse>,
}

/// Counts how often the worker has begun to look at what there is to do.
#[derive(Debug, Default)]
struct Pulse {
    beats: Mutex<u64>,
    changed: Condvar,
}

impl Buffers for Pulse {
    fn send_due(&self) -> Option<Timestamp> {
        *self.beats.lock().unwrap() += 1;
        self.changed.notify_all();
        None
    }
}

/// A rig that spools to this folder, with further settings.
pub fn rig(
    folder: &std::path::Path,
    settings: impl FnOnce(HttpTransportBuilder) -> HttpTransportBuilder,
) -> Rig {
    let clock = Arc::new(ManualClock::new(Timestamp::from_micros(1_700_000_000_000_000)));
    let reports = Arc::new(ClientReports::default());
    let network = Arc::new(Stepper::default());
    let builder = HttpTransport::builder(dsn(&format!("http://key@{NOBODY}/1")))
        .storage_dir(folder)
        .clock(clock.clone())
        .rng(Arc::new(SeededRng::new(1)))
        .client_reports(reports.clone())
        .uploader(network.clone());
    Rig { transport: settings(builder).build(), clock, reports, network, pulse: Arc::default() }
}

impl Rig {
    /// Moves the clock, and lets the worker see it.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.transport.wake();
    }

    /// Waits until the worker has done all that it can do about what happened before. Nothing may hold it in a request.
    /// Takes the place of the transport's client.
    pub fn settle(&self) {
        let pulse: Weak<Pulse> = Arc::downgrade(&self.pulse);
        self.transport.attach(pulse);
        // The first beat may belong to a look that began before; the second comes after a whole one.
        for _ in 0..2 {
            let before = *self.pulse.beats.lock().unwrap();
            self.transport.remind(self.clock.now());
            let beats = self.pulse.beats.lock().unwrap();
            let waited = self.pulse.changed.wait_timeout_while(beats, PATIENCE, |beats| *beats == before);
            assert!(!waited.unwrap().1.timed_out(), "the worker looks at what there is to do");
        }
    }

    /// What was counted as lost since the last call, in order of reason and category.
    pub fn lost(&self) -> Vec<(DiscardReason, Category, u64)> {
        let report = self.reports.take(Timestamp::from_micros(0));
        let entries = report.map(|report| report.discarded_events).unwrap_or_default();
        entries.into_iter().map(|lost| (lost.reason, lost.category, lost.quantity)).collect()
    }
}

pub fn dsn(text: &str) -> Dsn {
    text.parse().unwrap()
}

/// An envelope with one item, whose event id ends in `number`.
pub fn envelope(item_type: ItemType, number: u32) -> Envelope {
    let mut envelope = Envelope::default();
    let id: EventId = serde_json::from_str(&format!("\"{number:032x}\"")).unwrap();
    envelope.header.event_id = Some(id);
    envelope.items.push(Item::new(item_type, format!("{{\"number\":{number}}}").into_bytes()));
    envelope
}

pub fn event(number: u32) -> Envelope {
    envelope(ItemType::Event, number)
}

/// The number in the event id of an envelope.
pub fn number(envelope: &Envelope) -> u32 {
    let id = serde_json::to_string(&envelope.header.event_id.unwrap()).unwrap();
    u32::from_str_radix(id.trim_matches('"').trim_start_matches('0'), 16).unwrap_or(0)
}
