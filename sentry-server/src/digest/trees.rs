//! Contribution trees on their way to the store: nearly every event is grouped for the same reasons as one before it, and the
//! store has the tree by then, so that it need not be written out again.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::group::Grouping;
use crate::instant;
use crate::store::{GroupingTree, NewEvent};

/// The trees that the store is known to have.
#[derive(Debug, Default)]
pub(crate) struct Trees {
    /// Keys are hashes with a secret of this process: nobody can make two trees of one key.
    keys: RandomState,
    stored: Mutex<HashMap<u64, Stored>>,
}

#[derive(Debug)]
struct Stored {
    id: i64,
    /// The last day whose file has it.
    day: i64,
}

impl Trees {
    /// The tree of an event that was received on a day; without its text when the file of that day has it.
    pub(super) fn of(&self, grouping: &Grouping, day: i64) -> GroupingTree {
        let key = self.keys.hash_one(grouping.reasons());
        let stored = self.stored().get(&key).filter(|stored| stored.day == day).map(|stored| stored.id);
        match stored {
            Some(id) => GroupingTree { id, key, json: None },
            None => GroupingTree { key, ..GroupingTree::new(grouping.tree()) },
        }
    }

    /// Learns from events all of which are stored.
    pub(super) fn learn(&self, fresh: Vec<Fresh>) {
        let mut stored = self.stored();
        if stored.len() + fresh.len() > MAX_STORED {
            stored.clear();
        }
        stored.extend(fresh.into_iter().map(|Fresh(key, tree)| (key, tree)));
    }

    fn stored(&self) -> MutexGuard<'_, HashMap<u64, Stored>> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A tree that goes to the store with its text.
#[derive(Debug)]
pub(super) struct Fresh(u64, Stored);

/// Those of a batch.
pub(super) fn fresh(events: &[NewEvent]) -> Vec<Fresh> {
    let of = |event: &NewEvent| {
        let tree = &event.group.as_ref()?.tree;
        let stored = Stored { id: tree.id, day: instant::day(event.received) };
        tree.json.is_some().then_some(Fresh(tree.key, stored))
    };
    events.iter().filter_map(of).collect()
}

/// Some 40 bytes each; forgetting costs one vain text per tree.
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
        trees.learn(vec![Fresh(first.key, Stored { id: first.id, day: 7 })]);
        let again = trees.of(&one, 7);
        assert_eq!((again.id, again.json), (first.id, None));
        assert!(trees.of(&one, 8).json.is_some(), "another day has another file");
        assert!(trees.of(&group_of(json!({ "message": "disk broken" })), 7).json.is_some());
    }
}
