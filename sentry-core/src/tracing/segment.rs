//! What the spans of one transaction share.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock, Weak};

use crate::client::Client;
use crate::fork::ForkLock;
use crate::protocol::{
    Category, Context, DiscardReason, Measurement, Measurements, SpanId, SpanPayload, TraceId,
    TransactionSource,
};
use crate::scope::SharedScope;
use crate::text::Text;
use crate::tracing::span::Recorded;
use crate::tracing::{Dsc, SampleRand};

/// A sampled transaction: from its start until its root ends it collects the spans that have ended.
pub(crate) struct Segment {
    pub(crate) client: Arc<Client>,
    /// Global, isolation and current scope of the start, without spans.
    pub(crate) scopes: [SharedScope; 3],
    pub(crate) trace_id: TraceId,
    pub(crate) root: SpanId,
    pub(crate) rate: Option<f64>,
    pub(crate) rand: SampleRand,
    /// The span that it starts with; set before anybody sees it.
    pub(crate) top: OnceLock<Weak<Recorded>>,
    state: ForkLock<State>,
}

#[derive(Default)]
struct State {
    name: Text,
    source: Option<TransactionSource>,
    /// True once somebody has given it another name.
    renamed: bool,
    measurements: Measurements,
    contexts: Contexts,
    spans: Vec<SpanPayload>,
    started: usize,
    frozen: Option<Arc<Dsc>>,
    /// True until the root ends.
    open: bool,
}

type Contexts = BTreeMap<Text, Context>;

/// What a transaction is made of when its root ends.
pub(crate) struct Closed {
    pub(crate) name: Text,
    pub(crate) source: TransactionSource,
    pub(crate) measurements: Measurements,
    pub(crate) contexts: Contexts,
    pub(crate) spans: Vec<SpanPayload>,
    /// How many children were left out because there were too many.
    pub(crate) surplus: usize,
}

impl Segment {
    pub(crate) fn new(
        client: Arc<Client>,
        scopes: [SharedScope; 3],
        (trace_id, root): (TraceId, SpanId),
        (rate, rand): (Option<f64>, SampleRand),
        name: Text,
        source: TransactionSource,
        incoming: Option<Arc<Dsc>>,
    ) -> Self {
        let name = name.shared();
        let state = State { name, source: Some(source), frozen: incoming, open: true, ..State::default() };
        Self { client, scopes, trace_id, root, rate, rand, top: OnceLock::new(), state: ForkLock::new(state) }
    }

    pub(crate) fn name(&self) -> Text {
        self.state.with(|state| state.name.clone())
    }

    pub(crate) fn name_and_source(&self) -> (Text, Option<TransactionSource>) {
        self.state.with(|state| (state.name.clone(), state.source))
    }

    pub(crate) fn set_name(&self, name: Option<Text>, source: Option<TransactionSource>) {
        let name = name.map(Text::shared);
        let old = self.state.with(|state| {
            if let Some(source) = source {
                state.source = Some(source);
            }
            state.renamed |= name.is_some();
            name.map(|name| std::mem::replace(&mut state.name, name))
        });
        drop(old);
    }

    /// Renames it where its name is still the bare address that it began with.
    pub(crate) fn set_found_name(&self, name: Text, source: TransactionSource) {
        let name = name.shared();
        let old = self.state.with(|state| {
            let bare = state.source == Some(TransactionSource::Url) && !state.renamed;
            state.source = if bare { Some(source) } else { state.source };
            bare.then(|| std::mem::replace(&mut state.name, name))
        });
        drop(old);
    }

    pub(crate) fn set_measurement(&self, name: Text, measurement: Measurement) {
        self.state.with(|state| {
            if state.open {
                state.measurements.insert(name, measurement);
            }
        });
    }

    pub(crate) fn set_context(&self, key: Text, value: Context) {
        let old = self.state.with(|state| if state.open { state.contexts.insert(key, value) } else { None });
        drop(old);
    }

    pub(crate) fn take_measurements(&self) -> Measurements {
        self.state.with(|state| std::mem::take(&mut state.measurements))
    }

    /// Makes room for one more span; false if there is none, and then the span is counted.
    pub(crate) fn admit(&self) -> bool {
        let tracing = self.client.options().tracing();
        let max = if tracing.is_stream() { usize::MAX } else { tracing.max_spans() };
        let admitted = self.state.with(|state| {
            state.started += 1;
            state.started <= max
        });
        if !admitted {
            self.client.reports().record(DiscardReason::BufferOverflow, Category::Span, 1);
        }
        admitted
    }

    /// Takes a span that has ended. One that outlives its transaction has nowhere to go, and is counted.
    pub(crate) fn push(&self, span: SpanPayload) {
        let late = self.state.with(|state| {
            if !state.open {
                return Some(span);
            }
            if state.spans.capacity() == 0 {
                state.spans.reserve(16);
            }
            state.spans.push(span);
            None
        });
        if late.is_some() {
            self.client.reports().record(DiscardReason::InsufficientData, Category::Span, 1);
        }
    }

    /// Ends the collecting.
    pub(crate) fn close(&self) -> Closed {
        let max = self.client.options().tracing().max_spans();
        self.state.with(|state| {
            state.open = false;
            Closed {
                name: state.name.clone(),
                source: state.source.unwrap_or(TransactionSource::Custom),
                measurements: std::mem::take(&mut state.measurements),
                contexts: std::mem::take(&mut state.contexts),
                spans: std::mem::take(&mut state.spans),
                surplus: state.started.saturating_sub(max),
            }
        })
    }

    /// What is said about the trace now; for good, if it was said outside before.
    pub(crate) fn dsc(&self) -> Arc<Dsc> {
        let (frozen, name, source) =
            self.state.with(|state| (state.frozen.clone(), state.name.clone(), state.source));
        frozen.unwrap_or_else(|| {
            let low = source.is_some_and(TransactionSource::is_low_cardinality);
            let decision = Some((true, self.rate));
            Arc::new(self.client.own_dsc(self.trace_id, Some(self.rand), decision, low.then_some(&name)))
        })
    }

    /// The same, and for good from now on: it is about to leave the process.
    pub(crate) fn freeze(&self) -> Arc<Dsc> {
        let dsc = self.dsc();
        self.state.with(|state| Arc::clone(state.frozen.get_or_insert(dsc)))
    }
}

impl fmt::Debug for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Segment")
            .field("trace_id", &self.trace_id)
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}
