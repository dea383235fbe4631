//! Attachments: from scopes and hints into the envelope.

use super::Client;
use crate::attachment::{Attachment, Left};
use crate::envelope::Item;
use crate::hook::Hint;
use crate::protocol::{Category, DiscardReason};
use crate::scope::Layers;

/// What an envelope takes at most, in bytes. Attachments are the first to be given up for it: an event alone is always far
/// smaller. Two attachments of the largest size that is let through by default, nearly.
const MAX_ENVELOPE_BYTES: u64 = 40 * 1024 * 1024;

/// What goes with an event: the global, the isolation and the current scope's, then the hint's.
pub(super) fn of_event(layers: &Layers, hint: &Hint) -> Vec<Attachment> {
    layers.attachments().chain(hint.attachments()).cloned().chain(hint.added()).collect()
}

/// The same for a transaction: only what asks for it.
pub(super) fn of_transaction(layers: &Layers) -> Vec<Attachment> {
    layers.attachments().filter(|attachment| attachment.goes_with_transactions()).cloned().collect()
}

impl Client {
    /// Reads attachments, now, into an envelope that has `beside` bytes already. What stays behind, because it is too
    /// large or what came before it left no room, is said and counted, in bytes where they are known.
    pub(super) fn read_attachments(&self, attachments: &[Attachment], beside: usize) -> Vec<Item> {
        let max = self.options.max_attachment_size();
        let mut room = MAX_ENVELOPE_BYTES.saturating_sub(beside as u64);
        let read = |attachment: &Attachment| match attachment.to_item(max.min(room)) {
            Ok(item) => {
                room -= item.payload.len() as u64;
                Some(item)
            }
            Err(left) => {
                let (reason, quantity, why) = match left {
                    Left::TooLarge(bytes) if bytes > max => {
                        (DiscardReason::Invalid, bytes, format!("it has {bytes} bytes, {max} are allowed"))
                    }
                    Left::TooLarge(bytes) => {
                        let why = format!("it has {bytes} bytes, the envelope has room for {room}");
                        (DiscardReason::Invalid, bytes, why)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClientOptions;
    use crate::protocol::Timestamp;
    use crate::testing::TestClient;

    #[test]
    fn a_hook_adds_to_its_hint() {
        let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
        let options = options.with_before_send(|event, hint: &Hint| {
            hint.add_attachment(Attachment::from_bytes("hook.txt", b"hook".to_vec()));
            Some(event)
        });
        let test = TestClient::new(options, Timestamp::default(), 1);
        let scope = crate::scope::SharedScope::new();
        let scopes = crate::scope::Scopes { global: &scope, isolation: &scope, current: &scope };
        let hint = Hint::default().with_attachment(Attachment::from_bytes("own.txt", b"own".to_vec()));
        test.client.capture_event(crate::protocol::Event::default(), &hint, scopes);
        let sent = test.transport.take();
        let names: Vec<_> = sent[0].items.iter().filter_map(|item| item.header.filename.as_deref()).collect();
        assert_eq!(names, ["own.txt", "hook.txt"]);
        Hint::none().add_attachment(Attachment::from_bytes("x", b"x".to_vec()));
        assert!(Hint::none().added().is_empty());
    }

    #[test]
    fn together_they_are_bounded_and_what_comes_first_goes() {
        let test = TestClient::new(ClientOptions::new(), Timestamp::default(), 1);
        let files = [40, 70, 60].map(|size| Attachment::from_bytes(&size.to_string(), vec![0; size]));
        let beside = usize::try_from(MAX_ENVELOPE_BYTES).unwrap() - 100;
        let items = test.client.read_attachments(&files, beside);
        let sizes: Vec<usize> = items.iter().map(|item| item.payload.len()).collect();
        assert_eq!(sizes, [40, 60]);
        let report = test.client.reports().take(Timestamp::default()).unwrap();
        let lost = &report.discarded_events[0];
        assert_eq!(
            (lost.reason, lost.category, lost.quantity),
            (DiscardReason::Invalid, Category::Attachment, 70)
        );
    }
}
