//! What a scope holds.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use triomphe::Arc as Unwatched;

use crate::attachment::Attachment;
use crate::breadcrumbs::Breadcrumbs;
use crate::hook::EventHook;
use crate::pipeline::bound;
use crate::protocol::{Attribute, Attributes, Breadcrumb, Context, Event, Level, Map, Tags, User, Value};
use crate::scope::flags::Flags;
use crate::scope::{Layers, PropagationContext, apply, apply_data};
use crate::session::RequestState;
use crate::text::Text;

/// Data for every event of a piece of work. A value: a copy is a pointer and shares nothing that is changed later.
#[derive(Debug, Clone, Default)]
pub struct Scope(Unwatched<Data>);

#[derive(Clone, Default)]
pub(super) struct Data {
    pub(super) level: Option<Level>,
    pub(super) user: Option<Arc<User>>,
    pub(super) tags: Option<Arc<Tags>>,
    pub(super) extra: Option<Arc<Map>>,
    pub(super) contexts: Option<Arc<BTreeMap<Text, Context>>>,
    pub(super) attachments: Option<Arc<Vec<Attachment>>>,
    pub(super) flags: Flags,
    pub(super) attributes: Option<Arc<Attributes>>,
    pub(super) fingerprint: Option<Arc<[Text]>>,
    pub(super) transaction: Option<Text>,
    pub(super) breadcrumbs: Breadcrumbs,
    pub(super) processors: Option<Arc<Vec<EventHook>>>,
    pub(super) reads_frames: bool,
    pub(super) propagation: Option<PropagationContext>,
    /// True if the scope is one piece of work: the trace that it starts when asked is shared by its transactions.
    pub(super) own_trace: bool,
    pub(super) request_session: Option<RequestState>,
}

impl Scope {
    /// An empty scope.
    pub fn new() -> Self {
        Self::default()
    }

    /// Overrides the level of events that have none of their own; `None` takes it back.
    pub fn set_level(&mut self, level: Option<Level>) {
        self.edit().level = level;
    }

    /// Replaces the user; `None` forgets it.
    pub fn set_user(&mut self, mut user: Option<User>) {
        user.iter_mut().for_each(bound::user);
        self.edit().user = user.map(Arc::new);
    }

    /// Sets a tag.
    pub fn set_tag(&mut self, key: impl Into<Text>, value: impl Into<Text>) {
        Arc::make_mut(self.edit().tags.get_or_insert_default()).insert(bound::text(key), bound::text(value));
    }

    /// Removes a tag.
    pub fn remove_tag(&mut self, key: &str) {
        if let Some(tags) = &mut self.edit().tags {
            Arc::make_mut(tags).remove(key);
        }
    }

    /// Sets an extra value.
    pub fn set_extra(&mut self, key: impl Into<String>, mut value: Value) {
        bound::value(&mut value);
        Arc::make_mut(self.edit().extra.get_or_insert_default()).insert(key.into(), value);
    }

    /// Removes an extra value.
    pub fn remove_extra(&mut self, key: &str) {
        if let Some(extra) = &mut self.edit().extra {
            Arc::make_mut(extra).shift_remove(key);
        }
    }

    /// Replaces the whole object under `contexts.<key>`.
    pub fn set_context(&mut self, key: impl Into<Text>, mut value: Map) {
        bound::context(&mut value);
        let contexts = self.edit().contexts.get_or_insert_default();
        Arc::make_mut(contexts).insert(bound::text(key), Arc::new(value));
    }

    /// Removes the object under `contexts.<key>`.
    pub fn remove_context(&mut self, key: &str) {
        if let Some(contexts) = &mut self.edit().contexts {
            Arc::make_mut(contexts).remove(key);
        }
    }

    /// Adds a file that goes with every event of the scope, and with transactions if it asks for it.
    pub fn add_attachment(&mut self, attachment: Attachment) {
        Arc::make_mut(self.edit().attachments.get_or_insert_default()).push(attachment);
    }

    /// Forgets the attachments.
    pub fn clear_attachments(&mut self) {
        self.edit().attachments = None;
    }

    /// Notes that a feature flag was asked for, for the `flags` context of events. The last 100 flags are kept, each
    /// with its last value.
    pub fn add_feature_flag(&mut self, flag: impl Into<Text>, result: bool) {
        self.edit().flags.add(bound::text(flag), result);
    }

    /// Forgets a feature flag.
    pub fn remove_feature_flag(&mut self, flag: &str) {
        self.edit().flags.remove(flag);
    }

    /// Sets an attribute of every log, metric and streamed span.
    pub fn set_attribute(&mut self, name: impl Into<Text>, value: impl Into<Attribute>) {
        Arc::make_mut(self.edit().attributes.get_or_insert_default())
            .insert(bound::text(name), value.into().shared());
    }

    /// Removes an attribute.
    pub fn remove_attribute(&mut self, name: &str) {
        if let Some(attributes) = &mut self.edit().attributes {
            Arc::make_mut(attributes).remove(name);
        }
    }

    /// Overrides the grouping of events that have no fingerprint of their own; an empty one takes it back.
    pub fn set_fingerprint(&mut self, fingerprint: Vec<Text>) {
        let bounded: Arc<[Text]> = fingerprint.into_iter().map(bound::text).collect();
        self.edit().fingerprint = (!bounded.is_empty()).then_some(bounded);
    }

    /// Names the route, task or screen.
    pub fn set_transaction(&mut self, name: Option<Text>) {
        self.edit().transaction = name.map(bound::text);
    }

    /// Continues a trace; `None` leaves the one that was set.
    pub fn set_propagation(&mut self, propagation: Option<PropagationContext>) {
        // Nothing is copied where nothing changes.
        if propagation.is_none() && self.0.propagation.is_none() {
            return;
        }
        self.edit().propagation = propagation;
    }

    /// Makes the scope a piece of work of its own, like a request: when first asked for, it starts a trace to which all
    /// its events and transactions belong.
    pub fn start_trace(&mut self) {
        let data = self.edit();
        data.propagation = None;
        data.own_trace = true;
    }

    /// The trace that was set.
    pub fn propagation(&self) -> Option<PropagationContext> {
        self.0.propagation.clone()
    }

    /// Adds a breadcrumb as it is, without asking a hook, and keeps the newest `max`.
    pub fn add_breadcrumb(&mut self, mut crumb: Breadcrumb, max: usize) {
        bound::breadcrumb(&mut crumb);
        self.push_breadcrumb(&mut crumb, max);
    }

    /// As [`add_breadcrumb`](Self::add_breadcrumb), for one that is bounded already; leaves in its place what is to be freed
    /// outside of a lock.
    pub(crate) fn push_breadcrumb(&mut self, crumb: &mut Breadcrumb, max: usize) {
        self.edit().breadcrumbs.push(crumb, max);
    }

    /// Forgets the breadcrumbs.
    pub fn clear_breadcrumbs(&mut self) {
        self.edit().breadcrumbs.clear();
    }

    /// Adds a processor; they run in the order of their registration.
    pub fn add_event_processor(&mut self, processor: EventHook) {
        self.edit().reads_frames = true;
        self.add_blind_event_processor(processor);
    }

    /// Adds a processor that looks at neither frames nor breadcrumbs: those of native stacks, and breadcrumbs that the host
    /// held, may still be missing when it runs, which spares the capturing thread to make them.
    pub fn add_blind_event_processor(&mut self, processor: EventHook) {
        Arc::make_mut(self.edit().processors.get_or_insert_default()).push(processor);
    }

    /// Forgets everything but the processors. The request that it belongs to goes on.
    pub fn clear(&mut self) {
        let (processors, reads_frames) = (self.0.processors.clone(), self.0.reads_frames);
        let request_session = self.0.request_session.clone();
        self.0 = Unwatched::new(Data { processors, reads_frames, request_session, ..Data::default() });
    }

    pub(crate) fn request_session(&self) -> Option<&RequestState> {
        self.0.request_session.as_ref()
    }

    pub(crate) fn set_request_session(&mut self, session: Option<RequestState>) {
        self.edit().request_session = session;
    }

    pub(crate) fn attributes(&self) -> Option<Arc<Attributes>> {
        self.0.attributes.clone()
    }

    /// The level that was set.
    pub fn level(&self) -> Option<Level> {
        self.0.level
    }

    /// The user that was set.
    pub fn user(&self) -> Option<Arc<User>> {
        self.0.user.clone()
    }

    /// What an event has of this scope, if it has nothing else: level, user, tags, extra, contexts with the flags, fingerprint,
    /// transaction and breadcrumbs.
    pub fn contents(&self) -> Event {
        let (mut event, layers) =
            (Event::default(), Layers([Self::default(), Self::default(), self.clone()]));
        apply(&layers, &mut event, usize::MAX);
        apply_data(&layers, &mut event);
        event
    }

    pub(crate) fn owns_trace(&self) -> bool {
        self.0.own_trace
    }

    pub(super) fn data(&self) -> &Data {
        &self.0
    }

    pub(super) fn edit(&mut self) -> &mut Data {
        Unwatched::make_mut(&mut self.0)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data")
            .field("level", &self.level)
            .field("user", &self.user)
            .field("tags", &self.tags)
            .field("extra", &self.extra)
            .field("contexts", &self.contexts)
            .field("attachments", &self.attachments)
            .field("flags", &self.flags)
            .field("attributes", &self.attributes)
            .field("fingerprint", &self.fingerprint)
            .field("transaction", &self.transaction)
            .field("breadcrumbs", &self.breadcrumbs.len())
            .field("processors", &self.processors.as_ref().map_or(0, |list| list.len()))
            .field("propagation", &self.propagation)
            .field("own_trace", &self.own_trace)
            .finish()
    }
}
