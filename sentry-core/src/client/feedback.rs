//! Feedback: from a call to the transport.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::{Client, attachments, snapshot};
use crate::envelope::ItemType;
use crate::error::Result;
use crate::hook::{self, Hint};
use crate::pipeline::{self, Given, Outcome};
use crate::protocol::{Category, DiscardReason, Event, EventId, Feedback};
use crate::scope::Scopes;
use crate::text::Text;

impl Client {
    /// Sends what a user says, with what the scopes know. Durable when it returns. Processors and
    /// `before_send_feedback` see it; `before_send`, `ignore_errors` and the sampling rate do not concern it.
    ///
    /// # Errors
    /// When a field has a value that no server takes; the error names it. The feedback is then counted as `invalid`.
    pub fn capture_feedback(
        &self,
        feedback: Feedback,
        hint: &Hint,
        scopes: Scopes<'_>,
    ) -> Result<Option<EventId>> {
        if !self.is_enabled() {
            return Ok(None);
        }
        if hook::in_hook() {
            self.options.diagnostics().say(|| "a hook tried to send feedback; that is refused".to_owned());
            return Ok(self.drop_one(DiscardReason::BeforeSend, Category::Feedback));
        }
        let event = match feedback.into_event() {
            Ok(event) => event,
            Err(error) => {
                self.drop_one(DiscardReason::Invalid, Category::Feedback);
                return Err(error);
            }
        };
        let sent = catch_unwind(AssertUnwindSafe(|| self.send_feedback(event, hint, scopes)));
        Ok(sent.unwrap_or_else(|panic| {
            let say = || format!("capturing feedback failed: {}", hook::panic_text(&*panic));
            self.options.diagnostics().say(say);
            self.drop_one(DiscardReason::InternalSdkError, Category::Feedback)
        }))
    }

    fn send_feedback(&self, mut event: Event, hint: &Hint, scopes: Scopes<'_>) -> Option<EventId> {
        let transport = self.transport.as_ref()?;
        event.event_id = Some(EventId::random(&*self.rng));
        event.timestamp = Some(self.clock.now());
        let trace = self.active_trace(scopes);
        event.contexts.insert(Text::from_static("trace"), trace.context());
        let layers = snapshot(scopes);
        match pipeline::run_feedback(
            Box::new(event),
            Given { options: &self.options, layers: &layers, hint, prepared: None },
        ) {
            Outcome::Send(event) => {
                let files = attachments::of_event(&layers, hint);
                self.send_as(ItemType::Feedback, event, Some(&trace), &files, transport)
            }
            Outcome::Drop(reason) => self.drop_one(reason, Category::Feedback),
            Outcome::Deferred => self.drop_one(DiscardReason::BeforeSend, Category::Feedback),
        }
    }
}
