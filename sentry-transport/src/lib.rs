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

mod backoff;
mod breaker;
mod builder;
mod compress;
mod config;
mod delivery;
mod flush;
mod fork;
mod from_options;
mod limits;
mod loss;
mod memory;
mod outgoing;
mod pauses;
mod process;
mod queue;
mod rate_limit;
mod signals;
mod storage_dir;
#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
mod tls;
mod transport;
mod upload;
#[cfg(any(feature = "rustls-aws-lc", feature = "rustls-ring"))]
mod uploader_reqwest;
mod worker;

pub use self::builder::HttpTransportBuilder;
pub use self::rate_limit::RateLimits;
pub use self::transport::HttpTransport;
pub use self::upload::{UploadRequest, UploadResponse, UploadResult, Uploader};
pub use self::worker::is_worker_thread;
