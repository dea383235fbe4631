//! Whether a trace that starts here is sent.

use std::sync::Arc;

use crate::backpressure::Backpressure;
use crate::hook::{self, HookFailure};
use crate::options::ClientOptions;
use crate::protocol::{Data, DiscardReason, Map, TransactionSource};
use crate::tracing::SampleRand;

/// The application's own rate for a transaction, from 0 to 1. Called on the thread that starts it, with no lock held.
/// An error, a panic or a number outside that range counts as if there were no sampler.
pub type TracesSampler = Arc<dyn Fn(&SamplingContext<'_>) -> Result<f64, HookFailure> + Send + Sync>;

/// What a [`TracesSampler`] may decide by (sampling, published traces spec).
#[derive(Debug, Clone, Copy)]
pub struct SamplingContext<'a> {
    /// The transaction's name.
    pub name: &'a str,
    /// Its operation.
    pub op: &'a str,
    /// What the name was made of.
    pub source: TransactionSource,
    /// What the service that sent us the trace decided; `None` if none did, or if it left that open.
    pub parent_sampled: Option<bool>,
    /// The rate at which that service decided. To answer with it keeps traces whole and counts right.
    pub parent_sample_rate: Option<f64>,
    /// What the caller gave for this purpose alone.
    pub custom: &'a Map,
    /// The attributes that the transaction starts with.
    pub attributes: &'a Data,
}

/// The decision about a trace and how it came about.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Decision {
    pub(crate) sampled: bool,
    /// `sample_rand < rate` exactly if sampled; `None` where an upstream decision was taken over without its rate.
    pub(crate) rate: Option<f64>,
    /// Why it is not sampled.
    pub(crate) reason: DiscardReason,
}

impl Decision {
    /// What an `ignore_spans` rule means for a whole transaction.
    pub(crate) fn ignored() -> Self {
        Self { sampled: false, rate: Some(0.0), reason: DiscardReason::Ignored }
    }
}

/// Explicit argument > `traces_sampler` > the parent's decision > `traces_sample_rate`. `None` with tracing off.
pub(crate) fn decide(
    explicit: Option<bool>,
    context: &SamplingContext<'_>,
    rand: SampleRand,
    options: &ClientOptions,
    backpressure: &Backpressure,
) -> Option<Decision> {
    let tracing = options.tracing();
    if !tracing.is_on() {
        return None;
    }
    let fixed = |sampled: bool, rate| Decision { sampled, rate, reason: DiscardReason::SampleRate };
    if let Some(sampled) = explicit {
        return Some(fixed(sampled, Some(f64::from(u8::from(sampled)))));
    }
    let rate = tracing.sampler().and_then(|sampler| ask(sampler, context, options));
    let rate = match (rate, context.parent_sampled) {
        (Some(rate), _) => rate,
        (None, Some(sampled)) => return Some(fixed(sampled, context.parent_sample_rate)),
        (None, None) => tracing.sample_rate().unwrap_or(0.0),
    };
    let effective = backpressure.lowered(rate);
    let sampled = rand.is_below(effective);
    let reason =
        if !sampled && rand.is_below(rate) { DiscardReason::Backpressure } else { DiscardReason::SampleRate };
    Some(Decision { sampled, rate: Some(effective), reason })
}

fn ask(sampler: &TracesSampler, context: &SamplingContext<'_>, options: &ClientOptions) -> Option<f64> {
    hook::sample("traces_sampler", options.diagnostics(), || sampler(context))
}
