//! What one write of the digest carries.

use std::collections::HashMap;
use std::sync::Arc;

use super::dictionary::Dictionary;
use super::health::NewSession;
use super::monitor::NewCheckIn;
use super::replay::NewReplay;
use super::rows::Rows;
use super::types::{EventKey, OutcomeKey, ProjectId};
use crate::instant::Micros;

/// Everything one transaction stores, in spool order.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    pub(crate) events: Vec<NewEvent>,
    pub(crate) items: Vec<NewItem>,
    pub(crate) outcomes: HashMap<OutcomeKey, i64>,
    /// Where the spool is to be read from after this batch; unchanged when `None`.
    pub(crate) resume_at: Option<u64>,
}

impl Batch {
    /// Whether writing it would change nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
            && self.items.is_empty()
            && self.outcomes.is_empty()
            && self.resume_at.is_none()
    }
}

/// One event-bearing item, normalised, grouped and compressed.
#[derive(Debug)]
pub(crate) struct NewEvent {
    /// Grows with the spool and names the row: writing a record again replaces it instead of doubling it.
    pub(crate) seq: u64,
    pub(crate) project: ProjectId,
    pub(crate) event_id: EventKey,
    /// `error`, `default`, `transaction`, `feedback`.
    pub(crate) kind: &'static str,
    pub(crate) category: &'static str,
    pub(crate) received: Micros,
    pub(crate) timestamp: Micros,
    pub(crate) title: String,
    pub(crate) culprit: String,
    pub(crate) level: String,
    pub(crate) size_bytes: usize,
    /// zstd of the normalised event's JSON; `None` when it is not kept.
    pub(crate) body: Option<Vec<u8>>,
    /// What the body is compressed against.
    pub(crate) dictionary: Option<Arc<Dictionary>>,
    /// Set for what belongs to an issue.
    pub(crate) group: Option<NewGroup>,
    /// The spans of a transaction, what a feedback says.
    pub(crate) rows: Rows,
}

/// What an event tells about its issue.
#[derive(Debug)]
pub(crate) struct NewGroup {
    /// In order of preference; the first one known decides, all are attached.
    pub(crate) hashes: Vec<[u8; 16]>,
    /// By the rules from before the project's last change: they find an issue that none of the others knows, and are
    /// not attached.
    pub(crate) old_hashes: Vec<[u8; 16]>,
    /// The version of the rules.
    pub(crate) config: &'static str,
    /// What the hashes rest on.
    pub(crate) basis: &'static str,
    /// What makes its group like others, as numbers.
    pub(crate) pieces: Vec<u64>,
    pub(crate) tree: GroupingTree,
    pub(crate) kind: &'static str,
    /// JSON text.
    pub(crate) metadata: String,
    pub(crate) platform: String,
    pub(crate) logger: Option<String>,
    pub(crate) release: Option<String>,
    pub(crate) unhandled: bool,
    /// Identifies the affected user without naming them.
    pub(crate) user: Option<[u8; 16]>,
    pub(crate) tags: Vec<(String, String)>,
}

/// Why an event was grouped as it was, as JSON, under a number made of it.
#[derive(Debug)]
pub(crate) struct GroupingTree {
    pub(crate) id: i64,
    /// `None` where the day's file has it.
    pub(crate) json: Option<Vec<u8>>,
}

/// An item: what is kept of it, and what it tells.
#[derive(Debug)]
pub(crate) struct NewItem {
    pub(crate) seq: u64,
    pub(crate) project: ProjectId,
    pub(crate) event_id: Option<EventKey>,
    pub(crate) kind: String,
    pub(crate) received: Micros,
    /// What of it is counted as accepted: category and quantity.
    pub(crate) counts: Vec<(&'static str, i64)>,
    /// Came in one envelope with the event that it belongs to: a second copy of that event is a second copy of this.
    pub(crate) is_companion: bool,
    /// The item itself; `None` where its rows say everything.
    pub(crate) kept: Option<KeptItem>,
    pub(crate) rows: Rows,
    pub(crate) tells: Tells,
}

impl NewItem {
    /// Rows that one envelope may make; the place of a row among them is the low bits of its number.
    pub(crate) const PER_ENVELOPE: u64 = 1 << 10;
}

/// An item kept as it came.
#[derive(Debug)]
pub(crate) struct KeptItem {
    /// JSON text of the item header.
    pub(crate) header: String,
    pub(crate) size_bytes: usize,
    /// zstd of the payload.
    pub(crate) body: Vec<u8>,
}

/// What an item changes beyond its own day.
#[derive(Debug, Default)]
pub(crate) enum Tells {
    #[default]
    Nothing,
    Sessions(Vec<NewSession>),
    CheckIn(Box<NewCheckIn>),
    Replay(Box<NewReplay>),
}

/// What a write did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) events: usize,
    pub(crate) duplicates: usize,
    pub(crate) new_issues: usize,
}
