//! Which trace the work belongs to.

use std::sync::Arc;

use crate::protocol::{Context, Map, SpanId, TraceId};
use crate::rng::Rng;
use crate::tracing::{Dsc, SampleRand};

/// The trace that every event of a scope belongs to, with tracing on or off (trace propagation, published spec 1.9.0).
#[derive(Debug, Clone, PartialEq)]
pub struct PropagationContext {
    pub(crate) trace_id: TraceId,
    /// What events carry while no span is active.
    pub(crate) span_id: SpanId,
    /// The span of the service that sent us the trace.
    pub(crate) parent_span_id: Option<SpanId>,
    /// What that service decided.
    pub(crate) parent_sampled: Option<bool>,
    pub(crate) sample_rand: SampleRand,
    /// What that service said about the trace: frozen, even if empty.
    pub(crate) dsc: Option<Arc<Dsc>>,
    /// True if transactions that start in the scope belong to this trace; else each starts its own.
    pub(crate) shared: bool,
}

impl PropagationContext {
    /// A trace that starts here; events belong to it, transactions start their own.
    pub fn random(rng: &dyn Rng) -> Self {
        let trace_id = TraceId::random(rng);
        Self {
            trace_id,
            span_id: SpanId::random(rng),
            parent_span_id: None,
            parent_sampled: None,
            sample_rand: SampleRand::of(trace_id),
            dsc: None,
            shared: false,
        }
    }

    /// A trace that starts here, for one piece of work: its events and its transactions belong to it.
    pub fn shared(rng: &dyn Rng) -> Self {
        Self { shared: true, ..Self::random(rng) }
    }

    /// A trace of another system, which decides nothing for ours; `parent` is the span that it comes from.
    pub fn of_trace(trace_id: TraceId, parent: Option<SpanId>, rng: &dyn Rng) -> Self {
        let sample_rand = SampleRand::of(trace_id);
        Self { trace_id, parent_span_id: parent, sample_rand, ..Self::shared(rng) }
    }

    /// The trace.
    pub fn trace_id(&self) -> TraceId {
        self.trace_id
    }

    /// What stands in for a span while there is none.
    pub fn span_id(&self) -> SpanId {
        self.span_id
    }

    /// The trace id as hex digits.
    pub fn trace_hex(&self) -> String {
        self.trace_id.to_string()
    }

    /// The object under `contexts.trace`.
    pub(crate) fn context(&self) -> Context {
        let mut map = Map::new();
        map.insert("trace_id".into(), self.trace_hex().into());
        map.insert("span_id".into(), self.span_id.to_string().into());
        if let Some(parent) = self.parent_span_id {
            map.insert("parent_span_id".into(), parent.to_string().into());
        }
        Arc::new(map)
    }
}
