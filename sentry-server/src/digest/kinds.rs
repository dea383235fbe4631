//! What events and items are to the digest.

use watchpost_core::{Category, ItemType};

use crate::normalize::EventKind;

/// What an event counts as.
pub(super) fn category_of(kind: EventKind) -> Category {
    match kind {
        EventKind::Transaction => Category::Transaction,
        EventKind::Feedback => Category::Feedback,
        EventKind::Csp => Category::Security,
        EventKind::Error | EventKind::Default => Category::Error,
    }
}

pub(super) fn is_event(item: &ItemType) -> bool {
    matches!(item, ItemType::Event | ItemType::Transaction | ItemType::Feedback)
}

/// Whether an item belongs to the event beside it.
pub(super) fn is_companion(item: &ItemType) -> bool {
    matches!(item, ItemType::Attachment | ItemType::Profile | ItemType::FormData)
}
