//! The ring of what happened last.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::protocol::Breadcrumb;

/// The newest breadcrumbs of a scope, oldest first. A copy of the ring is a pointer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breadcrumbs(Option<Arc<VecDeque<Arc<Breadcrumb>>>>);

impl Breadcrumbs {
    /// Adds one and drops the oldest beyond `max`.
    pub(crate) fn push(&mut self, crumb: Breadcrumb, max: usize) {
        if max == 0 {
            return;
        }
        let ring = Arc::make_mut(self.0.get_or_insert_default());
        while ring.len() >= max {
            ring.pop_front();
        }
        ring.push_back(Arc::new(crumb));
    }

    pub(crate) fn clear(&mut self) {
        self.0 = None;
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |ring| ring.len())
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Breadcrumb>> {
        self.0.iter().flat_map(|ring| ring.iter())
    }
}
