//! A span as the application holds it.

mod read;
mod set;

use std::sync::Arc;

use crate::client::Client;
use crate::fork::ForkLock;
use crate::protocol::{
    Category, Context, Data, DiscardReason, MAX_LINKS, Map, SpanId, SpanLink, SpanPayload, SpanStatus, Tags,
    Timestamp, TraceId, TransactionSource,
};
use crate::text::Text;
use crate::tracing::headers::TraceHeader;
use crate::tracing::segment::Segment;
use crate::tracing::{Dsc, Label, SampleRand, SpanOptions, TraceHeaders, ignore};

/// A transaction or a span of one: a handle, cheap to clone, that may be used from any thread.
///
/// A transaction that is not sampled, and everything in it, is no more than its ids: no setter does anything and
/// nothing is allocated. After [`finish`](Self::finish) a span cannot be changed any more.
#[derive(Debug, Clone)]
pub struct Span(Repr);

#[derive(Debug, Clone)]
enum Repr {
    Recorded(Arc<Recorded>),
    /// A child that is ignored or one too many; what is started in it belongs to this span.
    Bypass(Arc<Recorded>),
    Passive(Passive),
}

/// A span that is sent.
#[derive(Debug)]
pub(crate) struct Recorded {
    segment: Arc<Segment>,
    span_id: SpanId,
    parent: Option<SpanId>,
    start: Timestamp,
    state: ForkLock<State>,
}

#[derive(Debug, Default)]
struct State {
    /// True until the span ends.
    open: bool,
    op: Option<Text>,
    description: Option<Text>,
    origin: Option<Text>,
    status: Option<SpanStatus>,
    tags: Tags,
    data: Data,
    links: Vec<SpanLink>,
    /// When it ended.
    end: Option<Timestamp>,
}

/// What is left of a span that is not sent.
#[derive(Debug, Clone)]
pub(crate) struct Passive {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    pub(crate) parent: Option<SpanId>,
    /// `None` with tracing off and no decision from upstream.
    pub(crate) sampled: Option<bool>,
    pub(crate) rate: Option<f64>,
    pub(crate) rand: SampleRand,
    pub(crate) name: Text,
    pub(crate) source: TransactionSource,
    pub(crate) dsc: Option<Arc<Dsc>>,
    /// Who counts what is started in it, and as what.
    pub(crate) counted: Option<(Arc<Client>, DiscardReason)>,
}

/// What a recorded transaction starts with.
#[derive(Debug)]
pub(crate) struct Root {
    pub(crate) parent: Option<SpanId>,
    pub(crate) start: Timestamp,
    pub(crate) op: Text,
    pub(crate) origin: Option<Text>,
    pub(crate) data: Data,
    pub(crate) links: Vec<SpanLink>,
}

impl Span {
    pub(crate) fn passive(passive: Passive) -> Self {
        Self(Repr::Passive(passive))
    }

    pub(crate) fn root(segment: Segment, root: Root) -> Self {
        let Root { parent, start, op, origin, data, mut links } = root;
        links.truncate(MAX_LINKS);
        let state = State {
            open: true,
            op: Some(op).filter(|op| !op.is_empty()),
            origin,
            data,
            links,
            ..State::default()
        };
        let span_id = segment.root;
        let segment = Arc::new(segment);
        let state = ForkLock::new(state);
        let root = Arc::new(Recorded { segment, span_id, parent, start, state });
        let _ = root.segment.top.set(Arc::downgrade(&root));
        Self(Repr::Recorded(root))
    }

    /// A span that belongs to no trace, for where there is no client.
    pub fn disabled() -> Self {
        let trace_id = TraceId::default();
        Self(Repr::Passive(Passive {
            trace_id,
            span_id: SpanId::default(),
            parent: None,
            sampled: None,
            rate: None,
            rand: SampleRand::of(trace_id),
            name: Text::default(),
            source: TransactionSource::Custom,
            dsc: None,
            counted: None,
        }))
    }

    /// Starts a span inside this one: an operation, like `db.query`, and a description, like the query.
    pub fn start_child<'a>(&self, op: impl Into<Label<'static>>, description: impl Into<Label<'a>>) -> Self {
        self.start_child_with(SpanOptions::new(op, description))
    }

    /// The span inside this one, if this one is not sent: whatever the span inside would be called. Asking first saves
    /// making its options.
    pub fn unsent_child(&self) -> Option<Self> {
        self.as_passive().map(|passive| Self(Repr::Passive(passive.child())))
    }

    /// Starts a span inside this one.
    pub fn start_child_with(&self, options: SpanOptions<'_>) -> Self {
        let parent = match &self.0 {
            Repr::Passive(passive) => return Self(Repr::Passive(passive.child())),
            Repr::Recorded(parent) | Repr::Bypass(parent) => parent,
        };
        let client = &parent.segment.client;
        let rules = client.options().tracing().ignore_spans();
        if !rules.is_empty()
            && ignore::is_ignored(
                rules,
                options.description.as_str(),
                options.op.as_str(),
                &options.attributes,
            )
        {
            client.reports().record(DiscardReason::Ignored, Category::Span, 1);
            return Self(Repr::Bypass(Arc::clone(parent)));
        }
        if !parent.segment.admit() {
            return Self(Repr::Bypass(Arc::clone(parent)));
        }
        let op = options.op.into_static();
        let mut links = options.links;
        links.truncate(MAX_LINKS);
        let state = State {
            open: true,
            op: (!op.is_empty()).then_some(op),
            description: options.description.into_text(),
            origin: options.origin.map(Label::into_static),
            data: options.attributes,
            links,
            ..State::default()
        };
        Self(Repr::Recorded(Arc::new(Recorded {
            segment: Arc::clone(&parent.segment),
            span_id: options.span_id.unwrap_or_else(|| SpanId::random(client.rng())),
            parent: Some(parent.span_id),
            start: options.start.unwrap_or_else(|| client.now()),
            state: ForkLock::new(state),
        })))
    }

    /// Ends it now. A transaction is sent with the spans that have ended by then. Only the first call counts.
    pub fn finish(&self) {
        if let Repr::Recorded(recorded) = &self.0 {
            recorded.finish(None);
        }
    }

    /// Ends it at another time than now; not before its start.
    pub fn finish_at(&self, end: Timestamp) {
        if let Repr::Recorded(recorded) = &self.0 {
            recorded.finish(Some(end));
        }
    }

    /// The trace that it belongs to.
    pub fn trace_id(&self) -> TraceId {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => recorded.segment.trace_id,
            Repr::Passive(passive) => passive.trace_id,
        }
    }

    /// Its own id. What is not sent has the id of the nearest span that is, or of its transaction.
    pub fn span_id(&self) -> SpanId {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => recorded.span_id,
            Repr::Passive(passive) => passive.span_id,
        }
    }

    /// The id of the span that it was started in, also of one in another service.
    pub fn parent_span_id(&self) -> Option<SpanId> {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => recorded.parent,
            Repr::Passive(passive) => passive.parent,
        }
    }

    /// True if its trace is sent, false if not, `None` if that is left to the next service.
    pub fn sampled(&self) -> Option<bool> {
        match &self.0 {
            Repr::Recorded(_) | Repr::Bypass(_) => Some(true),
            Repr::Passive(passive) => passive.sampled,
        }
    }

    /// True if what is set on it is sent: it is worth collecting.
    pub fn is_recording(&self) -> bool {
        self.open_one().is_some()
    }

    /// True for a transaction, recorded or not.
    pub fn is_transaction(&self) -> bool {
        match &self.0 {
            Repr::Recorded(recorded) => recorded.is_root(),
            Repr::Bypass(_) => false,
            Repr::Passive(_) => true,
        }
    }

    /// True until it ends. What is not recorded never does.
    pub fn is_open(&self) -> bool {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => recorded.state.with(|state| state.open),
            Repr::Passive(_) => true,
        }
    }

    /// True if both are handles of one span.
    pub fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (Repr::Recorded(one), Repr::Recorded(other)) | (Repr::Bypass(one), Repr::Bypass(other)) => {
                Arc::ptr_eq(one, other)
            }
            (Repr::Passive(one), Repr::Passive(other)) => one.span_id == other.span_id,
            _ => false,
        }
    }

    /// The headers that take the trace along to another service, this span being the parent there. `baggage` is the
    /// header of that name which the request has already.
    pub fn headers(&self, baggage: Option<&str>) -> TraceHeaders {
        let dsc = match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => Some(recorded.segment.freeze()),
            Repr::Passive(passive) => passive.dsc.clone(),
        };
        TraceHeaders::new(self.header(), dsc.as_deref(), baggage)
    }

    pub(crate) fn header(&self) -> TraceHeader {
        TraceHeader { trace_id: self.trace_id(), span_id: self.span_id(), sampled: self.sampled() }
    }

    /// The object under `contexts.trace` of an event that is captured inside of it.
    pub(crate) fn context(&self) -> Context {
        let mut map = ids(self.trace_id(), self.span_id(), self.parent_span_id());
        if let Repr::Recorded(recorded) = &self.0 {
            let (named, status) = recorded.state.with(|state| {
                let named = [&state.op, &state.description, &state.origin].map(Option::clone);
                (named, state.status)
            });
            let named = ["op", "description", "origin"].into_iter().zip(named);
            map.extend(named.filter_map(|(key, value)| Some((key.to_owned(), value?.as_str().into()))));
            map.extend(status.map(|status| ("status".to_owned(), status.as_str().into())));
        }
        Arc::new(map)
    }

    pub(crate) fn as_passive(&self) -> Option<&Passive> {
        if let Repr::Passive(passive) = &self.0 { Some(passive) } else { None }
    }

    pub(crate) fn recorded_dsc(&self) -> Option<Arc<Dsc>> {
        match &self.0 {
            Repr::Recorded(recorded) | Repr::Bypass(recorded) => Some(recorded.segment.dsc()),
            Repr::Passive(_) => None,
        }
    }

    /// The span, if it is recorded and has not ended.
    fn open_one(&self) -> Option<&Recorded> {
        match &self.0 {
            Repr::Recorded(recorded) => recorded.state.with(|state| state.open).then_some(&**recorded),
            Repr::Bypass(_) | Repr::Passive(_) => None,
        }
    }
}

impl Passive {
    /// What is started in it is the same handle again, counted where somebody counts.
    fn child(&self) -> Self {
        if let Some((client, reason)) = &self.counted {
            client.reports().record(*reason, Category::Span, 1);
        }
        self.clone()
    }
}

impl Recorded {
    fn is_root(&self) -> bool {
        self.span_id == self.segment.root
    }

    fn edit<R>(&self, change: impl FnOnce(&mut State) -> R) {
        let old = self.state.with(|state| state.open.then(|| change(state)));
        drop(old);
    }

    fn finish(&self, end: Option<Timestamp>) {
        let Some(state) = self.state.with(|state| state.open.then(|| std::mem::take(state))) else { return };
        let end = end.unwrap_or_else(|| self.segment.client.now()).max(self.start);
        self.state.with(|state| state.end = Some(end));
        let span = SpanPayload {
            span_id: self.span_id,
            trace_id: self.segment.trace_id,
            parent_span_id: self.parent,
            op: state.op,
            description: state.description,
            start_timestamp: self.start,
            timestamp: end,
            status: state.status,
            origin: Some(state.origin.unwrap_or(Text::from_static("manual"))),
            tags: state.tags,
            data: state.data,
            links: state.links,
            other: Map::new(),
        };
        if self.segment.client.options().tracing().is_stream() {
            self.segment.client.capture_span(&self.segment, span);
        } else if self.is_root() {
            self.segment.client.finish_transaction(&self.segment, span);
        } else {
            self.segment.push(span);
        }
    }
}

/// The ids of a trace context.
pub(crate) fn ids(trace_id: TraceId, span_id: SpanId, parent: Option<SpanId>) -> Map {
    let mut map = Map::new();
    map.insert("trace_id".to_owned(), trace_id.to_string().into());
    map.insert("span_id".to_owned(), span_id.to_string().into());
    map.extend(parent.map(|parent| ("parent_span_id".to_owned(), parent.to_string().into())));
    map
}
