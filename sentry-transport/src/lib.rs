//! From a finished envelope to a Sentry-compatible server: spool, worker, rate limits, HTTP.
//!
//! ```text
//! Transport::send ─▶ rate-limit filter ─▶ spool.append ─▶ (returns: durable)
//!                                             │
//!                    watchpost-worker ◀── wake, timer, orphans of killed processes
//!                            └─▶ + sent_at, + client report ─▶ gzip ─▶ POST ─▶ acknowledge | keep | give up
//! ```
//!
//! Everything that an answer of the server means is in three places: rate limits in [`RateLimits`], statuses in
//! `delivery.rs`, pauses in `backoff.rs`. A request travels through an [`Uploader`].
//!
//! # Where envelopes wait, and what is lost when
//!
//! | The spool folder | An envelope waits | If the process ends before it is delivered |
//! |---|---|---|
//! | is usable | in a file | the next start, or a living sibling within half a minute, delivers it |
//! | vanishes while the process lives | in the deleted file, which this process still reads; the next capture makes the folder anew | what was captured before it vanished is lost, what came after is not |
//! | is full or failing | in memory; the disk is tried again after a minute | what is in memory is lost |
//! | cannot be made | in memory; it is tried again every minute | what is in memory is lost |
//! | is not wanted (`memory_only`) | in memory | all that waits is lost |
//! | whatever it is: attachments beyond 1 MiB for each event | in memory, up to 40 MiB; their events in the folder | they are lost, their events are not |
//!
//! Memory holds `max_memory_bytes`; what does not fit is counted as `queue_overflow`. That memory took over is said to
//! the diagnostic listener. What is lost with a process cannot be counted by it.
//!
//! # What goes first, and how often
//!
//! Errors and feedback; then sessions and check-ins; then transactions, spans and reports; then logs and metrics. One
//! request is in flight at a time. What the server can recognise by its id arrives at least once: it is acknowledged in
//! the spool when the server has answered. Logs, metrics, session aggregates and client reports have no id and arrive at
//! most once: they are acknowledged before they are sent, and put back only if nobody can have taken them.
//!
//! # TLS
//!
//! The default uploader brings its own rustls provider (feature `rustls-aws-lc`, the default, or `rustls-ring`; with
//! both, aws-lc-rs) and installs none for the process. It trusts the system's root certificates, or those that the
//! environment variables `SSL_CERT_FILE` and `SSL_CERT_DIR` name instead; if there are none, Mozilla's, and says so. The
//! option `ca_certs` names others in their place.
//! A transport reads them once, before its first request: a newly trusted authority takes the next start. A server
//! without a valid certificate is an unreachable one: nothing is sent to it, and envelopes wait as above.
//!
//! With neither feature there is no default uploader: without [`HttpTransportBuilder::uploader`], envelopes wait and
//! the diagnostic listener hears why.
//!
//! # Example
//!
//! ```no_run
//! use std::time::Duration;
//! use watchpost_core::{Dsn, Envelope, Item, ItemType, Transport};
//! use watchpost_transport::HttpTransport;
//!
//! let dsn: Dsn = "https://public_key@errors.example.com/42".parse()?;
//! let transport = HttpTransport::builder(dsn).storage_dir("/var/lib/shop/watchpost").build();
//!
//! let mut envelope = Envelope::default();
//! envelope.items.push(Item::new(ItemType::Event, br#"{"message":"out of stock"}"#.to_vec()));
//! transport.send(envelope);
//! transport.close(Duration::from_secs(2));
//! # Ok::<(), watchpost_core::Error>(())
//! ```

mod attachments;
mod backoff;
mod bell;
mod breaker;
mod builder;
mod complete;
mod compress;
mod config;
mod delivery;
mod flush;
mod fork;
mod from_options;
mod health;
#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
mod http;
mod last_words;
mod limits;
mod loss;
mod memory;
mod open_list;
mod outgoing;
mod pauses;
mod per_generation;
mod politeness;
mod priority;
mod process;
mod queue;
mod rate_limit;
mod reminder;
mod signals;
mod spotlight;
mod storage_dir;
mod sync;
mod transport;
mod waits;
mod worker;

pub use self::builder::HttpTransportBuilder;
pub use self::from_options::{client_builder, with_debug_output};
pub use self::last_words::{mark_crashed, process_identity};
pub use self::rate_limit::RateLimits;
pub use self::storage_dir::storage_folders;
pub use self::transport::HttpTransport;
pub use self::worker::is_worker_thread;
pub use watchpost_core::{UploadRequest, UploadResponse, UploadResult, Uploader};
