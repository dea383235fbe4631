//! Check-ins: from a call to the transport.

use super::Client;
use crate::envelope::{Envelope, EnvelopeHeader, Item, ItemType};
use crate::error::{Error, Result};
use crate::hook::{self, Verdict};
use crate::protocol::{Category, CheckIn, DiscardReason, EventId};
use crate::scope::Scopes;
use crate::text::Text;

/// The largest check-in that servers take, in bytes (size limits, published envelope spec).
const MAX_BYTES: usize = 100 * 1024;

impl Client {
    /// Reports how far a scheduled job is. Durable when it returns. Its id, to be given to the check-in that ends the
    /// run; `None` if it was dropped. Neither `before_send` nor the sampling rate concern it.
    ///
    /// # Errors
    /// When a field has a value that no server takes; the error names it. The check-in is then counted as `invalid`.
    pub fn capture_check_in(&self, mut check_in: CheckIn, scopes: Scopes<'_>) -> Result<Option<EventId>> {
        let Some(transport) = self.transport.as_ref().filter(|_| self.is_enabled()) else { return Ok(None) };
        if hook::in_hook() {
            self.options.diagnostics().say(|| "a hook tried to check in; that is refused".to_owned());
            return Ok(self.drop_one(DiscardReason::BeforeSend, Category::Monitor));
        }
        if let Err(error) = check_in.check() {
            self.drop_one(DiscardReason::Invalid, Category::Monitor);
            return Err(error);
        }
        check_in.check_in_id.get_or_insert_with(|| EventId::random(&*self.rng));
        if check_in.release.is_none() {
            check_in.release = self.options.release().cloned();
        }
        check_in.environment.get_or_insert_with(|| self.options.environment().clone());
        let trace = self.active_trace(scopes);
        check_in.contexts.entry(Text::from_static("trace")).or_insert_with(|| trace.context());
        if let Some(before) = self.options.before_send_check_in() {
            let verdict =
                hook::filter("before_send_check_in", self.options.diagnostics(), || before(check_in));
            let Verdict::Keep(kept) = verdict else {
                return Ok(self.drop_one(DiscardReason::BeforeSend, Category::Monitor));
            };
            check_in = kept;
        }
        let id = *check_in.check_in_id.get_or_insert_with(|| EventId::random(&*self.rng));
        let payload = serde_json::to_vec(&check_in).unwrap_or_default();
        if payload.is_empty() || payload.len() > MAX_BYTES {
            self.drop_one(DiscardReason::Invalid, Category::Monitor);
            let text = format!("it takes {} bytes; {MAX_BYTES} are allowed", payload.len());
            return Err(Error::payload("check_in", text));
        }
        let header = EnvelopeHeader {
            sdk: Some(self.options.sdk_now()),
            trace: self.dsc_of(&trace).header(),
            ..EnvelopeHeader::default()
        };
        transport.send(Envelope { header, items: vec![Item::new(ItemType::CheckIn, payload)] });
        Ok(Some(id))
    }

    /// Counts one lost item; the answer of a capture that dropped it.
    pub(super) fn drop_one(&self, reason: DiscardReason, category: Category) -> Option<EventId> {
        self.reports.record(reason, category, 1);
        None
    }
}
