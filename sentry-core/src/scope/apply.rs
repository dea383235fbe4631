//! From scopes to an event: the rules of the merge.

use std::sync::Arc;

use crate::attachment::Attachment;
use crate::hook::EventHook;
use crate::protocol::{Event, Level, User};
use crate::scope::{Scope, flags};
use crate::text::Text;

/// Snapshots of the scopes of one capture, the most general first.
#[derive(Debug)]
pub(crate) struct Layers(pub(crate) [Scope; 3]);

impl Layers {
    /// The level that the most specific scope asks for.
    pub(crate) fn level(&self) -> Option<Level> {
        self.0.iter().rev().find_map(|scope| scope.data().level)
    }

    /// True if a scope has a name for the transaction.
    pub(crate) fn names_transaction(&self) -> bool {
        self.0.iter().any(|scope| scope.data().transaction.is_some())
    }

    /// True if a scope has a processor.
    pub(crate) fn process(&self) -> bool {
        self.processors().next().is_some()
    }

    /// The most specific user.
    pub(crate) fn user(&self) -> Option<&User> {
        self.0.iter().rev().find_map(|scope| scope.data().user.as_deref())
    }

    /// True if a scope processor may look at frames.
    pub(crate) fn read_frames(&self) -> bool {
        self.0.iter().any(|scope| scope.data().reads_frames)
    }

    /// The attachments of the scopes.
    pub(crate) fn attachments(&self) -> impl Iterator<Item = &Attachment> {
        self.0.iter().flat_map(|scope| scope.data().attachments.iter().flat_map(|list| list.iter()))
    }

    /// Scope processors: global, isolation, current, each in the order of registration.
    pub(crate) fn processors(&self) -> impl Iterator<Item = &EventHook> {
        self.0.iter().flat_map(|scope| scope.data().processors.iter().flat_map(|list| list.iter()))
    }
}

/// Merges scopes into an event: global < isolation < current < the event's own (scopes, published spec 1.15.0). The rest
/// is [`apply_data`]'s.
///
/// Breadcrumbs follow one another, the most general scope's first and the event's own last, and the newest
/// `max_breadcrumbs` stay.
pub(crate) fn apply(layers: &Layers, event: &mut Event, max_breadcrumbs: usize) {
    for scope in layers.0.iter().rev() {
        let data = scope.data();
        if event.level.is_none() {
            event.level = data.level;
        }
        if event.transaction.is_none() {
            event.transaction.clone_from(&data.transaction);
        }
        if event.fingerprint.is_empty()
            && let Some(fingerprint) = &data.fingerprint
        {
            event.fingerprint = fingerprint.to_vec();
        }
    }
    merge_breadcrumbs(layers, event, max_breadcrumbs);
}

/// What of scopes goes into every kind of event: a transaction has neither level nor fingerprint nor breadcrumbs, and
/// its name is its own. Tags and extra merge by key; contexts and the user are replaced whole.
pub(crate) fn apply_data(layers: &Layers, event: &mut Event) {
    for scope in layers.0.iter().rev() {
        let data = scope.data();
        if event.user.is_none() {
            event.user = data.user.as_deref().cloned();
        }
        for (key, value) in data.tags.iter().flat_map(|tags| tags.iter()) {
            if !event.tags.contains_key(key) {
                event.tags.insert(key.clone(), value.clone());
            }
        }
        for (key, value) in data.extra.iter().flat_map(|extra| extra.iter()) {
            if !event.extra.contains_key(key) {
                event.extra.insert(key.clone(), value.clone());
            }
        }
        for (key, value) in data.contexts.iter().flat_map(|contexts| contexts.iter()) {
            if !event.contexts.contains_key(key) {
                event.contexts.insert(key.clone(), Arc::clone(value));
            }
        }
    }
    if !event.contexts.contains_key("flags")
        && let Some(flags) = flags::context(layers.0.iter().map(|scope| &scope.data().flags))
    {
        event.contexts.insert(Text::from_static("flags"), flags);
    }
}

fn merge_breadcrumbs(layers: &Layers, event: &mut Event, max: usize) {
    let [global, isolation, current] = &layers.0;
    let of = |scope: &Scope| scope.data().breadcrumbs.len();
    let behind = of(current) + event.breadcrumbs.len();
    // Text that nothing follows stays what it is.
    let mut written = event.held_breadcrumbs.take_if(|held| behind == 0 && held.as_written().is_some());
    let between = event.held_breadcrumbs.take().map(|held| held.read()).unwrap_or_default();
    let listed = of(global) + of(isolation) + between.len() + behind;
    let last = written.as_mut().and_then(|held| held.as_written_mut());
    let surplus = (listed + last.as_ref().map_or(0, |last| last.len())).saturating_sub(max);
    if let Some(last) = last {
        last.drop_oldest(surplus.saturating_sub(listed));
    }
    event.held_breadcrumbs = written;
    let surplus = surplus.min(listed);
    if listed == event.breadcrumbs.len() {
        event.breadcrumbs.drain(..surplus);
        return;
    }
    let own = std::mem::take(&mut event.breadcrumbs);
    event.breadcrumbs.reserve_exact(listed - surplus);
    let general =
        [global, isolation].into_iter().flat_map(|scope| scope.data().breadcrumbs.iter()).map(Arc::clone);
    let special = current.data().breadcrumbs.iter().map(Arc::clone);
    event.breadcrumbs.extend(general.chain(between).chain(special).chain(own).skip(surplus));
}
