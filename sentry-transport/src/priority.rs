//! What is sent first, and what is never sent twice.

use watchpost_core::{Envelope, ItemReader, ItemType};
use watchpost_spool::Lane;

/// How urgent an envelope is, the most urgent first: its most urgent item decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Priority {
    /// Errors and feedback: what a person waits for.
    Critical,
    /// Sessions and check-ins: what cannot be made again.
    High,
    /// Transactions, client reports, and what has no rank of its own.
    Medium,
    /// Logs and metrics.
    Low,
}

impl Priority {
    pub(crate) const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// The lane of the spool that it waits in.
    pub(crate) fn lane(self) -> Lane {
        match self {
            Self::Critical | Self::High => Lane::Urgent,
            Self::Medium | Self::Low => Lane::Bulk,
        }
    }

    /// False for what may wait a moment, to be sent with what comes after it.
    pub(crate) fn is_urgent(self) -> bool {
        self.lane() == Lane::Urgent
    }

    pub(crate) fn index(self) -> usize {
        self as usize
    }

    pub(crate) fn of(envelope: &Envelope) -> Self {
        let items = envelope.items.iter().map(|item| Self::of_item(&item.header.item_type));
        items.min().unwrap_or(Self::Medium)
    }

    fn of_item(item_type: &ItemType) -> Self {
        match item_type {
            ItemType::Event | ItemType::Feedback | ItemType::UserReport | ItemType::UnrealReport => {
                Self::Critical
            }
            ItemType::Session | ItemType::Sessions | ItemType::CheckIn => Self::High,
            ItemType::Log | ItemType::TraceMetric => Self::Low,
            _ => Self::Medium,
        }
    }
}

/// What the worker has to know about a stored envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Manner {
    pub(crate) priority: Priority,
    /// True if the server could not recognise it as sent twice: logs, metrics, session aggregates and client reports
    /// have no id. They are acknowledged before they are sent.
    pub(crate) at_most_once: bool,
}

impl Manner {
    /// Reads the item headers. Bytes that are no envelope are sent last, for the server to refuse.
    pub(crate) fn of(envelope: &[u8]) -> Self {
        let mut priority = None;
        let mut at_most_once = true;
        let mut items = ItemReader::new(envelope);
        while let Ok(Some((item_type, _))) = items.next_item() {
            let own = Priority::of_item(&item_type);
            priority = Some(priority.map_or(own, |before: Priority| before.min(own)));
            at_most_once &= matches!(
                item_type,
                ItemType::Log | ItemType::TraceMetric | ItemType::Sessions | ItemType::ClientReport
            );
        }
        Self { priority: priority.unwrap_or(Priority::Low), at_most_once: at_most_once && priority.is_some() }
    }
}

#[cfg(test)]
mod tests {
    use watchpost_core::Item;

    use super::*;

    fn manner(types: &[ItemType]) -> Manner {
        let mut envelope = Envelope::default();
        envelope.items.extend(types.iter().map(|kind| Item::new(kind.clone(), b"{}".to_vec())));
        let mut bytes = Vec::new();
        envelope.encode(&mut bytes);
        let manner = Manner::of(&bytes);
        assert_eq!(manner.priority, Priority::of(&envelope), "the same before and after encoding");
        manner
    }

    #[test]
    fn the_most_urgent_item_decides() {
        use ItemType as Type;
        use Priority::{Critical, High, Low, Medium};
        for (types, priority, at_most_once) in [
            (&[Type::Event, Type::Attachment, Type::Session][..], Critical, false),
            (&[Type::Feedback], Critical, false),
            (&[Type::Session], High, false),
            (&[Type::CheckIn], High, false),
            (&[Type::Sessions], High, true),
            (&[Type::Transaction], Medium, false),
            (&[Type::ClientReport], Medium, true),
            (&[Type::Span], Medium, false),
            (&[Type::Log], Low, true),
            (&[Type::TraceMetric, Type::ClientReport], Medium, true),
            (&[Type::Session, Type::Log], High, false),
        ] {
            assert_eq!(manner(types), Manner { priority, at_most_once }, "{types:?}");
        }
        assert_eq!(Manner::of(b"\xff"), Manner { priority: Low, at_most_once: false });
    }
}
