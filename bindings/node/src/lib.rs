//! Watchpost for Node.js: the addon under the npm package `watchpost`.
//!
//! JavaScript finds out what went wrong (`stack` texts, causes, scopes of the running work); what becomes of it is
//! decided in the core. The names in here are not API: applications use the package's TypeScript side.

mod aim;
mod attach;
mod breadcrumb;
mod call;
mod capture;
mod client;
mod deferred;
mod error;
mod flush;
mod hook;
mod http;
mod locals;
mod otel;
mod place;
mod scope;
mod serverless;
mod session;
mod signals;
mod site;
mod source;
mod span;
mod stack;
mod supply;
mod threads;
mod tracing;
mod trail;
mod whole;
mod words;

pub use crate::aim::aim_captures;
pub use crate::attach::attach_in_hook;
pub use crate::breadcrumb::{add_breadcrumb, add_trail, aim_breadcrumbs};
pub use crate::capture::{capture_errors, capture_event, capture_message};
pub use crate::flush::{flush_later, stop_waiting};
pub use crate::serverless::delivery_time;
pub use crate::threads::{forget_thread, knows_thread, note_thread};
pub use crate::words::Words;
