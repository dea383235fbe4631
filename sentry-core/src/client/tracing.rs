//! Transactions: from their start to the transport; and which trace a capture belongs to.

use std::sync::Arc;

use super::deferred::Waiting;
use super::{Client, attachments, snapshot};
use crate::attachment::Attachment;
use crate::envelope::{Envelope, EnvelopeHeader, Item, ItemType};
use crate::hook::Hint;
use crate::pipeline::{self, Given, MAX_EVENT_BYTES, Outcome, Prepared};
use crate::protocol::{
    Category, Context, DiscardReason, Event, EventId, Map, SpanId, SpanPayload, TraceId, TransactionInfo,
};
use crate::rng::Rng;
use crate::scope::{PropagationContext, Scopes, SharedScope};
use crate::text::Text;
use crate::tracing::{
    Closed, Decision, Dsc, Incoming, Passive, Root, SampleRand, SamplingContext, Segment, Span, TraceHeader,
    TraceHeaders, TransactionOptions, decide, ids, is_ignored, may_propagate,
};
use crate::transport::Transport;

impl Client {
    /// Starts a transaction. It continues the trace that `options` or the scopes hold, if one came from another service
    /// or belongs to this piece of work, and else starts one.
    ///
    /// With tracing off, or if the trace is not sampled, the span that comes back is no more than its ids.
    pub fn start_transaction(self: &Arc<Self>, options: TransactionOptions, scopes: Scopes<'_>) -> Span {
        let rng = &*self.rng;
        let of_scope = || {
            let own =
                |scope: &SharedScope| scope.read(|scope| scope.propagation().filter(|trace| trace.shared));
            own(scopes.current).or_else(|| own(scopes.isolation)).or_else(|| {
                let owns = scopes.isolation.read(|scope| scope.owns_trace());
                owns.then(|| scopes.isolation.propagation(rng))
            })
        };
        let trace = options.parent.or_else(of_scope).unwrap_or_else(|| PropagationContext::random(rng));
        let context = SamplingContext {
            name: &options.name,
            op: &options.op,
            source: options.source,
            parent_sampled: trace.parent_sampled,
            parent_sample_rate: trace.dsc.as_ref().and_then(|dsc| dsc.sample_rate()),
            custom: &options.custom,
            attributes: &options.attributes,
        };
        let decide =
            || decide(options.sampled, &context, trace.sample_rand, &self.options, &self.backpressure);
        let decision = options.traced.then(decide).flatten().filter(|_| self.is_enabled());
        let rules = self.options.tracing().ignore_spans();
        let ignored = !rules.is_empty()
            && decision.is_some()
            && is_ignored(rules, &options.name, &options.op, &options.attributes);
        let decision = if ignored { Some(Decision::ignored()) } else { decision };
        let dsc = trace.dsc.map(|dsc| match decision {
            Some(decision) if !dsc.is_empty() => with_local_decision(dsc, decision, trace.parent_sampled),
            _ => dsc,
        });
        let span_id = options.span_id.unwrap_or_else(|| SpanId::random(rng));
        if let Some(decision) = decision
            && decision.sampled
        {
            let segment = Segment::new(
                Arc::clone(self),
                [scopes.global, scopes.isolation, scopes.current].map(|scope| scope.with_span(None)),
                (trace.trace_id, span_id),
                (decision.rate, trace.sample_rand),
                options.name,
                options.source,
                dsc,
            );
            let start = options.start.unwrap_or_else(|| self.now());
            let root = Root {
                parent: trace.parent_span_id,
                start,
                op: options.op,
                origin: options.origin,
                data: options.attributes,
                links: options.links,
            };
            return Span::root(segment, root);
        }
        let stream = self.options.tracing().is_stream();
        if let Some(decision) = decision {
            if stream {
                self.reports.record(decision.reason, Category::Span, 1);
            } else {
                self.count_transaction(decision.reason, 0);
            }
        }
        // Streamed spans are counted one by one; in transactions only where a rule, not chance, dropped them.
        let counted =
            decision.filter(|_| ignored || stream).map(|decision| (Arc::clone(self), decision.reason));
        Span::passive(Passive {
            trace_id: trace.trace_id,
            span_id,
            parent: trace.parent_span_id,
            sampled: decision.map(|decision| decision.sampled).or(trace.parent_sampled),
            rate: decision.and_then(|decision| decision.rate),
            rand: trace.sample_rand,
            name: options.name,
            source: options.source,
            dsc,
            counted,
        })
    }

    /// Continues the trace that another service or process sent along, in `scope`; an isolation scope as a rule. Names
    /// may be in any case; `SENTRY_TRACE` and `SENTRY_BAGGAGE` count too. Without such headers, or if the trace belongs
    /// to another organisation, the scope starts a trace of its own.
    pub fn continue_trace<K: AsRef<str>, V: AsRef<str>>(
        &self,
        headers: impl IntoIterator<Item = (K, V)>,
        scope: &SharedScope,
    ) {
        let trace = self.incoming_trace(headers).unwrap_or_else(|| PropagationContext::shared(&*self.rng));
        scope.update(|scope| scope.set_propagation(Some(trace)));
    }

    /// The trace that another service sent along; `None` if there is none to continue.
    pub fn incoming_trace<K: AsRef<str>, V: AsRef<str>>(
        &self,
        headers: impl IntoIterator<Item = (K, V)>,
    ) -> Option<PropagationContext> {
        let strict = self.options.tracing().strict_trace_continuation();
        Incoming::collect(headers).continued(self.options.org_id(), strict, &*self.rng)
    }

    /// Starts another trace in `scope`: what is captured and started there belongs to it.
    pub fn start_new_trace(&self, scope: &SharedScope) {
        let trace = PropagationContext::shared(&*self.rng);
        scope.update(|scope| scope.set_propagation(Some(trace)));
    }

    /// What takes the trace along to wherever the caller sends it. `baggage` is what the request has already.
    pub fn trace_headers(&self, baggage: Option<&str>, scopes: Scopes<'_>) -> TraceHeaders {
        let trace = self.active_trace(scopes);
        if let ActiveTrace::Span(span) = trace {
            return self.headers_of(span, baggage);
        }
        let header = trace.header();
        self.with_traceparent(TraceHeaders::new(header, Some(&self.dsc_of(&trace)), baggage), header)
    }

    /// The same for a request to `url`; `None` if it is not to carry the trace: it matches none of the
    /// `trace_propagation_targets`, or goes to the SDK's own server.
    pub fn headers_for(&self, url: &str, baggage: Option<&str>, scopes: Scopes<'_>) -> Option<TraceHeaders> {
        let targets = self.options.tracing().targets();
        may_propagate(url, targets, self.options.dsn()).then(|| self.trace_headers(baggage, scopes))
    }

    /// The same for a span that need not be active.
    pub fn headers_of(&self, span: &Span, baggage: Option<&str>) -> TraceHeaders {
        let headers = match span.as_passive() {
            None => span.headers(baggage),
            Some(_) => {
                TraceHeaders::new(span.header(), Some(&self.dsc_of(&ActiveTrace::Span(span))), baggage)
            }
        };
        self.with_traceparent(headers, span.header())
    }

    /// The trace that a capture with these scopes belongs to.
    pub(crate) fn active_trace<'a>(&self, scopes: Scopes<'a>) -> ActiveTrace<'a> {
        if let Some(span) = scopes.current.span().or_else(|| scopes.isolation.span()) {
            return ActiveTrace::Span(span);
        }
        let set = scopes.current.read(|scope| scope.propagation());
        ActiveTrace::Propagation(set.unwrap_or_else(|| scopes.isolation.propagation(&*self.rng)))
    }

    /// What is known about a trace; not frozen by asking.
    pub(crate) fn dsc_of(&self, trace: &ActiveTrace<'_>) -> Arc<Dsc> {
        match trace {
            ActiveTrace::Propagation(trace) => trace.dsc.clone().unwrap_or_else(|| {
                Arc::new(self.own_dsc(trace.trace_id, Some(trace.sample_rand), None, None))
            }),
            ActiveTrace::Span(span) => match span.as_passive() {
                None => span.recorded_dsc().unwrap_or_default(),
                Some(passive) => passive.dsc.clone().unwrap_or_else(|| {
                    let decision = passive.sampled.map(|sampled| (sampled, passive.rate));
                    let name = passive.source.is_low_cardinality().then_some(&passive.name);
                    let name = name.filter(|_| decision.is_some());
                    Arc::new(self.own_dsc(passive.trace_id, Some(passive.rand), decision, name))
                }),
            },
        }
    }

    /// What we say about a trace that starts here.
    pub(crate) fn own_dsc(
        &self,
        trace_id: TraceId,
        rand: Option<SampleRand>,
        decision: Option<(bool, Option<f64>)>,
        name: Option<&Text>,
    ) -> Dsc {
        let mut dsc = Dsc::default();
        dsc.push("trace_id", trace_id.to_string());
        if let Some(dsn) = self.options.dsn() {
            dsc.push("public_key", dsn.public_key());
        }
        if let Some(rate) = decision.and_then(|(_, rate)| rate) {
            dsc.push("sample_rate", rate.to_string());
        }
        if let Some(rand) = rand {
            dsc.push("sample_rand", rand.to_string());
        }
        if let Some((sampled, _)) = decision {
            dsc.push("sampled", Text::from_static(if sampled { "true" } else { "false" }));
        }
        if let Some(release) = self.options.release() {
            dsc.push("release", release.clone());
        }
        dsc.push("environment", self.options.environment().clone());
        if let Some(name) = name.filter(|name| !name.is_empty()) {
            dsc.push("transaction", name.clone());
        }
        if let Some(org_id) = self.options.org_id() {
            dsc.push("org_id", org_id);
        }
        dsc
    }

    /// Sends the transaction whose root has just ended.
    pub(crate) fn finish_transaction(&self, segment: &Segment, root: SpanPayload) {
        let closed = segment.close();
        let spans = closed.spans.len();
        let sent = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            self.send_transaction(segment, root, closed);
        }));
        if let Err(panic) = sent {
            let text = crate::hook::panic_text(&*panic);
            self.options.diagnostics().say(|| format!("sending a transaction failed: {text}"));
            self.count_transaction(DiscardReason::InternalSdkError, spans);
        }
    }

    pub(crate) fn rng(&self) -> &dyn Rng {
        &*self.rng
    }

    fn send_transaction(&self, segment: &Segment, root: SpanPayload, closed: Closed) {
        let Some(transport) = self.transport.as_ref().filter(|_| self.is_enabled()) else { return };
        let spans = closed.spans.len();
        let dsc = segment.freeze();
        let event = self.transaction_event(root, closed);
        let event_id = event.event_id;
        let [global, isolation, current] = &segment.scopes;
        let layers = snapshot(Scopes { global, isolation, current });
        let hint = Hint::default();
        let is_seen = self.options.tracing().before_send_transaction().is_some()
            || self.options.transaction_processors().next().is_some();
        let prepared = if is_seen { None } else { self.prepared(&event, &layers) };
        let prepared = prepared.as_deref();
        let given = Given { options: &self.options, layers: &layers, hint: &hint, prepared };
        let files = attachments::of_transaction(&layers);
        match pipeline::run_transaction(event, given, &self.reports) {
            Outcome::Send(event) => self.send_finished(event, prepared, dsc.header(), &files, transport),
            Outcome::Drop(reason) => self.count_transaction(reason, spans),
            Outcome::Deferred => {
                if let Some(id) = event_id {
                    self.deferred.keep_files(id, files);
                    let waiting = Waiting { header: dsc.header(), spans: Some(spans) };
                    self.deferred.keep_transaction(id, waiting);
                }
            }
        }
    }

    /// Sends a transaction that has been through all hooks.
    pub(super) fn send_finished(
        &self,
        mut event: Box<Event>,
        prepared: Option<&Prepared>,
        header: Option<Arc<Map>>,
        files: &[Attachment],
        transport: &Arc<dyn Transport>,
    ) {
        let event_id = *event.event_id.get_or_insert_with(|| EventId::random(&*self.rng));
        let payload = pipeline::serialize_transaction(&mut event, prepared, MAX_EVENT_BYTES, &self.reports);
        let Some(payload) = payload else {
            self.options
                .diagnostics()
                .say(|| "a transaction could not be made small enough to be sent".to_owned());
            return self.count_transaction(DiscardReason::InternalSdkError, event.spans.len());
        };
        let header = EnvelopeHeader { event_id: Some(event_id), trace: header, ..EnvelopeHeader::default() };
        let beside = payload.len();
        let mut items = vec![Item::new(ItemType::Transaction, payload)];
        items.extend(self.read_attachments(files, beside));
        transport.send(Envelope { header, items });
    }

    fn transaction_event(&self, root: SpanPayload, closed: Closed) -> Box<Event> {
        let mut trace = ids(root.trace_id, root.span_id, root.parent_span_id);
        let texts = [("op", root.op), ("description", root.description), ("origin", root.origin)];
        trace.extend(
            texts.into_iter().filter_map(|(key, text)| Some((key.to_owned(), text?.as_str().into()))),
        );
        trace.extend(root.status.map(|status| ("status".to_owned(), status.as_str().into())));
        if !root.data.is_empty() {
            trace.insert("data".to_owned(), root.data.into());
        }
        if !root.links.is_empty()
            && let Ok(links) = serde_json::to_value(&root.links)
        {
            trace.insert("links".to_owned(), links);
        }
        let mut event = Box::new(Event {
            event_id: Some(EventId::random(&*self.rng)),
            ty: Some(Text::from_static("transaction")),
            transaction: Some(closed.name),
            transaction_info: Some(TransactionInfo { source: closed.source }),
            start_timestamp: Some(root.start_timestamp),
            timestamp: Some(root.timestamp),
            tags: root.tags,
            measurements: closed.measurements,
            spans: closed.spans,
            ..Event::default()
        });
        for (key, value) in closed.contexts {
            event.contexts.insert(key, value);
        }
        event.contexts.insert(Text::from_static("trace"), Arc::new(trace));
        if closed.surplus > 0 {
            let all = event.spans.len() + closed.surplus;
            pipeline::note(&mut event.other, &["spans"], all);
        }
        event
    }

    /// Counts a transaction that is not sent, with its spans and itself among them.
    pub(super) fn count_transaction(&self, reason: DiscardReason, spans: usize) {
        self.reports.record(reason, Category::Transaction, 1);
        self.reports.record(reason, Category::Span, spans as u64 + 1);
    }

    fn with_traceparent(&self, mut headers: TraceHeaders, header: TraceHeader) -> TraceHeaders {
        if self.options.tracing().propagate_traceparent() {
            headers.traceparent = Some(header.to_w3c());
        }
        headers
    }
}

/// The trace that a capture belongs to.
#[derive(Debug)]
pub(crate) enum ActiveTrace<'a> {
    Span(&'a Span),
    Propagation(PropagationContext),
}

impl ActiveTrace<'_> {
    pub(crate) fn trace_id(&self) -> TraceId {
        match self {
            Self::Span(span) => span.trace_id(),
            Self::Propagation(trace) => trace.trace_id,
        }
    }

    /// The active span, if there is one.
    pub(crate) fn span_id(&self) -> Option<SpanId> {
        if let Self::Span(span) = self { Some(span.span_id()) } else { None }
    }

    /// The object under `contexts.trace`.
    pub(crate) fn context(&self) -> Context {
        match self {
            Self::Span(span) => span.context(),
            Self::Propagation(trace) => trace.context(),
        }
    }

    fn header(&self) -> TraceHeader {
        match self {
            Self::Span(span) => span.header(),
            Self::Propagation(trace) => TraceHeader {
                trace_id: trace.trace_id,
                span_id: trace.span_id,
                sampled: trace.parent_sampled,
            },
        }
    }
}

/// What is passed on when a sampler of ours decided about a trace that another service started: its rate takes the
/// place of theirs, so that counts can be extrapolated rightly.
fn with_local_decision(dsc: Arc<Dsc>, decision: Decision, parent: Option<bool>) -> Arc<Dsc> {
    let Some(rate) = decision.rate else { return dsc };
    if parent == Some(decision.sampled) && dsc.sample_rate() == Some(rate) {
        return dsc;
    }
    let mut changed = (*dsc).clone();
    changed.set("sample_rate", rate.to_string().into());
    changed.set("sampled", Text::from_static(if decision.sampled { "true" } else { "false" }));
    Arc::new(changed)
}
