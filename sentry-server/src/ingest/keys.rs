//! The client keys and what holds for their projects, in memory: no request waits for the database to be let in.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use subtle::ConstantTimeEq as _;

use crate::instant::{Micros, SECOND};
use crate::project::{Admitted, AllSettings, LiveProject};
use crate::store::{ClientKey, OrgId, ProjectId};

/// Projects with their active keys.
#[derive(Debug, Default)]
pub(crate) struct KeyTable {
    state: RwLock<State>,
}

#[derive(Debug, Default)]
struct State {
    projects: HashMap<ProjectId, Arc<LiveProject>>,
    loaded: Option<Micros>,
}

/// What the store has about all projects.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) keys: Vec<ClientKey>,
    pub(crate) organizations: HashMap<ProjectId, OrgId>,
    pub(crate) settings: AllSettings,
    /// Events in a usual hour, of projects that have a history.
    pub(crate) hourly: HashMap<ProjectId, u64>,
}

impl KeyTable {
    /// Replaces the table by what the store has.
    pub(crate) fn load(&self, known: &Known, now: Micros) {
        let mut keys: HashMap<ProjectId, Vec<&ClientKey>> = HashMap::new();
        for key in known.keys.iter().filter(|key| key.active) {
            keys.entry(key.project).or_default().push(key);
        }
        let before = {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            state.projects.clone()
        };
        let projects = keys.into_iter().map(|(project, keys)| {
            let organization = known.organizations.get(&project).copied().unwrap_or_default();
            let hourly = known.hourly.get(&project).copied();
            let old = before.get(&project).map(Arc::as_ref);
            let live = LiveProject::new(project, organization, &keys, &known.settings, hourly, old);
            (project, Arc::new(live))
        });
        let projects = projects.collect();
        *self.state.write().unwrap_or_else(PoisonError::into_inner) = State { projects, loaded: Some(now) };
    }

    /// The project, if the key opens it. Compares in constant time.
    pub(crate) fn opens(&self, project: ProjectId, key: &str) -> Option<Admitted> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let project = state.projects.get(&project)?;
        Some(Admitted { project: Arc::clone(project), key: place_of(project, key)? })
    }

    /// The project that a key belongs to.
    pub(crate) fn project_of(&self, key: &str) -> Option<Admitted> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for project in state.projects.values() {
            if let Some(key) = place_of(project, key) {
                found = Some(Admitted { project: Arc::clone(project), key });
            }
        }
        found
    }

    /// What holds for a project; `None` for one without an active key.
    pub(crate) fn project(&self, project: ProjectId) -> Option<Arc<LiveProject>> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.projects.get(&project).map(Arc::clone)
    }

    /// Whether a miss is worth a look at the store: another process may have made a project, but wrong keys
    /// must not become a query each.
    pub(crate) fn is_stale(&self, now: Micros) -> bool {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        state.loaded.is_none_or(|loaded| (now - loaded).abs() >= SECOND)
    }
}

fn place_of(project: &LiveProject, key: &str) -> Option<usize> {
    let mut found = None;
    for (place, known) in project.keys.iter().enumerate() {
        if bool::from(known.public.as_bytes().ct_eq(key.as_bytes())) {
            found = Some(place);
        }
    }
    found
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
        let keys = vec![key(1, "aa", true), key(1, "bb", false), key(2, "cc", true)];
        table.load(&Known { keys, ..Known::default() }, 10);
        assert_eq!(table.opens(1, "aa").unwrap().id(), 1);
        assert_eq!(table.project_of("cc").unwrap().id(), 2);
        assert!(table.project_of("bb").is_none() && table.project(3).is_none());
        for (project, wrong) in [(1, "bb"), (1, "cc"), (2, "aa"), (3, "aa"), (1, ""), (1, "aaa")] {
            assert!(table.opens(project, wrong).is_none(), "{project} {wrong}");
        }
        assert!(!table.is_stale(10 + SECOND - 1));
        assert!(table.is_stale(10 + SECOND));
    }
}
