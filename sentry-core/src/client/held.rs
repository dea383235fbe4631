//! Breadcrumbs that a binding holds on its side until an event needs them.

use super::Client;
use crate::pipeline::{self, BreadcrumbWriter};
use crate::protocol::Breadcrumb;
use crate::scope::SharedScope;

impl Client {
    /// True if a binding may hold breadcrumbs and hand them over when an event needs them: nothing is to happen at the
    /// moment at which they are added.
    pub fn may_hold_breadcrumbs(&self) -> bool {
        let options = &self.options;
        options.max_breadcrumbs() > 0 && options.before_breadcrumb().is_none() && !options.report_killed()
    }

    /// Adds breadcrumbs that were held, oldest first, each with its time, to `scope`.
    pub fn add_held_breadcrumbs(&self, mut crumbs: Vec<Breadcrumb>, scope: &SharedScope) {
        let max = self.options.max_breadcrumbs();
        crumbs.iter_mut().for_each(pipeline::bound::breadcrumb);
        // What has to go for them is freed outside of the lock.
        scope.update(|scope| crumbs.iter_mut().for_each(|crumb| scope.push_breadcrumb(crumb, max)));
    }

    /// Writes breadcrumbs that were held, about `bytes` as text, for one event. Not for events that a hook may look at.
    /// With `is_plain` no text among them has a quote, a backslash or a control character.
    pub fn breadcrumb_writer(&self, bytes: usize, is_plain: bool) -> BreadcrumbWriter<'_> {
        BreadcrumbWriter::new(self.options.scrubber(), self.options.max_breadcrumbs(), bytes, is_plain)
    }
}
