//! Keeping an event small enough to be taken, and what the SDK holds small enough to be held.
//!
//! Three steps. Where values come in they are cut to a depth that no stack has to fear ([`bound`]). After every hook one
//! pass masks secrets and brings each part within its limit ([`tidy`]; the limits stand in `size`). While it is written
//! an event that is still too large as a whole loses parts in a fixed order ([`serialize`]); what is too large is
//! never built. Every cut is noted in `_meta`.

pub(crate) mod bound;
mod breadcrumbs;
mod contexts;
mod event;
mod json;
mod meta;
mod request;
mod shed;
mod size;
mod stack;
mod walk;
mod writer;

pub(crate) use self::event::tidy;
pub(crate) use self::json::to_json;
pub(crate) use self::request::note_body;
pub(crate) use self::shed::{note, serialize};
pub(crate) use self::size::EVENT_BYTES as MAX_EVENT_BYTES;
pub use self::writer::{BreadcrumbShape, BreadcrumbWriter, PlainBreadcrumb, PlainValue};
