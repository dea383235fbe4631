//! What hooks have dropped after they were waited for.

use napi_derive::napi;
use watchpost_bindings::guard;
use watchpost_core::{Category, DiscardReason, EventId};

use crate::client::NativeClient;

#[napi]
impl NativeClient {
    /// Counts an event, or a transaction with its spans, that a hook which was waited for has dropped: an event processor, or
    /// the hook that sees it last.
    #[napi]
    pub fn drop_deferred(&self, id: Option<String>, is_transaction: bool, by_processor: bool) {
        let category = if is_transaction { Category::Transaction } else { Category::Error };
        let reason = if by_processor { DiscardReason::EventProcessor } else { DiscardReason::BeforeSend };
        let id = id.as_deref().and_then(|id| id.parse::<EventId>().ok());
        guard(|| self.host.client().drop_deferred(id, category, reason));
    }
}
