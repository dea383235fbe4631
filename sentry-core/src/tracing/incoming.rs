//! What another service says about the trace that it wants continued.

use std::sync::Arc;

use crate::protocol::SpanId;
use crate::rng::Rng;
use crate::scope::PropagationContext;
use crate::tracing::SampleRand;
use crate::tracing::dsc::Dsc;
use crate::tracing::headers::TraceHeader;

/// The trace headers of a request or message, as they came.
#[derive(Debug, Default)]
pub(crate) struct Incoming {
    sentry_trace: Option<String>,
    traceparent: Option<String>,
    baggage: String,
}

impl Incoming {
    /// Picks the headers of a trace out of all headers, whatever case their names are in. `SENTRY_TRACE` and
    /// `SENTRY_BAGGAGE` are names too: environment variables are a carrier.
    pub(crate) fn collect<K: AsRef<str>, V: AsRef<str>>(headers: impl IntoIterator<Item = (K, V)>) -> Self {
        let mut incoming = Self::default();
        for (name, value) in headers {
            let (name, value) = (name.as_ref(), value.as_ref());
            let is = |wanted: &str| name.eq_ignore_ascii_case(wanted);
            if is("sentry-trace") || is("SENTRY_TRACE") {
                incoming.sentry_trace.get_or_insert_with(|| value.to_owned());
            } else if is("traceparent") {
                incoming.traceparent.get_or_insert_with(|| value.to_owned());
            } else if is("baggage") || is("SENTRY_BAGGAGE") {
                // Several headers of that name are one list.
                if !incoming.baggage.is_empty() {
                    incoming.baggage.push(',');
                }
                incoming.baggage.push_str(value);
            }
        }
        incoming
    }

    /// The trace to continue; `None` if there is none, or if it belongs to another organisation.
    pub(crate) fn continued(
        &self,
        own_org: Option<&str>,
        strict: bool,
        rng: &dyn Rng,
    ) -> Option<PropagationContext> {
        let sentry = self.sentry_trace.as_deref().and_then(TraceHeader::parse_sentry);
        let header = sentry.or_else(|| self.traceparent.as_deref().and_then(TraceHeader::parse_w3c))?;
        let mut dsc = Dsc::from_baggage(&self.baggage);
        if dsc.trace_id().is_some_and(|id| id != header.trace_id) {
            // Members of some other trace: they would make the server judge this one by it.
            dsc = Dsc::default();
        }
        let may_continue = match (dsc.get("org_id"), own_org) {
            (Some(theirs), Some(own)) => theirs == own,
            (None, None) => true,
            _ => !strict,
        };
        if !may_continue {
            return None;
        }
        let parent_sampled = header.sampled.or_else(|| match (&sentry, dsc.get("sampled")) {
            // Only where `sentry-trace` is missing: there, a missing flag is the decision to leave it open.
            (None, Some("true")) => Some(true),
            (None, Some("false")) => Some(false),
            _ => None,
        });
        let sample_rand = dsc.sample_rand().unwrap_or_else(|| match (parent_sampled, dsc.sample_rate()) {
            (Some(sampled), Some(rate)) => SampleRand::consistent_with(sampled, rate, rng),
            _ => SampleRand::of(header.trace_id),
        });
        if !dsc.is_empty() && dsc.sample_rand().is_none() {
            // The number that was invented holds for the services after us too.
            dsc.set("sample_rand", sample_rand.to_string().into());
        }
        // With a `sentry-trace` the sender is the head of the trace, and what it did not say stays unsaid.
        let frozen = sentry.is_some() || !dsc.is_empty();
        Some(PropagationContext {
            trace_id: header.trace_id,
            span_id: SpanId::random(rng),
            parent_span_id: Some(header.span_id),
            parent_sampled,
            sample_rand,
            dsc: frozen.then(|| Arc::new(dsc)),
            shared: true,
        })
    }
}
