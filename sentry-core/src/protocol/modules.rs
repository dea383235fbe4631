//! Which packages the application is made of.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use crate::text::Text;

/// Bytes of names and versions together, on the wire.
const MAX_BYTES: usize = 8 * 1024;

/// Names and versions of packages, at most 8 KiB.
///
/// Immutable and shared: all events of a process may have the same, which is made into JSON once.
///
/// ```
/// use watchpost_core::Modules;
///
/// let modules: Modules = [("serde", "1.0.228"), ("tokio", "1.48.0")].into_iter().collect();
/// assert_eq!(modules.get("serde"), Some("1.0.228"));
/// ```
#[derive(Clone, Default)]
pub struct Modules(Option<Arc<List>>);

struct List {
    versions: BTreeMap<Text, Text>,
    /// So many there were, if not all of them fit.
    of: Option<usize>,
    json: OnceLock<Option<Box<RawValue>>>,
}

impl Modules {
    /// The version of this package.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.as_ref()?.versions.get(name).map(Text::as_str)
    }

    /// Names and versions, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.versions().map(|(name, version)| (name.as_str(), version.as_str()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |list| list.versions.len())
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// How many were given, if not all of them fit.
    pub(crate) fn cut_from(&self) -> Option<usize> {
        self.0.as_ref()?.of
    }

    fn versions(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().flat_map(|list| &list.versions)
    }
}

/// In the order of their importance: from the first on that does not fit, the rest is left out.
impl<N: Into<Text>, V: Into<Text>> FromIterator<(N, V)> for Modules {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(all: I) -> Self {
        let (mut versions, mut left, mut count, mut is_full) = (BTreeMap::new(), MAX_BYTES, 0, false);
        for (name, version) in all {
            let (name, version) = (name.into().shared(), version.into().shared());
            count += 1;
            // Quotes, colon and comma.
            let cost = name.len() + version.len() + 6;
            is_full |= cost > left;
            if !is_full {
                left -= cost;
                versions.insert(name, version);
            }
        }
        let of = is_full.then_some(count);
        let list = List { versions, of, json: OnceLock::new() };
        Self((count > 0).then(|| Arc::new(list)))
    }
}

impl Serialize for Modules {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Some(list) = &self.0 else { return serializer.collect_map::<&str, &str, _>([]) };
        match list.json.get_or_init(|| to_raw_value(&list.versions).ok()) {
            Some(json) => json.serialize(serializer),
            None => list.versions.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Modules {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let versions = Option::<BTreeMap<Text, Text>>::deserialize(deserializer)?;
        Ok(versions.unwrap_or_default().into_iter().collect())
    }
}

impl PartialEq for Modules {
    fn eq(&self, other: &Self) -> bool {
        self.versions().eq(other.versions())
    }
}

impl fmt::Debug for Modules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.versions()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ones_stay_when_there_are_too_many() {
        let names: Vec<String> = (0..1000).map(|number| format!("package-{:04}", 999 - number)).collect();
        let modules: Modules = names.iter().map(|name| (name.as_str(), "1.0.0")).collect();
        let json = serde_json::to_string(&modules).unwrap();
        assert!((MAX_BYTES - 30..=MAX_BYTES + 1).contains(&json.len()), "{}", json.len());
        assert_eq!((modules.get("package-0999"), modules.get("package-0000")), (Some("1.0.0"), None));
        assert_eq!(modules.cut_from(), Some(1000));
        let again: Modules = serde_json::from_str(&json).unwrap();
        assert_eq!((&again, again.cut_from()), (&modules, None));
    }

    #[test]
    fn none_are_an_object_too() {
        let none = Modules::from_iter(Vec::<(Text, Text)>::new());
        assert!(none.is_empty() && none == Modules::default());
        assert_eq!(serde_json::to_string(&none).unwrap(), "{}");
        assert_eq!(serde_json::from_str::<Modules>("null").unwrap(), none);
    }
}
