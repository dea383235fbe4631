//! Spans that wait for others of their trace (span buffer, published spec).

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Weak};
use std::time::Duration;

use crate::client::Due;
use crate::fork::{ForkLock, generation};
use crate::protocol::{Timestamp, TraceId};
use crate::tracing::{Dsc, Segment};

/// The most spans in one envelope.
pub(crate) const MAX_TOGETHER: u64 = 1000;
/// The most bytes in one envelope: what servers take as one item.
pub(crate) const MAX_ITEM_BYTES: usize = 1024 * 1024;
/// The most spans that wait, of all traces; beyond it the trace that has waited longest is given up as a whole.
const MAX_SPANS: u64 = 10_000;
/// The same in bytes.
const MAX_BYTES: usize = 16 * 1024 * 1024;
/// How long the first span of a trace waits for others.
const WAIT: Duration = Duration::from_secs(5);

/// The spans that wait, written already, by trace. A forked child starts with none: what its parent held is the
/// parent's to send.
#[derive(Debug, Default)]
pub(crate) struct SpanBuffer(ForkLock<Held>);

#[derive(Debug)]
struct Held {
    traces: BTreeMap<TraceId, Waiting>,
    spans: u64,
    bytes: usize,
    generation: u64,
}

/// The spans of one trace.
#[derive(Debug)]
struct Waiting {
    due: Timestamp,
    written: Written,
}

/// Spans of one trace, as the payload of one item without its frame.
pub(crate) struct Written {
    pub(crate) items: Vec<u8>,
    pub(crate) count: u64,
    dsc: Arc<Dsc>,
    segment: Weak<Segment>,
}

/// What came of adding a span.
#[derive(Debug, Default)]
pub(crate) struct Full {
    /// To be sent now: there was no more room in one envelope.
    pub(crate) sent: Option<Written>,
    /// How many spans of another trace were given up.
    pub(crate) lost: u64,
    /// When to come back.
    pub(crate) remind: Option<Timestamp>,
}

impl SpanBuffer {
    /// Adds a span, which may be as large as one item at most.
    pub(crate) fn push(&self, segment: &Arc<Segment>, span: &[u8], now: Timestamp) -> Full {
        let dsc = segment.dsc();
        let (full, stale) = self.0.with(|held| {
            let stale = held.leave_to_parent();
            (held.push(segment, dsc, span, now), stale)
        });
        std::mem::forget(stale);
        full
    }

    /// Takes out what is due, and says when the next is.
    pub(crate) fn take(&self, due: Due, now: Timestamp) -> (Vec<Written>, Option<Timestamp>) {
        let (taken, next, stale) = self.0.with(|held| {
            let stale = held.leave_to_parent();
            // A clock that was set back would else hold everything up for as long.
            let is_due = |waiting: &Waiting| due.includes(waiting.due) || waiting.due > now.after(WAIT);
            let ids: Vec<_> =
                held.traces.iter().filter(|(_, waiting)| is_due(waiting)).map(|(id, _)| *id).collect();
            let taken = ids.iter().filter_map(|id| held.remove(id)).collect();
            (taken, held.traces.values().map(|waiting| waiting.due).min(), stale)
        });
        std::mem::forget(stale);
        (taken, next)
    }

    /// Forgets everything.
    pub(crate) fn clear(&self) {
        drop(self.0.with(std::mem::take));
    }
}

impl Held {
    fn push(&mut self, segment: &Arc<Segment>, dsc: Arc<Dsc>, span: &[u8], now: Timestamp) -> Full {
        let mut full = Full::default();
        let id = segment.trace_id;
        let fits = |waiting: &Waiting| {
            let written = &waiting.written;
            written.count < MAX_TOGETHER && written.items.len() + span.len() + FRAME < MAX_ITEM_BYTES
        };
        if self.traces.get(&id).is_some_and(|waiting| !fits(waiting)) {
            full.sent = self.remove(&id);
        }
        while self.spans >= MAX_SPANS || self.bytes + span.len() > MAX_BYTES {
            let Some(oldest) = self.traces.iter().min_by_key(|(_, waiting)| waiting.due).map(|(id, _)| *id)
            else {
                break;
            };
            full.lost += self.remove(&oldest).map_or(0, |written| written.count);
        }
        if self.traces.is_empty() {
            full.remind = Some(now.after(WAIT));
        }
        let waiting = self.traces.entry(id).or_insert_with(|| Waiting {
            due: now.after(WAIT),
            written: Written {
                items: Vec::with_capacity(4 * span.len()),
                count: 0,
                dsc: Arc::default(),
                segment: Weak::new(),
            },
        });
        let written = &mut waiting.written;
        if written.count > 0 {
            written.items.push(b',');
        }
        written.items.extend_from_slice(span);
        written.count += 1;
        written.dsc = dsc;
        written.segment = Arc::downgrade(segment);
        self.spans += 1;
        self.bytes += span.len() + 1;
        full
    }

    fn remove(&mut self, id: &TraceId) -> Option<Written> {
        let waiting = self.traces.remove(id)?;
        self.spans = self.spans.saturating_sub(waiting.written.count);
        self.bytes = self.bytes.saturating_sub(waiting.written.items.len() + 1);
        Some(waiting.written)
    }

    /// Starts over in a forked child. What was held is to be leaked: it may be half written.
    fn leave_to_parent(&mut self) -> Option<BTreeMap<TraceId, Waiting>> {
        let stale = self.generation != generation();
        stale.then(|| std::mem::take(self).traces)
    }
}

impl Written {
    /// What is known about the trace: for good from now on, if its segment still goes on.
    pub(crate) fn dsc(&self) -> Arc<Dsc> {
        self.segment.upgrade().map_or_else(|| Arc::clone(&self.dsc), |segment| segment.freeze())
    }

    /// The payload of the item.
    pub(crate) fn into_payload(self) -> Vec<u8> {
        let mut payload = Vec::with_capacity(self.items.len() + FRAME);
        payload.extend_from_slice(b"{\"items\":[");
        payload.extend_from_slice(&self.items);
        payload.extend_from_slice(b"]}");
        payload
    }
}

/// Room for what stands around the spans.
const FRAME: usize = 16;

impl Default for Held {
    fn default() -> Self {
        Self { traces: BTreeMap::new(), spans: 0, bytes: 0, generation: generation() }
    }
}

impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Written")
            .field("count", &self.count)
            .field("bytes", &self.items.len())
            .finish_non_exhaustive()
    }
}
