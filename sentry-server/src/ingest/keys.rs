//! The client keys, in memory: no request waits for the database to be let in.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use subtle::ConstantTimeEq as _;

use crate::instant::{Micros, SECOND};
use crate::store::{ClientKey, ProjectId};

/// Active keys by project.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    keys: HashMap<ProjectId, Vec<String>>,
    loaded: Option<Micros>,
}

impl KeyTable {
    /// Replaces the table by what the store has.
    pub(crate) fn load(&self, keys: &[ClientKey], now: Micros) {
        let mut table: HashMap<ProjectId, Vec<String>> = HashMap::new();
        for key in keys.iter().filter(|key| key.active) {
            table.entry(key.project).or_default().push(key.public.clone());
        }
        *self.state.write().unwrap_or_else(PoisonError::into_inner) =
            State { keys: table, loaded: Some(now) };
    }

    /// Whether the key opens the project. Compares in constant time.
    pub(crate) fn opens(&self, project: ProjectId, key: &str) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let keys = state.keys.get(&project).map_or(&[][..], Vec::as_slice);
        keys.iter().fold(false, |found, known| found | bool::from(known.as_bytes().ct_eq(key.as_bytes())))
    }

    /// The project that a key belongs to.
    pub(crate) fn project_of(&self, key: &str) -> Option<ProjectId> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for (project, keys) in &state.keys {
            if keys.iter().any(|known| bool::from(known.as_bytes().ct_eq(key.as_bytes()))) {
                found = Some(*project);
            }
        }
        found
    }

    /// Whether a miss is worth a look at the store: another process may have made a project, but wrong keys
    /// must not become a query each.
    pub(crate) fn is_stale(&self, now: Micros) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.loaded.is_none_or(|loaded| (now - loaded).abs() >= SECOND)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_active_keys_of_the_same_project_open_it() {
        let key = |project, public: &str, active| ClientKey {
            id: 1,
            project,
            public: public.to_owned(),
            label: String::new(),
            active,
            created: 0,
        };
        let table = KeyTable::default();
        assert!(table.is_stale(0));
        table.load(&[key(1, "aa", true), key(1, "bb", false), key(2, "cc", true)], 10);
        assert!(table.opens(1, "aa"));
        for (project, wrong) in [(1, "bb"), (1, "cc"), (2, "aa"), (3, "aa"), (1, ""), (1, "aaa")] {
            assert!(!table.opens(project, wrong), "{project} {wrong}");
        }
        assert!(!table.is_stale(10 + SECOND - 1));
        assert!(table.is_stale(10 + SECOND));
    }
}
