//! Events and transactions whose hooks answer later.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Client, Outgoing};
use crate::attachment::Attachment;
use crate::fork::ForkLock;
use crate::hook::Hint;
use crate::protocol::{Category, DiscardReason, Event, EventId, Map};

/// The attachments of so many are remembered; those of the ones before stay behind.
const MOST_WITH_FILES: usize = 64;
/// So many transactions are remembered; those before are sent without the facts about their trace.
const MOST_TRANSACTIONS: usize = 1000;

/// What is kept here while the host has the event itself.
#[derive(Debug, Default)]
pub(super) struct Deferred {
    files: ForkLock<VecDeque<(EventId, Vec<Attachment>)>>,
    transactions: ForkLock<VecDeque<(EventId, Waiting)>>,
}

/// What has to be known of a transaction when its hook has answered.
#[derive(Debug, Default)]
pub(super) struct Waiting {
    /// The `trace` of its envelope.
    pub(super) header: Option<Arc<Map>>,
    /// How many spans the hook has been given; none where that is not known any more.
    pub(super) spans: Option<usize>,
}

impl Deferred {
    pub(super) fn keep_files(&self, id: EventId, files: Vec<Attachment>) {
        if !files.is_empty() {
            keep(&self.files, MOST_WITH_FILES, id, files);
        }
    }

    pub(super) fn keep_transaction(&self, id: EventId, waiting: Waiting) {
        keep(&self.transactions, MOST_TRANSACTIONS, id, waiting);
    }
}

fn keep<T>(list: &ForkLock<VecDeque<(EventId, T)>>, most: usize, id: EventId, item: T) {
    let surplus = list.with(|kept| {
        kept.push_back((id, item));
        if kept.len() > most { kept.pop_front() } else { None }
    });
    // It may have much to free, which is done without the lock.
    drop(surplus);
}

fn take<T: Default>(list: &ForkLock<VecDeque<(EventId, T)>>, id: Option<EventId>) -> T {
    let found = list.with(|kept| {
        let at = kept.iter().position(|(known, _)| Some(*known) == id)?;
        kept.remove(at)
    });
    found.map(|(_, item)| item).unwrap_or_default()
}

impl Client {
    /// Sends what has come of an event or a transaction that was [deferred](crate::HookFailure::deferred), after every hook that
    /// was still to see it; the host has called them.
    pub fn resume_event(&self, event: Event) -> Option<EventId> {
        let transport = self.transport.as_ref().filter(|_| self.is_enabled())?;
        let id = event.event_id;
        let files = take(&self.deferred.files, id);
        if event.is_transaction() {
            let waiting = take(&self.deferred.transactions, id);
            let spans = event.spans.len();
            let sent = catch_unwind(AssertUnwindSafe(|| {
                let mut event = Box::new(event);
                let gone = waiting.spans.unwrap_or_default().saturating_sub(spans);
                self.reports.record(DiscardReason::BeforeSend, Category::Span, gone as u64);
                self.options.scrubber().event(&mut event);
                self.send_finished(event, None, waiting.header, &files, transport);
            }));
            if sent.is_err() {
                self.count_transaction(DiscardReason::InternalSdkError, spans);
            }
            return id;
        }
        let sent = catch_unwind(AssertUnwindSafe(|| {
            let held = self.sessions.take_held(id).unwrap_or_default();
            let outgoing = Outgoing { event: Box::new(event), prepared: None, trace: None, files: &files };
            self.conclude(outgoing, &Hint::default(), held, transport)
        }));
        sent.unwrap_or_else(|_| self.drop_error(DiscardReason::InternalSdkError))
    }

    /// Counts what a hook that answers later has dropped: the event, or the transaction with its spans, that had this id when it
    /// was deferred. What is to be said about the session is said.
    pub fn drop_deferred(&self, id: Option<EventId>, category: Category, reason: DiscardReason) {
        drop(take(&self.deferred.files, id));
        if category == Category::Transaction {
            let waiting = take(&self.deferred.transactions, id);
            self.count_transaction(reason, waiting.spans.unwrap_or_default());
            return;
        }
        if let Some(held) = self.sessions.take_held(id) {
            self.sessions.send_update(held.counting.elsewhere());
        }
        self.reports.record(reason, category, 1);
    }
}
