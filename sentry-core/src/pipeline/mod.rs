//! What happens to an event between capture and envelope, in the order of the published client spec 3.0.0.

mod ignore;
mod in_app;
mod limits;
mod processors;
mod sample;
mod scrub;

pub(crate) use self::limits::{MAX_EVENT_BYTES, serialize};

use crate::hook::{self, Hint, HookOutcome};
use crate::options::ClientOptions;
use crate::protocol::{DiscardReason, Event, Level};
use crate::rng::Rng;
use crate::scope::{self, Layers};

/// What the pipeline decided.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Send this.
    Send(Box<Event>),
    /// Drop it and count it.
    Drop(DiscardReason),
    /// The host's `before_send` answers later.
    Deferred,
}

/// Everything but the event itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) options: &'a ClientOptions,
    pub(crate) layers: &'a Layers,
    pub(crate) hint: &'a Hint,
}

/// True if the event may be dropped before any work is done for it: it is ignored, or the sampling draw said no.
/// The draw may be made first because no session is tracked that would have to count the event.
pub(crate) fn refuse_early(event: &Event, options: &ClientOptions, rng: &dyn Rng) -> Option<DiscardReason> {
    if ignore::matches(event, options.ignore_errors()) {
        return Some(DiscardReason::EventProcessor);
    }
    (!sample::keep(options.sample_rate(), rng)).then_some(DiscardReason::SampleRate)
}

/// Scopes, scope processors, global processors, `before_send`, scrubbing. The event has its id, time and trace.
pub(crate) fn run(mut event: Event, given: Given<'_>) -> Outcome {
    let Given { options, layers, hint } = given;
    scope::apply(layers, &mut event, options.max_breadcrumbs());
    defaults(&mut event, options);
    in_app::mark(&mut event, options);
    let processors = layers.processors().chain(options.event_processors());
    event = match processors::run(event, processors, hint) {
        Ok(Some(event)) => event,
        outcome => return dropped("event processor", outcome, DiscardReason::EventProcessor, options),
    };
    if let Some(before_send) = options.before_send() {
        event = match hook::call(|| before_send(event, hint)) {
            Ok(Some(event)) => event,
            Err(failure) if failure.is_deferred() => return Outcome::Deferred,
            outcome => return dropped("before_send", outcome, DiscardReason::BeforeSend, options),
        };
    }
    Outcome::Send(Box::new(finish(event)))
}

/// What comes after every hook.
pub(crate) fn finish(mut event: Event) -> Event {
    scrub::event(&mut event);
    event
}

/// What every event has, unless it or a scope said otherwise.
fn defaults(event: &mut Event, options: &ClientOptions) {
    event.level.get_or_insert(Level::Error);
    event.platform.get_or_insert_with(|| options.platform().clone());
    event.environment.get_or_insert_with(|| options.environment().clone());
    event.sdk.get_or_insert_with(|| options.sdk().clone());
    for (own, option) in [
        (&mut event.release, options.release()),
        (&mut event.dist, options.dist()),
        (&mut event.server_name, options.server_name()),
    ] {
        if own.is_none() {
            *own = option.cloned();
        }
    }
    for (key, context) in options.contexts() {
        if !event.contexts.contains_key(key) {
            event.contexts.insert(key.clone(), context.clone());
        }
    }
}

fn dropped(
    name: &str,
    outcome: HookOutcome<Event>,
    reason: DiscardReason,
    options: &ClientOptions,
) -> Outcome {
    if let Err(failure) = outcome {
        options.diagnostics().say(|| format!("{name} failed, the event is dropped: {}", failure.message));
    }
    Outcome::Drop(reason)
}
