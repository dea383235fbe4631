//! Append-only, checksummed, bounded segment files: an event's seat belt, in the app and in the server.
//!
//! Two structures stand on one file format. [`Outbox`] is the SDK's: what an application captured waits in it for
//! delivery, in a folder that several processes share, and survives any of them. [`Log`] is the server's: what was
//! accepted, in order, each record at a [`Position`], durable once [`Log::sync`] has returned.
//!
//! Beside them, a [`StateFile`] holds what one process says about itself, for whoever comes after it.
//!
//! For Unix systems (Linux and macOS). On others the crate is empty.
//!
//! # On disk
//!
//! Constraints: a file is written by the one process that holds its lock, each record behind the last, and cut at its
//! end. A record is written by one system call, which SIGKILL may still end between two pages, before the append has
//! returned. A reader must cope with a file cut at any byte and with any bit flipped:
//! it skips what is damaged, finds the next whole record, and counts what it lost. All numbers are little endian.
//!
//! A file is a sequence of records without anything before, between or after them; only a file that was used before,
//! which its name says, has bytes behind the last record that are none:
//!
//! | offset | bytes | field | meaning |
//! |---|---|---|---|
//! | 0 | 2 | magic | F5 57 |
//! | 2 | 1 | version | 1 |
//! | 3 | 1 | kind | 1 data, 2 acknowledgement; a reader skips others |
//! | 4 | 4 | length | of the payload, in bytes; at most 1 GiB |
//! | 8 | 4 | payload checksum | CRC-32 (IEEE) of the payload, continued from the file's salt |
//! | 12 | 4 | header checksum | CRC-32 of bytes 0 to 11, continued from the file's salt |
//! | 16 | length | payload | data: the caller's bytes; acknowledgement: offset of a data record in this file, u32 |
//!
//! The salt is the CRC-32 of the file's name, which holds 64 random bits: payloads come from outside, and bytes in
//! one that look like a record must not be taken for one. So a file must keep its name, or its records end: an outbox
//! gives a segment that is delivered a new name and writes over it, since pages that are there cost a fraction of new
//! ones.
//!
//! | file | name | |
//! |---|---|---|
//! | outbox segment | `u-` or `b-` (lane), boot id (8 hex), `-`, random (16 hex), `-`, sequence (6 hex), and for a file that was used before `-`, its length then (hex), `.seg` | its owner holds an exclusive `flock` on it; its age is its modification time |
//! | log segment | number (8 hex), `-`, random (16 hex), `.log` | |
//! | state of a process | `s-`, boot id (8 hex), `-`, random (16 hex), `.state` | see [`StateFile`]; its process holds an exclusive `flock` on it |
//! | log lock | `log.lock` | the log's process holds an exclusive `flock` on it |
//!
//! Folders are made 0700, files 0600. A folder of another user, or one that others may write to, is refused.
//!
//! # Who owns a segment
//!
//! The process that holds its lock. The lock is on the open file, so it ends when the last process that has it open
//! ends: a forked child must close what it inherited ([`Outbox::close_in_child`]), and exec closes by itself. A
//! fork that falls between opening a segment and noting its descriptor (microseconds, once per segment) leaves the
//! child a stray one; the segment is then adopted only after the child has ended too.
//!
//! # Example
//!
//! ```
//! use watchpost_spool::{Lane, Outbox, OutboxConfig};
//! # let dir = tempfile::tempdir()?;
//! # let dir = dir.path();
//! let outbox = Outbox::open(OutboxConfig::new(dir))?;
//! outbox.append(Lane::Urgent, &[b"header\n", b"body"])?;
//!
//! // The worker delivers what waits, then says so.
//! while let Some(record) = outbox.peek()? {
//!     assert_eq!(record.bytes, b"header\nbody");
//!     outbox.ack(record.id)?;
//! }
//!
//! use watchpost_spool::{Log, LogConfig, Position};
//! let log = Log::open(LogConfig::new(dir.join("log")))?;
//! let position = log.append(&[b"accepted"])?;
//! assert!(log.sync()? > position);
//! for entry in log.reader(Position::START) {
//!     assert_eq!(entry?.position, position);
//! }
//! log.truncate_before(position)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg(unix)]

mod error;
mod folder;
mod handle;
mod log;
mod outbox;
mod policy;
mod record;
mod scan;
mod segment;
mod state;

pub use error::{Error, Result};
pub use log::{Entry, Log, LogConfig, LogReader, Position};
pub use outbox::{Adopted, Cause, Evicted, Outbox, Record, RecordId};
pub use policy::{Lane, OutboxConfig};
pub use scan::Lost;
pub use state::{LeftBehind, MAX_STATE_BYTES, StateFile};
