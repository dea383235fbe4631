//! What happens to an event between capture and envelope, in the order of the published client spec 3.0.0.

mod ignore;
mod in_app;
mod limits;
mod prepared;
mod sample;
mod scrub;
mod transaction;

pub use self::limits::{BreadcrumbShape, BreadcrumbWriter, PlainBreadcrumb, PlainValue};
pub(crate) use self::limits::{MAX_EVENT_BYTES, bound, note, note_body, serialize};
pub(crate) use self::prepared::{Preparation, Prepared};
pub(crate) use self::scrub::{FILTERED, Place, Scrubber, prefix};
pub use self::scrub::{JsonMap, JsonParts, JsonScrubber, JsonTree};
pub(crate) use self::transaction::{run_transaction, serialize_transaction};

use crate::hook::{self, EventHook, Hint, Verdict};
use crate::options::ClientOptions;
use crate::protocol::{DiscardReason, Event, Level};
use crate::rng::Rng;
use crate::scope::{self, Layers};

/// What the pipeline decided.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// No filter dropped it.
    Send(Box<Event>),
    /// Drop it and count it.
    Drop(DiscardReason),
    /// A hook of the host answers later, and the host has the event; it also calls the hooks that come after.
    Deferred,
}

/// Everything but the event itself.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Given<'a> {
    pub(crate) options: &'a ClientOptions,
    pub(crate) layers: &'a Layers,
    pub(crate) hint: &'a Hint,
    /// What is added when the event is written, and not before.
    pub(crate) prepared: Option<&'a Prepared>,
}

/// True if a processor may look at what scopes add to an event before it is written.
pub(crate) fn is_processed(options: &ClientOptions, layers: &Layers) -> bool {
    !options.event_processors().is_empty() || layers.process()
}

/// True if nobody wants to hear of it.
pub(crate) fn is_ignored(event: &Event, options: &ClientOptions) -> bool {
    ignore::matches(event, options.ignore_errors())
}

/// The sampling draw; true if a sampler wants to see the event first.
pub(crate) fn is_sampled(options: &ClientOptions, rng: &dyn Rng) -> bool {
    options.error_sampler().is_some() || sample::keep(options.sample_rate(), rng)
}

/// Scopes, scope processors, global processors, `before_send`. The event has its id, time and trace.
pub(crate) fn run(mut event: Box<Event>, given: Given<'_>) -> Outcome {
    // An event about another release, like one that crashed before, was made of other packages.
    let is_ours = event.release.is_none() || event.release.as_ref() == given.options.release();
    if is_ours && event.modules.is_empty() {
        event.modules = given.options.modules().clone();
    }
    hooks(event, given, "before_send", given.options.before_send())
}

/// The same for feedback, which has a hook of its own and no sampler.
pub(crate) fn run_feedback(event: Box<Event>, given: Given<'_>) -> Outcome {
    let options = given.options;
    let outcome = hooks(event, given, "before_send_feedback", options.before_send_feedback());
    if let Outcome::Send(mut event) = outcome {
        options.scrubber().event(&mut event);
        return Outcome::Send(event);
    }
    outcome
}

/// Scopes, processors, and the hook that sees the event last.
fn hooks(mut event: Box<Event>, given: Given<'_>, name: &str, last: Option<&EventHook>) -> Outcome {
    let Given { options, layers, hint, prepared } = given;
    scope::apply(layers, &mut event, options.max_breadcrumbs());
    if !event.is_transaction() {
        event.level.get_or_insert(Level::Error);
    }
    if prepared.is_none() {
        scope::apply_data(layers, &mut event);
        defaults(&mut event, options);
    }
    if reads_frames(given) {
        event.look_up_frames();
        event.read_held_breadcrumbs();
    }
    in_app::mark(&mut event, options);
    for processor in layers.processors().chain(options.event_processors()) {
        let given = std::mem::take(&mut *event);
        *event = match hook::filter("event processor", options.diagnostics(), || processor(given, hint)) {
            Verdict::Keep(event) => event,
            Verdict::Drop => return Outcome::Drop(DiscardReason::EventProcessor),
            Verdict::Later => return Outcome::Deferred,
        };
    }
    if let Some(last) = last {
        let given = std::mem::take(&mut *event);
        *event = match hook::filter(name, options.diagnostics(), || last(given, hint)) {
            Verdict::Keep(event) => event,
            Verdict::Drop => return Outcome::Drop(DiscardReason::BeforeSend),
            Verdict::Later => return Outcome::Deferred,
        };
    }
    Outcome::Send(event)
}

/// True if a rule or a hook may look at frames, so that they must be there.
fn reads_frames(Given { options, layers, .. }: Given<'_>) -> bool {
    let rules = !options.in_app_include().is_empty() || !options.in_app_exclude().is_empty();
    let hooks = options.before_send().is_some() || options.error_sampler().is_some();
    rules || hooks || options.processors_read_frames() || layers.read_frames()
}

/// What comes after every filter and the session: the sampler that wants to see the event, then scrubbing. `None` if
/// the event is sampled out.
pub(crate) fn finish(
    mut event: Box<Event>,
    options: &ClientOptions,
    hint: &Hint,
    rng: &dyn Rng,
) -> Option<Box<Event>> {
    if let Some(sampler) = options.error_sampler() {
        let rate = hook::sample("error_sampler", options.diagnostics(), || sampler(&event, hint));
        if !sample::keep(rate.unwrap_or(options.sample_rate()), rng) {
            return None;
        }
    }
    options.scrubber().event(&mut event);
    Some(event)
}

/// What every event has, unless it or a scope said otherwise.
fn defaults(event: &mut Event, options: &ClientOptions) {
    event.platform.get_or_insert_with(|| options.platform().clone());
    event.environment.get_or_insert_with(|| options.environment().clone());
    event.sdk.get_or_insert_with(|| options.sdk_now());
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
