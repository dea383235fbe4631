//! Clients that record instead of sending, for tests: of applications, and of the SDK itself.
//!
//! [`with_captured_events`] and [`record`] give a piece of code a client and scopes of its own. Tests that do so may
//! run in parallel, as what they capture is seen by nobody else:
//!
//! ```
//! fn book(order: u32) -> Result<(), std::num::ParseIntError> {
//!     watchpost::set_tag("order", order.to_string());
//!     "12x".parse::<u32>().map(drop).inspect_err(|error| {
//!         watchpost::capture_error(error);
//!     })
//! }
//!
//! let events = watchpost::testing::with_captured_events(|| {
//!     book(1002).unwrap_err();
//! });
//! assert_eq!(events.len(), 1);
//! assert_eq!(events[0].exception[0].ty.as_deref(), Some("ParseIntError"));
//! assert_eq!(events[0].tags["order"], "1002");
//! ```
//!
//! A thread that the code starts works for the whole process again; a task keeps the recording client if it is
//! [`in_scope`](crate::ScopeFutureExt::in_scope).

mod recorded;

pub use self::recorded::Recorded;
pub use watchpost_core::testing::{RecordingTransport, TestClient};
pub use watchpost_core::{ManualClock, Vanished};

use std::future::Future;
use std::sync::Arc;

use watchpost_core::testing::explicit_sessions;
use watchpost_core::{Client, ClientOptions, Envelope, Event, SharedScope, Timestamp};

use crate::ScopeFutureExt as _;
use crate::init::{Guard, install};
use crate::scopes::{self, Local};

/// A client and a global scope for one piece of work.
#[derive(Debug)]
pub(crate) struct Sandbox {
    pub(crate) client: Arc<Client>,
    pub(crate) global: SharedScope,
}

/// The events that `f` captures, with the default options.
pub fn with_captured_events(f: impl FnOnce()) -> Vec<Event> {
    record(ClientOptions::new(), f).1.events()
}

/// The events that `f` captures with these options.
pub fn with_captured_events_options(options: ClientOptions, f: impl FnOnce()) -> Vec<Event> {
    record(options, f).1.events()
}

/// The envelopes that `f` captures, with the default options.
pub fn with_captured_envelopes(f: impl FnOnce()) -> Vec<Envelope> {
    record(ClientOptions::new(), f).1.envelopes
}

/// Makes this the client of the whole process, with fresh scopes: for a client with a transport of the test's own.
pub fn install_client(client: Arc<Client>) -> Guard {
    scopes::reset();
    install(client)
}

/// Runs `f` with a client and scopes of its own. A DSN is filled in if the options have none.
pub fn record<R>(options: ClientOptions, f: impl FnOnce() -> R) -> (R, Recorded) {
    let recording = Recording::start(options);
    let answer = scopes::enter(recording.local.clone(), f);
    (answer, recording.finish())
}

/// As [`record`], for a future.
///
/// ```
/// # use watchpost::{ClientOptions, testing};
/// # let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
/// # runtime.block_on(async {
/// let (answer, recorded) = testing::record_async(ClientOptions::new(), async {
///     watchpost::capture_message("nothing to book", None);
///     42
/// })
/// .await;
/// assert_eq!(answer, 42);
/// assert_eq!(recorded.only_event().logentry.unwrap().formatted.as_deref(), Some("nothing to book"));
/// # });
/// ```
pub async fn record_async<F: Future>(options: ClientOptions, future: F) -> (F::Output, Recorded) {
    let recording = Recording::start(options);
    let future = scopes::enter(recording.local.clone(), || future.in_scope());
    let answer = future.await;
    (answer, recording.finish())
}

/// Installs a client for the whole process whose time stands at `now` and whose ids and draws follow from `seed`, with
/// fresh scopes. The options are taken as they are; without a DSN the client does nothing. What uses it must be alone in
/// its process.
///
/// ```
/// # use watchpost::{ClientOptions, Timestamp};
/// let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
/// let (_guard, test) = watchpost::testing::init(options, Timestamp::from_micros(0), 1);
/// watchpost::capture_message("hello", None);
/// assert_eq!(test.transport.take().len(), 1);
/// ```
pub fn init(options: ClientOptions, now: Timestamp, seed: u64) -> (Guard, TestClient) {
    restart(options, now, seed, Vec::new())
}

/// The same, as the next start after processes that vanished: what they left is reported by this one.
pub fn restart(
    options: ClientOptions,
    now: Timestamp,
    seed: u64,
    vanished: Vec<Vanished>,
) -> (Guard, TestClient) {
    scopes::reset();
    let test = TestClient::after(options, now, seed, vanished);
    #[cfg(feature = "panic")]
    crate::integrations::panic::install();
    (install(Arc::clone(&test.client)), test)
}

struct Recording {
    local: Local,
    client: Arc<Client>,
    transport: Arc<RecordingTransport>,
}

impl Recording {
    fn start(mut options: ClientOptions) -> Self {
        if options.dsn().is_none() {
            options = match options.clone().with_dsn("https://key@errors.example.com/42") {
                Ok(options) => options,
                Err(_) => options,
            };
        }
        #[cfg(feature = "panic")]
        crate::integrations::panic::install();
        let transport = Arc::new(RecordingTransport::default());
        let options = explicit_sessions(options);
        let client = Client::builder(options).transport(transport.clone()).build();
        let global = SharedScope::new();
        let sandbox = Some(Arc::new(Sandbox { client: Arc::clone(&client), global }));
        let local = Local { isolation: SharedScope::new(), current: SharedScope::new(), sandbox };
        Self { local, client, transport }
    }

    fn finish(self) -> Recorded {
        // Logs, metrics and counted sessions wait in the client until they are called for.
        self.client.flush(std::time::Duration::ZERO);
        Recorded { envelopes: self.transport.take() }
    }
}
