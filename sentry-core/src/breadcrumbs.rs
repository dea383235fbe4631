//! The ring of what happened last.

use std::collections::VecDeque;
use std::sync::Arc;

use triomphe::Arc as Unwatched;

use crate::protocol::Breadcrumb;

/// The newest breadcrumbs of a scope, oldest first. A copy of the ring is a pointer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Breadcrumbs(Option<Unwatched<VecDeque<Arc<Breadcrumb>>>>);

impl Breadcrumbs {
    /// Takes one and drops the oldest beyond `max`. In the place of the one taken it leaves one that need not be freed
    /// under the caller's lock.
    pub(crate) fn push(&mut self, crumb: &mut Breadcrumb, max: usize) {
        if max == 0 {
            return;
        }
        let ring = Unwatched::make_mut(self.0.get_or_insert_default());
        while ring.len() > max {
            ring.pop_front();
        }
        let oldest = if ring.len() == max { ring.pop_front() } else { None };
        // Its place in memory serves again, unless an event holds it.
        if let Some(mut place) = oldest
            && let Some(old) = Arc::get_mut(&mut place)
        {
            std::mem::swap(old, crumb);
            return ring.push_back(place);
        }
        ring.push_back(Arc::new(std::mem::take(crumb)));
    }

    /// Adds those of another ring, whatever their number: an event keeps the newest.
    pub(crate) fn extend(&mut self, others: Vec<Arc<Breadcrumb>>) {
        if !others.is_empty() {
            Unwatched::make_mut(self.0.get_or_insert_default()).extend(others);
        }
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
