//! Append-only, checksummed, bounded segment files: an event's seat belt, in the app and in the server.
#![cfg(unix)]

mod error;
mod folder;
mod handle;
mod outbox;
mod policy;
mod record;
mod scan;
mod segment;

pub use error::{Error, Result};
pub use outbox::{Adopted, Cause, Evicted, Outbox, Record, RecordId};
pub use policy::{Lane, OutboxConfig};
pub use scan::Lost;
