//! Contribution trees on their way to the store: nearly every event is grouped for the same reasons as one before it, and the
//! store has the tree by then, so that it need not be written out again.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::group::Grouping;
use crate::instant;
use crate::store::{GroupingTree, NewEvent};

/// The trees that the store is known to have, with the last day whose file has it.
#[derive(Debug, Default)]
pub(crate) struct Trees(Mutex<HashMap<i64, i64>>);

impl Trees {
    /// The tree of an event that was received on a day; without its text when the file of that day has it.
    pub(super) fn of(&self, grouping: &Grouping, day: i64) -> GroupingTree {
        let id = grouping.tree_id();
        let is_stored = self.stored().get(&id) == Some(&day);
        GroupingTree { id, json: (!is_stored).then(|| grouping.tree()) }
    }

    /// Forgets all: files of days are gone, and a clock that is set back may begin one of them again.
    pub(crate) fn forget(&self) {
        self.stored().clear();
    }

    /// Learns from events all of which are stored.
    pub(super) fn learn(&self, fresh: Vec<(i64, i64)>) {
        let mut stored = self.stored();
        if stored.len() + fresh.len() > MAX_STORED {
            stored.clear();
        }
        stored.extend(fresh);
    }

    fn stored(&self) -> MutexGuard<'_, HashMap<i64, i64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The tree of an event with its text.
pub(super) fn whole(grouping: &Grouping) -> GroupingTree {
    GroupingTree { id: grouping.tree_id(), json: Some(grouping.tree()) }
}

/// The trees that go to the store with their texts, and the day of each.
pub(super) fn fresh(events: &[NewEvent]) -> Vec<(i64, i64)> {
    let of = |event: &NewEvent| {
        let tree = &event.group.as_ref()?.tree;
        tree.json.is_some().then_some((tree.id, instant::day(event.received)))
    };
    events.iter().filter_map(of).collect()
}

/// Some 20 bytes each; forgetting costs one vain text per tree.
const MAX_STORED: usize = 50_000;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::tests::group_of;
    use crate::json::json;

    #[test]
    fn a_tree_is_written_out_until_it_is_stored() {
        let trees = Trees::default();
        let one = group_of(json!({ "message": "disk full" }));
        let first = trees.of(&one, 7);
        assert_eq!(first.json, Some(one.tree()));
        assert!(trees.of(&one, 7).json.is_some(), "nobody said that it is stored");
        trees.learn(vec![(first.id, 7)]);
        let again = trees.of(&one, 7);
        assert_eq!((again.id, again.json), (first.id, None));
        assert!(trees.of(&one, 8).json.is_some(), "another day has another file");
        assert!(trees.of(&group_of(json!({ "message": "disk broken" })), 7).json.is_some());
        trees.forget();
        let anew = trees.of(&one, 7);
        assert_eq!((anew.id, anew.json), (first.id, whole(&one).json), "the same name and text again");
        assert_eq!(whole(&one).id, first.id);
    }
}
