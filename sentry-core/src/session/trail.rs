//! The breadcrumbs of the whole process, for the report about its end.

use std::sync::Arc;
use std::time::Duration;

use crate::breadcrumbs::Breadcrumbs;
use crate::options::ClientOptions;
use crate::protocol::{Breadcrumb, Event, Timestamp};

/// How often the trail is written at most.
const INTERVAL: Duration = Duration::from_secs(1);

/// How much of it is written, in bytes of JSON.
const MAX_BYTES: usize = 24 * 1024;

/// A breadcrumb larger than this is left out.
const MAX_CRUMB_BYTES: usize = 4 * 1024;

/// The newest breadcrumbs, whatever scope they were added to.
#[derive(Debug, Default)]
pub(super) struct Trail {
    crumbs: Breadcrumbs,
    written: Option<Timestamp>,
    is_dirty: bool,
}

impl Trail {
    /// Adds one. True if it is to be written now; else [`due`](Self::due) says when.
    pub(super) fn add(&mut self, mut crumb: Breadcrumb, max: usize, now: Timestamp) -> bool {
        self.crumbs.push(&mut crumb, max);
        let is_first = !std::mem::replace(&mut self.is_dirty, true);
        // A clock that was put back does not stop the writing.
        let rested = self.written.is_none_or(|at| now < at || now.since(at) >= INTERVAL);
        is_first && rested
    }

    /// When what was added since the last time is to be written.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let after = |at: Timestamp| at.after(INTERVAL);
        self.is_dirty.then(|| self.written.map_or(Timestamp::default(), after))
    }

    /// A copy to be written, a pointer each.
    pub(super) fn take(&mut self, now: Timestamp) -> Vec<Arc<Breadcrumb>> {
        if std::mem::take(&mut self.is_dirty) {
            self.written = Some(now);
        }
        self.crumbs.iter().cloned().collect()
    }
}

/// The newest of `crumbs` that fit, without secrets. Costs a serialisation, so not to be called under a lock.
pub(super) fn fit(crumbs: Vec<Arc<Breadcrumb>>, options: &ClientOptions) -> Vec<Arc<Breadcrumb>> {
    let mut event = Event { breadcrumbs: crumbs, ..Event::default() };
    options.scrubber().event(&mut event);
    let crumbs = event.breadcrumbs;
    let mut left = MAX_BYTES;
    let mut kept: Vec<_> = Vec::new();
    for crumb in crumbs.into_iter().rev() {
        let bytes = serde_json::to_vec(&*crumb).map_or(usize::MAX, |json| json.len() + 1);
        if bytes > MAX_CRUMB_BYTES {
            continue;
        }
        let Some(rest) = left.checked_sub(bytes) else { break };
        left = rest;
        kept.push(crumb);
    }
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crumb(text: String) -> Breadcrumb {
        Breadcrumb { message: Some(text.into()), ..Breadcrumb::default() }
    }

    #[test]
    fn at_most_one_write_a_second() {
        let at = |millis: i64| Timestamp::from_micros(millis * 1000);
        let mut trail = Trail::default();
        assert!(trail.add(crumb("a".into()), 10, at(0)));
        assert_eq!(trail.take(at(0)).len(), 1);
        assert_eq!(trail.due(), None);
        assert!(!trail.add(crumb("b".into()), 10, at(300)));
        assert!(!trail.add(crumb("c".into()), 10, at(1300)), "the reminder that was set does it");
        assert_eq!(trail.due(), Some(at(1000)));
        assert_eq!(trail.take(at(1000)).len(), 3);
        assert!(trail.add(crumb("d".into()), 10, at(2000)));
    }

    #[test]
    fn the_newest_that_fit_are_kept() {
        let crumbs = (0..100).map(|n| Arc::new(crumb(format!("{n} {}", "x".repeat(1000))))).collect();
        let options = ClientOptions::new();
        let kept = fit(crumbs, &options);
        assert!((20..25).contains(&kept.len()), "{}", kept.len());
        assert!(kept.last().unwrap().message.as_deref().unwrap().starts_with("99 "));
        assert!(fit(vec![Arc::new(crumb("y".repeat(5000)))], &options).is_empty());
    }
}
