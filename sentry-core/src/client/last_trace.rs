//! What every event of a trace says about it, made once for all that follow one another.

use std::fmt;
use std::sync::Arc;

use super::{ActiveTrace, Client};
use crate::fork::ForkLock;
use crate::protocol::{Context, Map};
use crate::scope::PropagationContext;

/// The trace that a scope was last seen to belong to while no span was active.
#[derive(Default)]
pub(super) struct LastTrace(ForkLock<Option<Arc<Known>>>);

struct Known {
    trace: PropagationContext,
    context: Context,
    header: Option<Arc<Map>>,
}

impl Client {
    /// The object under `contexts.trace`.
    pub(super) fn trace_context(&self, trace: &ActiveTrace<'_>) -> Context {
        match trace {
            ActiveTrace::Propagation(propagation) => Arc::clone(&self.known(propagation, trace).context),
            ActiveTrace::Span(span) => span.context(),
        }
    }

    /// The header `trace` of an envelope.
    pub(super) fn trace_facts(&self, trace: &ActiveTrace<'_>) -> Option<Arc<Map>> {
        match trace {
            ActiveTrace::Propagation(propagation) => self.known(propagation, trace).header.clone(),
            ActiveTrace::Span(_) => self.dsc_of(trace).header(),
        }
    }

    fn known(&self, propagation: &PropagationContext, trace: &ActiveTrace<'_>) -> Arc<Known> {
        let last = &self.last_trace.0;
        if let Some(known) = last.with(|last| last.clone()).filter(|known| known.trace == *propagation) {
            return known;
        }
        let known = Arc::new(Known {
            trace: propagation.clone(),
            context: propagation.context(),
            header: self.dsc_of(trace).header(),
        });
        let next = Some(Arc::clone(&known));
        // What was there is freed outside of the lock.
        drop(last.with(|last| std::mem::replace(last, next)));
        known
    }
}

impl fmt::Debug for LastTrace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LastTrace").finish_non_exhaustive()
    }
}
