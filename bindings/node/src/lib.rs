//! Watchpost for Node.js: the addon under the npm package `watchpost`.
//!
//! JavaScript finds out what went wrong (`stack` texts, causes, scopes of the running work); what becomes of it is
//! decided in the core. The names in here are not API: applications use the package's TypeScript side.

mod breadcrumb;
mod call;
mod capture;
mod client;
mod error;
mod flush;
mod hook;
mod http;
mod place;
mod scope;
mod session;
mod signals;
mod source;
mod span;
mod stack;
mod threads;
mod tracing;

pub use crate::breadcrumb::{Words, add_breadcrumb, aim_breadcrumbs};
pub use crate::threads::{forget_thread, knows_thread, note_thread};
