//! A client that records instead of sending, for tests.

use std::sync::Arc;

use watchpost_core::testing::TestClient;
use watchpost_core::{ClientOptions, Timestamp};

use crate::init::{Guard, install};
use crate::scopes;

/// Installs a client whose time stands at `now` and whose ids and draws follow from `seed`, with fresh scopes. The
/// options are taken as they are; without a DSN the client does nothing.
///
/// ```
/// # use watchpost::{ClientOptions, Timestamp};
/// let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
/// let (_guard, test) = watchpost::testing::init(options, Timestamp::from_micros(0), 1);
/// watchpost::capture_message("hello", None);
/// assert_eq!(test.transport.take().len(), 1);
/// ```
pub fn init(options: ClientOptions, now: Timestamp, seed: u64) -> (Guard, TestClient) {
    scopes::reset();
    let test = TestClient::new(options, now, seed);
    #[cfg(feature = "panic")]
    crate::integrations::panic::install();
    (install(Arc::clone(&test.client)), test)
}
