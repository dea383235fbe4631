//! What a process leaves behind about itself, in case that it vanishes.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::protocol::{Breadcrumb, EventId, SessionStatus, SessionUpdate, Timestamp, User};
use crate::protocol::{SessionAttributes, lists};
use crate::text::Text;

/// A small record of what a process was, which its transport keeps where the next start can read it.
///
/// Rewritten only when something in it changes. It is written before anything happens, so that nothing need happen at
/// the end: a process that is killed has no time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LastWords {
    /// Grows with every change; an older record never replaces a newer one.
    pub revision: u64,
    /// The id of the event that would report the end, so that it is never reported as two.
    pub event_id: EventId,
    /// When the client was made.
    pub started: Timestamp,
    /// When this record was made.
    pub written: Timestamp,
    /// The version of the application.
    #[serde(default)]
    pub release: Option<Text>,
    /// Where it ran.
    pub environment: Text,
    /// The session that is under way.
    #[serde(default)]
    pub session: Option<LiveSession>,
    /// True if the end is to be reported as an event (option `report_killed`).
    #[serde(default)]
    pub report_killed: bool,
    /// What happened last, scrubbed; only with `report_killed`.
    #[serde(default, deserialize_with = "lists::null_is_default")]
    pub breadcrumbs: Vec<Arc<Breadcrumb>>,
}

/// A session that has not ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveSession {
    /// Its id.
    pub id: EventId,
    /// When it began.
    pub started: Timestamp,
    /// Whose it is; does not change once the session was sent.
    #[serde(default)]
    pub did: Option<Text>,
    /// The user's address; only with `send_default_pii`.
    #[serde(default)]
    pub ip_address: Option<Text>,
    /// Errors so far.
    pub errors: u64,
    /// How often it was sent.
    pub sent: u64,
    /// Since when the application is in the background.
    #[serde(default)]
    pub paused: Option<Timestamp>,
}

impl LiveSession {
    pub(crate) fn new(id: EventId, started: Timestamp) -> Self {
        Self { id, started, did: None, ip_address: None, errors: 0, sent: 0, paused: None }
    }

    /// Notes whose session it is, as long as nobody has been told otherwise.
    pub(crate) fn identify(&mut self, user: Option<&User>, personal: bool) {
        let Some(user) = user.filter(|_| self.sent == 0 && self.did.is_none()) else { return };
        self.did = distinct_id(user);
        if personal {
            self.ip_address = user.ip_address.clone().filter(|address| address.as_str() != "{{auto}}");
        }
    }

    /// The next state to be sent. A clock that went back makes no negative duration.
    pub(crate) fn update(
        &mut self,
        status: SessionStatus,
        now: Timestamp,
        release: &Text,
        environment: &Text,
    ) -> SessionUpdate {
        let seq = self.sent;
        self.sent += 1;
        let ended = matches!(status, SessionStatus::Exited | SessionStatus::Crashed);
        SessionUpdate {
            sid: self.id,
            did: self.did.clone(),
            init: seq == 0,
            seq,
            timestamp: now.max(self.started),
            started: self.started,
            duration: ended.then(|| now.since(self.started).as_secs_f64()),
            status,
            errors: self.errors,
            attrs: SessionAttributes {
                release: release.clone(),
                environment: Some(environment.clone()),
                ip_address: self.ip_address.clone(),
            },
        }
    }
}

/// The user's id, else mail address, else login name: all of them are only known if the application set them.
pub(crate) fn distinct_id(user: &User) -> Option<Text> {
    [&user.id, &user.email, &user.username].into_iter().flatten().find(|text| !text.is_empty()).cloned()
}

/// A process that is gone, and how it went.
#[derive(Debug, Clone, PartialEq)]
pub struct Vanished {
    /// Which process it was, in the transport's own words; empty if nobody can say.
    pub process: String,
    /// What it left.
    pub words: LastWords,
    /// How it ended.
    pub ending: Ending,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// Without a word, on this boot of the machine: it was killed.
    Silent,
    /// It said that it ends, at this time, but not what became of its session: it left through `exit`, or was asked to
    /// terminate.
    Announced(Timestamp),
    /// By a crash, at this time.
    Crashed(Timestamp),
}
