//! What a transaction starts with.

use crate::protocol::{Data, Map, SpanId, SpanLink, Timestamp, TransactionSource, Value};
use crate::scope::PropagationContext;
use crate::text::Text;
use crate::tracing::Label;

/// What a transaction starts with; see [`Client::start_transaction`](crate::Client::start_transaction).
#[derive(Debug, Clone)]
pub struct TransactionOptions {
    pub(crate) name: Text,
    pub(crate) op: Text,
    pub(crate) source: TransactionSource,
    pub(crate) origin: Option<Text>,
    pub(crate) sampled: Option<bool>,
    /// False: it is as if tracing were off.
    pub(crate) traced: bool,
    pub(crate) start: Option<Timestamp>,
    pub(crate) attributes: Data,
    pub(crate) custom: Map,
    pub(crate) parent: Option<PropagationContext>,
    pub(crate) span_id: Option<SpanId>,
    pub(crate) links: Vec<SpanLink>,
}

impl TransactionOptions {
    /// A transaction with a name, like `GET /orders/{id}`, and an operation, like `http.server`.
    pub fn new(name: impl Into<Label<'static>>, op: impl Into<Label<'static>>) -> Self {
        Self {
            name: name.into().into_static(),
            op: op.into().into_static(),
            source: TransactionSource::Custom,
            origin: None,
            sampled: None,
            traced: true,
            start: None,
            attributes: Data::new(),
            custom: Map::new(),
            parent: None,
            span_id: None,
            links: Vec::new(),
        }
    }

    /// What the name was made of; `custom` by default.
    #[must_use]
    pub fn source(mut self, source: TransactionSource) -> Self {
        self.source = source;
        self
    }

    pub(crate) fn traced(mut self, traced: bool) -> Self {
        self.traced = traced;
        self
    }

    /// What makes it: `auto.http.axum`; `manual` by default.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<Label<'static>>) -> Self {
        self.origin = Some(origin.into().into_static());
        self
    }

    /// Decides here and now, whatever rates and parents say.
    #[must_use]
    pub fn sampled(mut self, sampled: bool) -> Self {
        self.sampled = Some(sampled);
        self
    }

    /// When it began, if not now.
    #[must_use]
    pub fn started_at(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// An attribute that the sampler can look at and that is sent.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.attributes.insert(key, value);
        self
    }

    /// Something for the sampler alone.
    #[must_use]
    pub fn sampling_context(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(key.into(), value.into());
        self
    }

    /// The id of its root span; a random one by default. For bridges from other systems.
    #[must_use]
    pub fn span_id(mut self, span_id: SpanId) -> Self {
        self.span_id = Some(span_id);
        self
    }

    /// Another span that it has to do with; see [`Span::add_link`](crate::Span::add_link).
    #[must_use]
    pub fn link(mut self, link: SpanLink) -> Self {
        self.links.push(link);
        self
    }

    /// The trace that it continues, if not the scope's.
    #[must_use]
    pub fn continuing(mut self, parent: PropagationContext) -> Self {
        self.parent = Some(parent);
        self
    }
}

/// What a child span starts with; see [`Span::start_child_with`](crate::Span::start_child_with). Nothing of it is copied
/// unless the span is recorded.
#[derive(Debug, Clone)]
pub struct SpanOptions<'a> {
    pub(crate) op: Label<'static>,
    pub(crate) description: Label<'a>,
    pub(crate) origin: Option<Label<'static>>,
    pub(crate) start: Option<Timestamp>,
    pub(crate) attributes: Data,
    pub(crate) span_id: Option<SpanId>,
    pub(crate) links: Vec<SpanLink>,
}

impl<'a> SpanOptions<'a> {
    /// A span with an operation, like `db.query`, and a description, like the query.
    pub fn new(op: impl Into<Label<'static>>, description: impl Into<Label<'a>>) -> Self {
        Self {
            op: op.into(),
            description: description.into(),
            origin: None,
            start: None,
            attributes: Data::new(),
            span_id: None,
            links: Vec::new(),
        }
    }

    /// What makes it: `auto.db.sqlx`; `manual` by default.
    #[must_use]
    pub fn origin(mut self, origin: impl Into<Label<'static>>) -> Self {
        self.origin = Some(origin.into());
        self
    }

    /// When it began, if not now.
    #[must_use]
    pub fn started_at(mut self, start: Timestamp) -> Self {
        self.start = Some(start);
        self
    }

    /// Its id; a random one by default. For bridges from other systems.
    #[must_use]
    pub fn span_id(mut self, span_id: SpanId) -> Self {
        self.span_id = Some(span_id);
        self
    }

    /// Another span that it has to do with; see [`Span::add_link`](crate::Span::add_link).
    #[must_use]
    pub fn link(mut self, link: SpanLink) -> Self {
        self.links.push(link);
        self
    }

    /// The transaction that it is where there is no span to be started in: named by the description, or the operation.
    pub fn into_transaction(self) -> TransactionOptions {
        let Self { op, description, origin, start, attributes, span_id, links } = self;
        let op = op.into_static();
        let name = description.into_text().unwrap_or_else(|| op.clone());
        let origin = origin.map(Label::into_static);
        TransactionOptions { origin, start, attributes, span_id, links, ..TransactionOptions::new(name, op) }
    }

    /// An attribute.
    #[must_use]
    pub fn attribute(mut self, key: impl Into<Text>, value: impl Into<Value>) -> Self {
        self.attributes.insert(key, value);
        self
    }
}
