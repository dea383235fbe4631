//! What one event after the other has in common, written once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::fork::ForkLock;
use crate::json;
use crate::options::ClientOptions;
use crate::protocol::{Context, Event, User};
use crate::scope::{self, Layers, Sources};
use crate::text::Text;

/// More bytes are not kept.
const MOST_BYTES: usize = 64 * 1024;

/// What scopes and options add to an event: masked, within its limits, and as JSON.
#[derive(Debug)]
pub(crate) struct Prepared {
    /// The user before anything was masked.
    user: Option<User>,
    /// All of it as fields, for an event that has to be cut.
    event: Event,
    /// Fields of an event, with a comma before each.
    fields: Vec<u8>,
    /// Entries of its contexts, with a comma before each.
    contexts: Vec<u8>,
}

impl Prepared {
    /// True if an event says something of the kind itself, apart from its trace.
    pub(crate) fn is_in(event: &Event) -> bool {
        let texts = [&event.platform, &event.environment, &event.release, &event.dist, &event.server_name];
        event.user.is_some()
            || event.sdk.is_some()
            || texts.into_iter().any(Option::is_some)
            || !event.tags.is_empty()
            || !event.extra.is_empty()
            || event.contexts.keys().any(|name| name != "trace")
    }

    /// Nothing if something does not keep its limit, which every event has to be told.
    fn new(layers: &Layers, options: &ClientOptions) -> Option<Self> {
        let mut event = Event::default();
        // The trace is each event's own.
        event.contexts.insert(Text::from_static("trace"), Context::default());
        scope::apply_data(layers, &mut event);
        super::defaults(&mut event, options);
        event.contexts.remove("trace");
        let user = event.user.clone();
        options.scrubber().event(&mut event);
        if !event.other.is_empty() {
            return None;
        }
        let named = std::mem::take(&mut event.contexts);
        let (mut fields, mut contexts) = (Vec::new(), Vec::new());
        json::write(&event, &mut fields).ok()?;
        // Braces give way to a comma.
        fields.pop_if(|last| *last == b'}')?;
        match &mut fields[..] {
            [_] => fields.clear(),
            [first, ..] => *first = b',',
            [] => return None,
        }
        for (name, context) in &named {
            contexts.push(b',');
            json::write_text(name, &mut contexts);
            contexts.push(b':');
            json::write(context, &mut contexts).ok()?;
        }
        event.contexts = named;
        let is_small = fields.len() + contexts.len() <= MOST_BYTES;
        is_small.then_some(Self { user, event, fields, contexts })
    }

    /// Who was affected, for the session.
    pub(crate) fn user(&self) -> Option<&User> {
        self.user.as_ref()
    }

    /// Adds it to an event that is written out: an object with something in it. `own` are the contexts that the event has
    /// beside these.
    pub(crate) fn write(&self, own: &BTreeMap<Text, Context>, out: &mut Vec<u8>) -> Option<()> {
        debug_assert!(!own.is_empty(), "every event has a trace");
        out.pop_if(|last| *last == b'}')?;
        out.extend_from_slice(&self.fields);
        out.extend_from_slice(b",\"contexts\":");
        json::write(own, out).ok()?;
        out.pop_if(|last| *last == b'}')?;
        out.extend_from_slice(&self.contexts);
        out.extend_from_slice(b"}}");
        Some(())
    }

    /// Adds it to an event that is not written out and says nothing of the kind.
    pub(crate) fn add_to(&self, event: &mut Event) {
        let Event { user, tags, extra, contexts, sdk, .. } = self.event.clone();
        let Event { platform, environment, release, dist, server_name, .. } = self.event.clone();
        (event.user, event.tags, event.extra, event.sdk) = (user, tags, extra, sdk);
        (event.platform, event.environment, event.server_name) = (platform, environment, server_name);
        (event.release, event.dist) = (release, dist);
        event.contexts.extend(contexts);
    }
}

/// What was prepared last.
#[derive(Default)]
pub(crate) struct Preparation(ForkLock<Seen>);

#[derive(Default)]
struct Seen {
    sources: Option<Sources>,
    /// How many integrations had been added by then.
    integrations: usize,
    state: State,
}

#[derive(Default, Clone)]
enum State {
    /// The scopes were met once: many are met never again.
    #[default]
    Unmade,
    /// It has to be looked at each time.
    Odd,
    Made(Arc<Prepared>),
}

impl Preparation {
    /// What is prepared of these scopes, if they said the same before.
    pub(crate) fn of(&self, layers: &Layers, options: &ClientOptions) -> Option<Arc<Prepared>> {
        let integrations = options.integrations_added();
        let known = self.0.with(|seen| {
            let sources = seen.sources.as_ref()?;
            let is_same = seen.integrations == integrations && sources.are_of(layers);
            is_same.then(|| seen.state.clone())
        });
        let state = match known {
            Some(State::Made(prepared)) => return Some(prepared),
            Some(State::Odd) => return None,
            Some(State::Unmade) => {
                Prepared::new(layers, options).map_or(State::Odd, |it| State::Made(Arc::new(it)))
            }
            None => State::Unmade,
        };
        let made = if let State::Made(prepared) = &state { Some(Arc::clone(prepared)) } else { None };
        let next = Seen { sources: Some(Sources::of(layers)), integrations, state };
        // What was there is freed outside of the lock.
        drop(self.0.with(|seen| std::mem::replace(seen, next)));
        made
    }
}

impl fmt::Debug for Preparation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Preparation").finish_non_exhaustive()
    }
}
