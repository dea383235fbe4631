//! From the last filter to the transport.

use std::sync::Arc;

use super::{ActiveTrace, Client};
use crate::attachment::Attachment;
use crate::envelope::{Envelope, EnvelopeHeader, Item, ItemType, RAW_FRAMES};
use crate::hook::Hint;
use crate::pipeline::{self, MAX_EVENT_BYTES, Prepared};
use crate::protocol::{DiscardReason, Event, EventId, Map, SessionUpdate, TraceId};
use crate::scope::Layers;
use crate::session::{self, Counting, Held};
use crate::transport::Transport;

/// An event that no filter dropped, and what goes with it.
pub(super) struct Outgoing<'a> {
    /// Behind a pointer: it is large, and handed on many times.
    pub(super) event: Box<Event>,
    /// What is added to it when it is written.
    pub(super) prepared: Option<Arc<Prepared>>,
    pub(super) trace: Option<&'a ActiveTrace<'a>>,
    pub(super) files: &'a [Attachment],
}

impl Client {
    /// What is prepared of these scopes, if the event has nothing of the kind itself and no processor looks at it.
    pub(super) fn prepared(&self, event: &Event, layers: &Layers) -> Option<Arc<Prepared>> {
        if Prepared::is_in(event) || pipeline::is_processed(&self.options, layers) {
            return None;
        }
        self.preparation.of(layers, &self.options)
    }

    /// What comes after every filter: the session, the sampler that wants to see the event, scrubbing. What is to be
    /// said about the session is said in any case.
    pub(super) fn conclude(
        &self,
        outgoing: Outgoing<'_>,
        hint: &Hint,
        held: Held,
        transport: &Arc<dyn Transport>,
    ) -> Option<EventId> {
        let Outgoing { event, prepared, trace, files } = outgoing;
        let update = match held.counting {
            Counting::Elsewhere(update) => update.map(|update| *update),
            Counting::Nothing => None,
            Counting::Event => {
                let health = session::of_event(&event);
                let user = prepared.as_ref().map_or(event.user.as_ref(), |prepared| prepared.user());
                self.sessions.observe(health, user, held.request.as_ref())
            }
        };
        let event = if held.is_kept {
            pipeline::finish(event, &self.options, hint, &*self.rng)
        } else {
            self.copy_unsampled(event, trace, files, transport);
            None
        };
        match event {
            Some(event) => {
                let outgoing = Outgoing { event, prepared, trace, files };
                self.send_with(ItemType::Event, outgoing, update, transport)
            }
            None => {
                self.sessions.send_update(update);
                self.drop_error(DiscardReason::SampleRate)
            }
        }
    }

    pub(super) fn send_as(
        &self,
        item_type: ItemType,
        event: Box<Event>,
        trace: Option<&ActiveTrace<'_>>,
        files: &[Attachment],
        transport: &Arc<dyn Transport>,
    ) -> Option<EventId> {
        self.send_with(item_type, Outgoing { event, prepared: None, trace, files }, None, transport)
    }

    fn send_with(
        &self,
        item_type: ItemType,
        outgoing: Outgoing<'_>,
        update: Option<SessionUpdate>,
        transport: &Arc<dyn Transport>,
    ) -> Option<EventId> {
        let Outgoing { mut event, prepared, trace, files } = outgoing;
        // A hook may have removed the id; an event without one cannot be recognised as sent twice.
        let event_id = *event.event_id.get_or_insert_with(|| EventId::random(&*self.rng));
        let Some(payload) = pipeline::serialize(&mut event, prepared.as_deref(), MAX_EVENT_BYTES) else {
            self.options
                .diagnostics()
                .say(|| "an event could not be made small enough to be sent".to_owned());
            self.sessions.send_update(update);
            return self.drop_one(DiscardReason::InternalSdkError, item_type.category());
        };
        let origin = event.origin().map(|origin| (RAW_FRAMES.to_owned(), origin.as_str().into()));
        let header = EnvelopeHeader {
            event_id: Some(event_id),
            trace: self.sampling_context(&event, trace),
            other: origin.into_iter().collect(),
            ..EnvelopeHeader::default()
        };
        let beside = payload.len();
        let mut items = vec![Item::new(item_type, payload)];
        items.extend(update.as_ref().and_then(session::item));
        items.extend(self.read_attachments(files, beside));
        transport.send(Envelope { header, items });
        if update.is_some() {
            self.sessions.note();
        }
        Some(event_id)
    }

    /// The envelope's `trace` header (dynamic sampling context, published spec 1.3.0): that of the trace which the event
    /// was captured in, unless the event says that it belongs to another.
    fn sampling_context(&self, event: &Event, trace: Option<&ActiveTrace<'_>>) -> Option<Arc<Map>> {
        let said = event.contexts.get("trace").and_then(|context| context.get("trace_id")?.as_str());
        let said = said.and_then(TraceId::parse);
        match trace {
            Some(trace) if said.is_none_or(|said| said == trace.trace_id()) => self.trace_facts(trace),
            _ => said.and_then(|said| self.own_dsc(said, None, None, None).header()),
        }
    }
}
