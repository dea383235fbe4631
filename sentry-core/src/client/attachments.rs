//! Attachments: from scopes and hints into the envelope.

use std::collections::VecDeque;

use super::Client;
use crate::attachment::{Attachment, Left};
use crate::envelope::Item;
use crate::fork::ForkLock;
use crate::hook::Hint;
use crate::protocol::{Category, DiscardReason, EventId};
use crate::scope::Layers;

/// The attachments of events whose `before_send` answers later.
#[derive(Debug, Default)]
pub(super) struct Deferred(ForkLock<VecDeque<(EventId, Vec<Attachment>)>>);

/// So many such events are remembered; those of the oldest stay behind.
const MAX_DEFERRED: usize = 64;

impl Deferred {
    pub(super) fn keep(&self, id: EventId, attachments: Vec<Attachment>) {
        if attachments.is_empty() {
            return;
        }
        let surplus = self.0.with(|kept| {
            kept.push_back((id, attachments));
            if kept.len() > MAX_DEFERRED { kept.pop_front() } else { None }
        });
        drop(surplus);
    }

    pub(super) fn take(&self, id: EventId) -> Vec<Attachment> {
        let found = self.0.with(|kept| {
            let at = kept.iter().position(|(known, _)| *known == id)?;
            kept.remove(at)
        });
        found.map(|(_, attachments)| attachments).unwrap_or_default()
    }
}

/// What goes with an event: the global, the isolation and the current scope's, then the hint's.
pub(super) fn of_event(layers: &Layers, hint: &Hint) -> Vec<Attachment> {
    layers.attachments().chain(hint.attachments()).cloned().collect()
}

/// The same for a transaction: only what asks for it.
pub(super) fn of_transaction(layers: &Layers) -> Vec<Attachment> {
    layers.attachments().filter(|attachment| attachment.goes_with_transactions()).cloned().collect()
}

impl Client {
    /// Reads attachments, now. What stays behind is said and counted, in bytes where they are known.
    pub(super) fn read_attachments(&self, attachments: &[Attachment]) -> Vec<Item> {
        let max = self.options.max_attachment_size();
        let read = |attachment: &Attachment| match attachment.to_item(max) {
            Ok(item) => Some(item),
            Err(left) => {
                let (reason, quantity, why) = match left {
                    Left::TooLarge(bytes) => {
                        (DiscardReason::Invalid, bytes, format!("it has {bytes} bytes, {max} are allowed"))
                    }
                    Left::Unreadable(why) => (DiscardReason::InternalSdkError, 1, why),
                };
                let name = attachment.filename();
                self.options.diagnostics().say(|| format!("the attachment {name} stays behind: {why}"));
                self.reports.record(reason, Category::Attachment, quantity);
                None
            }
        };
        attachments.iter().filter_map(read).collect()
    }
}
