//! One scope upon another.

use std::sync::Arc;

use super::data::{Data, Scope};
use super::shared::SharedScope;

impl Scope {
    /// Sets all that is set in `other`: tags, extra, contexts, attributes and flags by key, the user and the rest whole.
    /// Breadcrumbs, attachments and processors are added, those excepted that both have.
    pub fn merge(&mut self, other: &Self) {
        let (data, other) = (self.edit(), other.data());
        replace(&mut data.level, &other.level);
        replace(&mut data.user, &other.user);
        replace(&mut data.fingerprint, &other.fingerprint);
        replace(&mut data.transaction, &other.transaction);
        replace(&mut data.propagation, &other.propagation);
        let entries = other.tags.iter().flat_map(|tags| tags.iter());
        for (key, value) in entries {
            Arc::make_mut(data.tags.get_or_insert_default()).insert(key.clone(), value.clone());
        }
        for (key, value) in other.extra.iter().flat_map(|extra| extra.iter()) {
            Arc::make_mut(data.extra.get_or_insert_default()).insert(key.clone(), value.clone());
        }
        for (key, value) in other.contexts.iter().flat_map(|contexts| contexts.iter()) {
            Arc::make_mut(data.contexts.get_or_insert_default()).insert(key.clone(), Arc::clone(value));
        }
        for (name, value) in other.attributes.iter().flat_map(|attributes| attributes.iter()) {
            Arc::make_mut(data.attributes.get_or_insert_default()).insert(name.clone(), value.clone());
        }
        data.flags.merge(&other.flags);
        add_lists(data, other);
    }
}

impl SharedScope {
    /// Another scope with what this one holds, and upon that what `other` holds; its span is the active one if it has one.
    #[must_use]
    pub fn merged(&self, other: &Self) -> Self {
        let mut merged = self.snapshot();
        merged.merge(&other.snapshot());
        Self::from_scope(merged).with_span(other.span().or_else(|| self.span_slot()).cloned())
    }

    /// True if both are one and the same scope.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(self.shared(), other.shared())
    }
}

fn replace<T: Clone>(held: &mut Option<T>, other: &Option<T>) {
    if other.is_some() {
        held.clone_from(other);
    }
}

fn add_lists(data: &mut Data, other: &Data) {
    let known: Vec<_> = data.breadcrumbs.iter().map(Arc::as_ptr).collect();
    let new = other.breadcrumbs.iter().filter(|crumb| !known.contains(&Arc::as_ptr(crumb)));
    data.breadcrumbs.extend(new.cloned().collect());
    let own = data.processors.get_or_insert_default();
    for processor in other.processors.iter().flat_map(|processors| processors.iter()) {
        if !own.iter().any(|known| Arc::ptr_eq(known, processor)) {
            Arc::make_mut(own).push(Arc::clone(processor));
        }
    }
    data.reads_frames |= other.reads_frames;
    if let Some(attachments) = &other.attachments
        && data.attachments.as_ref().is_none_or(|own| !Arc::ptr_eq(own, attachments))
    {
        Arc::make_mut(data.attachments.get_or_insert_default()).extend(attachments.iter().cloned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Breadcrumb, Level};

    fn crumb(message: &str) -> Breadcrumb {
        Breadcrumb { message: Some(message.into()), ..Breadcrumb::default() }
    }

    #[test]
    fn what_is_set_wins_and_what_both_have_is_there_once() {
        let scope = SharedScope::new();
        scope.update(|scope| {
            scope.set_tag("own", "1");
            scope.set_tag("both", "own");
            scope.set_level(Some(Level::Warning));
            scope.add_breadcrumb(crumb("shared"), 100);
            scope.add_event_processor(Arc::new(|event, _| Ok(Some(event))));
        });
        let other = scope.fork();
        other.update(|scope| {
            scope.set_tag("both", "other");
            scope.set_transaction(Some("/".into()));
            scope.add_breadcrumb(crumb("new"), 100);
        });
        let merged = scope.merged(&other).snapshot();
        let data = merged.data();
        let tags: Vec<_> =
            data.tags.iter().flat_map(|tags| tags.iter()).map(|(_, value)| value.as_str()).collect();
        assert_eq!(tags.len(), 2);
        assert!(tags.contains(&"other") && tags.contains(&"1"));
        assert_eq!(data.level, Some(Level::Warning));
        assert_eq!(data.transaction.as_deref(), Some("/"));
        let crumbs: Vec<_> = data.breadcrumbs.iter().filter_map(|crumb| crumb.message.as_deref()).collect();
        assert_eq!(crumbs, ["shared", "new"]);
        assert_eq!(data.processors.as_ref().map(|list| list.len()), Some(1));
        assert!(scope.is_same(&scope.with_span(None)) && !scope.is_same(&other));
    }
}
