//! Requests as sessions.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::aggregates::{Health, MAX_BUCKETS};
use super::{RequestSession, Sessions};
use crate::envelope::{Item, ItemType};
use crate::protocol::{SessionAggregates, SessionAttributes, Timestamp};
use crate::scope::SharedScope;
use crate::text::Text;

impl Sessions {
    /// From now on requests are the sessions. The run is none, unless the server already knows of it.
    pub(crate) fn by_request(&self) {
        // Every request says so: only the first takes the lock.
        if self.by_request.load(Ordering::Relaxed) {
            return;
        }
        let dropped = self.with(|state| {
            self.by_request.store(true, Ordering::Relaxed);
            state.live.take_if(|live| live.sent == 0).is_some()
        });
        if dropped {
            self.note();
        }
    }

    /// Begins the session of a request.
    pub(crate) fn request(
        self: &Arc<Self>,
        isolation: &SharedScope,
        started: Timestamp,
    ) -> Option<RequestSession> {
        if !self.counts_requests() {
            return None;
        }
        self.by_request();
        Some(RequestSession::new(Arc::clone(self), isolation.clone(), started))
    }

    /// True if requests are counted at all.
    pub(crate) fn counts_requests(&self) -> bool {
        self.options.release().is_some() && self.options.auto_session_tracking()
    }

    /// Counts a request that ended.
    pub(crate) fn count_request(&self, started: Timestamp, did: Option<Text>, health: Health) {
        // The client may have come while the request was under way.
        self.by_request();
        let now = self.clock.now();
        let (due, full) = self.with(|state| {
            let due = state.aggregates.record(started, did, health, now);
            (due, state.aggregates.is_full())
        });
        if full {
            self.send_aggregates();
        } else if let Some(due) = due {
            self.remind(due);
        }
    }

    /// Sends all counts, in items that are not too large.
    pub(super) fn send_aggregates(&self) {
        let Some(release) = self.options.release() else { return };
        let mut buckets = self.with(|state| state.aggregates.take());
        while !buckets.is_empty() {
            let rest = buckets.split_off(buckets.len().min(MAX_BUCKETS));
            let attrs = SessionAttributes {
                release: release.clone(),
                environment: Some(self.options.environment().clone()),
                ip_address: None,
            };
            let payload = serde_json::to_vec(&SessionAggregates { aggregates: buckets, attrs });
            if let Ok(payload) = payload {
                self.send(Item::new(ItemType::Sessions, payload));
            }
            buckets = rest;
        }
    }
}
