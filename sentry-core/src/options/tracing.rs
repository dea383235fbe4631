//! Options of traces and spans.

use std::fmt;
use std::sync::Arc;

use crate::error::{Error, Result};
use crate::hook::{EventHook, Hint};
use crate::options::ClientOptions;
use crate::protocol::{Event, SpanV2};
use crate::text::Text;
use crate::tracing::{IgnoreSpan, Pattern, SamplingContext, SpanHook, TracesSampler};

/// What the options say about traces and spans.
#[derive(Clone)]
pub(crate) struct TracingOptions {
    sample_rate: Option<f64>,
    sampler: Option<TracesSampler>,
    max_spans: usize,
    targets: Option<Vec<Pattern>>,
    propagate_traceparent: bool,
    strict_trace_continuation: bool,
    org_id: Option<Text>,
    ignore_spans: Vec<IgnoreSpan>,
    before_send_transaction: Option<EventHook>,
    before_send_span: Option<SpanHook>,
    stream: bool,
}

impl Default for TracingOptions {
    fn default() -> Self {
        Self {
            sample_rate: None,
            sampler: None,
            max_spans: 1000,
            targets: None,
            propagate_traceparent: false,
            strict_trace_continuation: false,
            org_id: None,
            ignore_spans: Vec::new(),
            before_send_transaction: None,
            before_send_span: None,
            stream: false,
        }
    }
}

impl TracingOptions {
    /// True if spans are recorded at all: a rate of 0 is "on" and says no to every trace.
    pub(crate) fn is_on(&self) -> bool {
        self.sample_rate.is_some() || self.sampler.is_some()
    }

    pub(crate) fn sample_rate(&self) -> Option<f64> {
        self.sample_rate
    }

    pub(crate) fn sampler(&self) -> Option<&TracesSampler> {
        self.sampler.as_ref()
    }

    pub(crate) fn max_spans(&self) -> usize {
        self.max_spans
    }

    pub(crate) fn targets(&self) -> Option<&[Pattern]> {
        self.targets.as_deref()
    }

    pub(crate) fn propagate_traceparent(&self) -> bool {
        self.propagate_traceparent
    }

    pub(crate) fn strict_trace_continuation(&self) -> bool {
        self.strict_trace_continuation
    }

    pub(crate) fn ignore_spans(&self) -> &[IgnoreSpan] {
        &self.ignore_spans
    }

    pub(crate) fn before_send_transaction(&self) -> Option<&EventHook> {
        self.before_send_transaction.as_ref()
    }

    pub(crate) fn before_send_span(&self) -> Option<&SpanHook> {
        self.before_send_span.as_ref()
    }

    pub(crate) fn is_stream(&self) -> bool {
        self.stream
    }
}

impl ClientOptions {
    /// The share of traces that start here and are sent, from 0 to 1. While it is unset, and there is no
    /// `traces_sampler`, no span is recorded; traces are continued and passed on all the same.
    ///
    /// # Errors
    /// When it is outside that range.
    pub fn with_traces_sample_rate(mut self, rate: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&rate) {
            let text = format!("{rate} is not between 0 and 1; 0.25 sends a quarter of all traces");
            return Err(Error::option("traces_sample_rate", text));
        }
        self.tracing.sample_rate = Some(rate);
        Ok(self)
    }

    /// A function that gives each trace that starts here its own rate, from 0 to 1. Beats a decision that came with the
    /// trace, and `traces_sample_rate`.
    #[must_use]
    pub fn with_traces_sampler(
        self,
        sampler: impl Fn(&SamplingContext<'_>) -> f64 + Send + Sync + 'static,
    ) -> Self {
        self.with_traces_sampler_hook(Arc::new(move |context| Ok(sampler(context))))
    }

    /// As [`with_traces_sampler`](Self::with_traces_sampler), for hosts whose functions can fail.
    #[must_use]
    pub fn with_traces_sampler_hook(mut self, sampler: TracesSampler) -> Self {
        self.tracing.sampler = Some(sampler);
        self
    }

    /// How many spans a transaction may hold; 1,000 by default. What is more is dropped and counted.
    #[must_use]
    pub fn with_max_spans(mut self, max: usize) -> Self {
        self.tracing.max_spans = max;
        self
    }

    /// Which requests take the trace along: those whose address contains or matches one of these. Without a list all
    /// do; with an empty one none does.
    #[must_use]
    pub fn with_trace_propagation_targets<T: Into<Pattern>>(
        mut self,
        targets: impl IntoIterator<Item = T>,
    ) -> Self {
        self.tracing.targets = Some(targets.into_iter().map(Into::into).collect());
        self
    }

    /// True also sends the W3C header `traceparent`, to the same requests.
    #[must_use]
    pub fn with_propagate_traceparent(mut self, on: bool) -> Self {
        self.tracing.propagate_traceparent = on;
        self
    }

    /// True continues only traces whose organisation is known to be our own.
    #[must_use]
    pub fn with_strict_trace_continuation(mut self, on: bool) -> Self {
        self.tracing.strict_trace_continuation = on;
        self
    }

    /// The organisation's number; by default that of the DSN's host. Set it when the server is your own, so that traces
    /// of strangers are told apart.
    #[must_use]
    pub fn with_org_id(mut self, org_id: impl Into<Text>) -> Self {
        self.tracing.org_id = super::trimmed(org_id);
        self
    }

    /// Spans that are never started. With a transaction all that happens in it goes; the children of an ignored span
    /// move up to its parent.
    #[must_use]
    pub fn with_ignore_spans<R: Into<IgnoreSpan>>(mut self, rules: impl IntoIterator<Item = R>) -> Self {
        self.tracing.ignore_spans = rules.into_iter().map(Into::into).collect();
        self
    }

    /// A function that sees each transaction last, may change it, and drops it with `None`.
    #[must_use]
    pub fn with_before_send_transaction(
        self,
        hook: impl Fn(Event, &Hint) -> Option<Event> + Send + Sync + 'static,
    ) -> Self {
        self.with_before_send_transaction_hook(Arc::new(move |event, hint: &Hint| Ok(hook(event, hint))))
    }

    /// As [`with_before_send_transaction`](Self::with_before_send_transaction), for hosts whose hooks can fail.
    #[must_use]
    pub fn with_before_send_transaction_hook(mut self, hook: EventHook) -> Self {
        self.tracing.before_send_transaction = Some(hook);
        self
    }

    /// A function that sees each streamed span last and may change it. It cannot drop it: that is for `ignore_spans`.
    #[must_use]
    pub fn with_before_send_span(self, hook: impl Fn(SpanV2) -> SpanV2 + Send + Sync + 'static) -> Self {
        self.with_before_send_span_hook(Arc::new(move |span| Ok(Some(hook(span)))))
    }

    /// As [`with_before_send_span`](Self::with_before_send_span), for hosts whose hooks can fail. A failure, and an
    /// answer with nothing, keep the span as it was.
    #[must_use]
    pub fn with_before_send_span_hook(mut self, hook: SpanHook) -> Self {
        self.tracing.before_send_span = Some(hook);
        self
    }

    /// How spans travel: `static` (the default), together in a transaction when it ends; or `stream`, each for itself
    /// soon after it ends.
    ///
    /// # Errors
    /// When it is neither.
    pub fn with_trace_lifecycle(mut self, lifecycle: &str) -> Result<Self> {
        self.tracing.stream = match lifecycle {
            "static" => false,
            "stream" => true,
            other => {
                let text = format!("`{other}` is neither \"static\" nor \"stream\"");
                return Err(Error::option("trace_lifecycle", text));
            }
        };
        Ok(self)
    }

    /// The share of traces that is sent; `None` while it is unset.
    pub fn traces_sample_rate(&self) -> Option<f64> {
        self.tracing.sample_rate
    }

    /// True if transactions may be sent: there is a rate or a sampler.
    pub fn is_tracing_on(&self) -> bool {
        self.tracing.is_on()
    }

    /// So many spans of a transaction may be told of at their ends alone: nothing is decided at their starts, and nothing
    /// leaves at their ends.
    pub fn max_unknown_spans(&self) -> usize {
        let tracing = &self.tracing;
        if tracing.is_stream() || !tracing.ignore_spans().is_empty() { 0 } else { tracing.max_spans() }
    }

    /// The organisation that traces are told apart by.
    pub fn org_id(&self) -> Option<&str> {
        self.tracing.org_id.as_deref().or_else(|| self.dsn()?.org_id())
    }

    /// True if something decides about transactions by what they start with: a sampler, or rules of `ignore_spans`. Else
    /// attributes may be set once it is known that a transaction is recorded. For integrations.
    pub fn starts_by_attributes(&self) -> bool {
        self.tracing().sampler().is_some() || !self.tracing().ignore_spans().is_empty()
    }

    pub(crate) fn tracing(&self) -> &TracingOptions {
        &self.tracing
    }
}

impl fmt::Debug for TracingOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TracingOptions")
            .field("sample_rate", &self.sample_rate)
            .field("sampler", &self.sampler.is_some())
            .finish_non_exhaustive()
    }
}
