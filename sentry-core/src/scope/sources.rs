//! Whether scopes say what they said before.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Layers;
use super::data::Data;
use super::flags::Flags;
use crate::protocol::{Context, Map, Tags, User};
use crate::text::Text;

/// What of three scopes goes into every kind of event. It is kept alive, and what is shared is copied before it is changed:
/// so the same addresses mean the same data.
#[derive(Debug, Clone)]
pub(crate) struct Sources([Source; 3]);

#[derive(Debug, Clone)]
struct Source {
    user: Option<Arc<User>>,
    tags: Option<Arc<Tags>>,
    extra: Option<Arc<Map>>,
    contexts: Option<Arc<BTreeMap<Text, Context>>>,
    flags: Flags,
}

impl Sources {
    /// Those of these scopes.
    pub(crate) fn of(layers: &Layers) -> Self {
        Self(layers.0.each_ref().map(|scope| {
            let Data { user, tags, extra, contexts, flags, .. } = scope.data();
            Source {
                user: user.clone(),
                tags: tags.clone(),
                extra: extra.clone(),
                contexts: contexts.clone(),
                flags: flags.clone(),
            }
        }))
    }

    /// True if they are those of these scopes.
    pub(crate) fn are_of(&self, layers: &Layers) -> bool {
        self.0.iter().zip(&layers.0).all(|(source, scope)| {
            let data = scope.data();
            same(source.user.as_ref(), data.user.as_ref())
                && same(source.tags.as_ref(), data.tags.as_ref())
                && same(source.extra.as_ref(), data.extra.as_ref())
                && same(source.contexts.as_ref(), data.contexts.as_ref())
                && source.flags.is_same(&data.flags)
        })
    }
}

pub(super) fn same<T>(one: Option<&Arc<T>>, other: Option<&Arc<T>>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        (None, None) => true,
        _ => false,
    }
}
