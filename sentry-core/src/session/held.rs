//! Events whose hook answers later.

use std::collections::VecDeque;

use super::{Counting, RequestState};
use crate::protocol::EventId;

/// How many may wait; beyond that the oldest is taken for forgotten.
const MAX: usize = 1000;

/// What is decided about an event before its hook has answered.
#[derive(Debug)]
pub(crate) struct Held {
    /// The sampling draw.
    pub(crate) is_kept: bool,
    /// For whom it counts.
    pub(crate) counting: Counting,
    /// The request that it happened in.
    pub(crate) request: Option<RequestState>,
}

impl Default for Held {
    fn default() -> Self {
        Self { is_kept: true, counting: Counting::Nothing, request: None }
    }
}

/// Decisions by event, the oldest first.
#[derive(Debug, Default)]
pub(super) struct HeldBack(VecDeque<(EventId, Held)>);

impl HeldBack {
    pub(super) fn put(&mut self, event: EventId, held: Held) {
        if self.0.len() >= MAX {
            self.0.pop_front();
        }
        self.0.push_back((event, held));
    }

    pub(super) fn take(&mut self, event: EventId) -> Option<Held> {
        let at = self.0.iter().position(|(id, _)| *id == event)?;
        self.0.remove(at).map(|(_, held)| held)
    }
}
