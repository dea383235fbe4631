//! What an event means for the session that it happened in.

use super::aggregates::Health;
use crate::protocol::{Event, Level};

/// Whether an event is looked at for the sake of a session at all.
#[derive(Debug, Clone)]
pub(crate) enum Counting {
    /// A captured event or exception.
    Event,
    /// What counts for no session: what `capture_message` made, whatever its level.
    Nothing,
    /// A report about another process: this is that process's session.
    Elsewhere(Option<Box<crate::protocol::SessionUpdate>>),
}

impl Counting {
    /// What is to be said of another process.
    pub(crate) fn elsewhere(self) -> Option<crate::protocol::SessionUpdate> {
        match self {
            Self::Elsewhere(update) => update.map(|update| *update),
            Self::Event | Self::Nothing => None,
        }
    }
}

/// Exceptions count, and events of level error and above; one that nobody handled is a crash (sessions, published
/// spec).
pub(crate) fn of_event(event: &Event) -> Health {
    let unhandled = |mechanism: &crate::protocol::Mechanism| mechanism.handled == Some(false);
    if event.exception.iter().any(|exception| exception.mechanism.as_ref().is_some_and(unhandled)) {
        Health::Crashed
    } else if !event.exception.is_empty() || matches!(event.level, Some(Level::Error | Level::Fatal)) {
        Health::Errored
    } else {
        Health::Healthy
    }
}
