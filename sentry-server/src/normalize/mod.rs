//! Turns whatever a client sent into one canonical event.
//!
//! A pure function from bytes to [`NormalizedEvent`]: the payload is parsed once, every interface is brought
//! into one shape, limits are applied, and what the digest needs is handed out as typed fields. A field that
//! cannot be understood is repaired or dropped and noted in the event's `errors`; only a payload that is not
//! a JSON object is refused.
//!
//! *Order*: parse, strip null bytes, identity and time, interfaces, user, limits, tags, title.

mod agent;
mod breadcrumb;
mod event;
mod exception;
mod function_name;
mod in_app;
mod kind;
mod list;
mod logentry;
mod notes;
mod parse;
mod repair;
mod request;
mod stacktrace;
mod tags;
mod text;
mod time;
mod title;
mod trim;
mod user;

use std::fmt;
use std::net::IpAddr;

use crate::json::Map;

pub(crate) use self::in_app::is_sdk;
pub use self::kind::{EventKind, Level};
pub(crate) use self::parse::object;
pub(crate) use self::request::header;
pub(crate) use self::stacktrace::{is_url, resolved_frame, stack_of};
pub(crate) use self::text::{first_line, shorten, trimmed_str};
pub(crate) use self::time::{corrected, drift, micros};
pub use self::title::Metadata;
pub(crate) use self::title::{culprit_of, metadata_of_exception, title_of};

/// What the server knows about an event besides its payload.
pub struct NormalizeContext<'a> {
    /// The project the event was sent to.
    pub project_id: u64,
    /// When the envelope was accepted, in microseconds since the Unix epoch.
    pub received_us: i64,
    /// The envelope header's `sent_at`, in microseconds; corrects a client clock that is off.
    pub sent_at_us: Option<i64>,
    /// The connection's peer address, what `{{auto}}` stands for. `None` switches inference off.
    pub remote_addr: Option<IpAddr>,
    /// The request's `User-Agent`, used only when the event names no browser of its own.
    pub user_agent: Option<&'a str>,
    /// The envelope header's `event_id`; wins over the payload's.
    pub header_event_id: Option<&'a str>,
    /// What the item header said the payload is, if it said something more exact than the payload does.
    pub item_kind: Option<EventKind>,
    /// Makes an id for an event that came without one.
    pub new_id: &'a dyn Fn() -> [u8; 16],
}

impl fmt::Debug for NormalizeContext<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NormalizeContext")
            .field("project_id", &self.project_id)
            .field("received_us", &self.received_us)
            .field("sent_at_us", &self.sent_at_us)
            .field("remote_addr", &self.remote_addr)
            .field("header_event_id", &self.header_event_id)
            .field("item_kind", &self.item_kind)
            .finish_non_exhaustive()
    }
}

/// One event in canonical form, with typed views of what the digest needs.
///
/// The views are copies of what `body` says, never more than it says: a reader of a stored body can rebuild them.
#[derive(Debug, Clone)]
pub struct NormalizedEvent {
    /// The whole event. List interfaces are `{"values": [..]}`, `tags` a sorted list of pairs, times float seconds.
    pub body: Map,
    /// 32 lower-case hex digits.
    pub event_id: String,
    /// What sort of event this is.
    pub kind: EventKind,
    /// When it happened, in microseconds since the Unix epoch, corrected for clock drift.
    pub timestamp_us: i64,
    /// When it was accepted, in microseconds since the Unix epoch.
    pub received_us: i64,
    /// Platform name, `other` if the client gave none.
    pub platform: String,
    /// Severity.
    pub level: Level,
    /// Name of the logger that made the event.
    pub logger: Option<String>,
    /// Route, view, task or other name of what was going on.
    pub transaction: Option<String>,
    /// Release name.
    pub release: Option<String>,
    /// Environment; `production` if the client gave none.
    pub environment: String,
    /// Build of the release.
    pub dist: Option<String>,
    /// Host that sent the event.
    pub server_name: Option<String>,
    /// Identity for counting affected users: `id:42`, `email:..`, `username:..` or `ip:..`.
    pub user_key: Option<String>,
    /// Tags sorted by key, the derived ones (level, release, os, ...) included; equal to `body["tags"]`.
    pub tags: Vec<(String, String)>,
    /// One line for a list.
    pub title: String,
    /// Where it happened, in a few words; empty if nothing is known.
    pub culprit: String,
    /// What the title was made of.
    pub metadata: Metadata,
}

impl NormalizedEvent {
    /// Names the event again, after its frames have become others.
    pub(crate) fn rename(&mut self) {
        (self.metadata, self.title, self.culprit) =
            event::name(&mut self.body, self.kind, self.transaction.as_deref());
    }
}

/// Why a payload could not be normalised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NormalizeError {
    /// Not JSON, even after repair; the text says where parsing stopped.
    NotJson(String),
    /// JSON, but not an object.
    NotAnObject,
}

impl fmt::Display for NormalizeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotJson(at) => write!(f, "event payload is not JSON ({at}); send one JSON object"),
            Self::NotAnObject => f.write_str("event payload is not a JSON object; send {\"event_id\": ...}"),
        }
    }
}

impl std::error::Error for NormalizeError {}

/// Brings one event payload into canonical form.
///
/// # Errors
/// Only if the payload is not a JSON object (after repairing what clients are known to get wrong:
/// lone surrogates, `NaN`, raw control characters, invalid UTF-8).
pub fn normalize(raw: &[u8], context: &NormalizeContext<'_>) -> Result<NormalizedEvent, NormalizeError> {
    let body = parse::object(raw)?;
    Ok(event::normalize(body, context))
}

/// An event read back from its stored body: what was normalised once normalises to itself.
///
/// # Errors
/// As [`normalize`].
pub(crate) fn stored(body: &[u8], project: i64, received_us: i64) -> Result<NormalizedEvent, NormalizeError> {
    let mut body = parse::object(body)?;
    crate::group::unmark(&mut body);
    let context = NormalizeContext {
        project_id: project as u64,
        received_us,
        sent_at_us: None,
        remote_addr: None,
        user_agent: None,
        header_event_id: None,
        item_kind: None,
        new_id: &|| [0; 16],
    };
    Ok(event::normalize(body, &context))
}

/// Brings an event that is parsed already into canonical form.
pub(crate) fn normalize_object(body: Map, context: &NormalizeContext<'_>) -> NormalizedEvent {
    event::normalize(body, context)
}
