//! Which rules a frame is worth being shown to: most ask for a function, a module or a file that begins with a letter of
//! theirs, and a frame has one of each.

use super::super::frame::{Start, View};
use super::StackRule;

/// Rules by what their frame has to begin with. Rules go by their place in the list.
#[derive(Debug, Clone, Default)]
pub(super) struct Index {
    /// In their order.
    starts: Vec<(Start, u32)>,
    /// Those that any frame may match, in their order.
    others: Vec<u32>,
}

impl Index {
    pub(super) fn new<'r>(rules: impl Iterator<Item = &'r StackRule>) -> Self {
        let mut index = Self::default();
        for (place, rule) in (0..).zip(rules) {
            match rule.start() {
                Some(start) => index.starts.push((start, place)),
                None => index.others.push(place),
            }
        }
        index.starts.sort_unstable();
        index
    }

    /// Rules that any frame may match.
    pub(super) fn others(&self) -> &[u32] {
        &self.others
    }

    /// The other rules that may match some of the frames: a rule's place with a frame's, in order.
    pub(super) fn candidates(&self, views: &[View<'_>]) -> Vec<(u32, u32)> {
        let mut found = Vec::new();
        for (at, view) in (0..).zip(views) {
            view.each_start(|start| {
                let from = self.starts.partition_point(|(known, _)| *known < start);
                let same = self.starts[from..].iter().take_while(|(known, _)| *known == start);
                found.extend(same.map(|(_, rule)| (*rule, at)));
            });
        }
        found.sort_unstable();
        found
    }
}
