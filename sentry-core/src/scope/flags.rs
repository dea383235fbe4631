//! Feature flags that the work has asked for.

use std::sync::Arc;

use serde_json::json;

use super::sources::same;
use crate::protocol::{Context, Map, Value};
use crate::text::Text;

/// So many are kept (feature flags, published spec).
const MAX: usize = 100;

/// The last evaluations, oldest first; a flag is there once, with its last value. A copy is a pointer.
#[derive(Debug, Clone, Default)]
pub(super) struct Flags(Option<Arc<Vec<(Text, bool)>>>);

impl Flags {
    /// Notes an evaluation, as the newest.
    pub(super) fn add(&mut self, flag: Text, result: bool) {
        let list = Arc::make_mut(self.0.get_or_insert_default());
        if let Some(at) = list.iter().position(|(known, _)| *known == flag) {
            list.remove(at);
        } else if list.len() >= MAX {
            list.remove(0);
        }
        list.push((flag, result));
    }

    pub(super) fn remove(&mut self, flag: &str) {
        if let Some(list) = &mut self.0 {
            Arc::make_mut(list).retain(|(known, _)| known.as_str() != flag);
        }
    }

    /// Notes what another list holds, as the newest.
    pub(super) fn merge(&mut self, other: &Self) {
        for (flag, result) in other.0.iter().flat_map(|list| list.iter()) {
            self.add(flag.clone(), *result);
        }
    }

    /// True if nothing was noted in one of them that was not in the other.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        same(self.0.as_ref(), other.0.as_ref())
    }

    fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|list| list.is_empty())
    }
}

/// The `flags` context of scopes, the most general first; `None` if there are no flags.
pub(super) fn context<'a>(layers: impl Iterator<Item = &'a Flags>) -> Option<Context> {
    let mut layers = layers.filter(|flags| !flags.is_empty());
    let mut merged = layers.next()?.clone();
    for flags in layers {
        merged.merge(flags);
    }
    let entry = |(flag, result): &(Text, bool)| json!({"flag": flag.as_str(), "result": result});
    let values: Vec<Value> = merged.0.iter().flat_map(|list| list.iter()).map(entry).collect();
    let mut map = Map::new();
    map.insert("values".to_owned(), values.into());
    Some(Arc::new(map))
}
