//! Names in maps.

use std::borrow::{Borrow, Cow};
use std::fmt;
use std::ops::Deref;

use serde::{Serialize, Serializer};

/// A name in a map; one that the protocol has is not copied.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(Cow<'static, str>);

impl Key {
    /// A name that comes from outside.
    pub(crate) fn of(name: &str) -> Self {
        Self(known(name).map_or_else(|| Cow::Owned(name.to_owned()), Cow::Borrowed))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name if the program has it, where it stands without anything that JSON would escape.
    pub(super) fn plain(&self) -> Option<&'static str> {
        if let Cow::Borrowed(name) = self.0 { Some(name) } else { None }
    }

    /// A number that differs for most names.
    pub(super) fn spread(&self) -> usize {
        let name = self.0.as_bytes();
        match name {
            [first, .., last] => {
                let middle = name[name.len() / 2];
                name.len() * 31 + usize::from(*first) * 13 + usize::from(middle) * 19 + usize::from(*last) * 7
            }
            _ => name.len(),
        }
    }

    /// The name as a text of its own.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }
}

/// A name that the program has, of letters, digits and the like.
impl From<&'static str> for Key {
    fn from(name: &'static str) -> Self {
        debug_assert!(!name.contains(|c: char| c == '"' || c == '\\' || c < ' '), "{name:?} is from outside");
        Self(Cow::Borrowed(name))
    }
}

impl From<String> for Key {
    fn from(name: String) -> Self {
        Self(Cow::Owned(name))
    }
}

impl Deref for Key {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// A key hashes and compares as its text.
impl Borrow<str> for Key {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Key {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Key {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self)
    }
}

/// The name as the program has it, where it is one that events have again and again.
fn known(name: &str) -> Option<&'static str> {
    let found = KNOWN[place(name.as_bytes())?];
    (found == name).then_some(found)
}

/// Where a name would stand in the table; `None` where it is too short or too long to stand there.
const fn place(name: &[u8]) -> Option<usize> {
    let length = name.len();
    if length < 2 || length > LONGEST {
        return None;
    }
    let (first, middle, last) = (name[0] as usize, name[length / 2] as usize, name[length - 1] as usize);
    Some((length * 31 + first * 13 + middle * 19 + last * 7) % PLACES)
}

/// One name for each place; of two that fall on one place the first would be copied.
static KNOWN: [&str; PLACES] = {
    let mut table = [""; PLACES];
    let mut at = 0;
    while at < NAMES.len() {
        if let Some(place) = place(NAMES[at].as_bytes()) {
            table[place] = NAMES[at];
        }
        at += 1;
    }
    table
};

const PLACES: usize = 1_024;
const LONGEST: usize = 24;

/// What is there in most events.
const NAMES: [&str; 117] = [
    "build",
    "kernel_version",
    "raw_description",
    "sys.argv",
    "trace",
    "profile",
    "culture",
    "calendar",
    "locale",
    "display_name",
    "timezone",
    "device",
    "app",
    "model",
    "family",
    "arch",
    "app_start_time",
    "app_memory",
    "memory_size",
    "free_memory",
    "boot_time",
    "os",
    "runtime",
    "browser",
    "trace_id",
    "span_id",
    "parent_span_id",
    "op",
    "status",
    "origin",
    "description",
    "start_timestamp",
    "spans",
    "measurements",
    "request",
    "url",
    "method",
    "headers",
    "cookies",
    "query_string",
    "env",
    "fragment",
    "inferred_content_type",
    "user",
    "id",
    "username",
    "email",
    "ip_address",
    "geo",
    "event_id",
    "level",
    "platform",
    "logger",
    "logentry",
    "formatted",
    "params",
    "transaction",
    "transaction_info",
    "source",
    "server_name",
    "release",
    "dist",
    "environment",
    "fingerprint",
    "modules",
    "extra",
    "contexts",
    "breadcrumbs",
    "debug_meta",
    "images",
    "image_addr",
    "image_size",
    "debug_id",
    "code_id",
    "code_file",
    "debug_file",
    "exception",
    "threads",
    "values",
    "sdk",
    "packages",
    "integrations",
    "settings",
    "infer_ip",
    "received",
    "project",
    "culprit",
    "metadata",
    "title",
    "tags",
    "errors",
    "_meta",
    "category",
    "message",
    "timestamp",
    "type",
    "value",
    "data",
    "mechanism",
    "handled",
    "version",
    "name",
    "stacktrace",
    "frames",
    "vars",
    "raw_function",
    "instruction_addr",
    "colno",
    "pre_context",
    "post_context",
    "context_line",
    "abs_path",
    "module",
    "lineno",
    "in_app",
    "filename",
    "function",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_place_of_its_own() {
        let lost: Vec<_> = NAMES.iter().filter(|name| known(name).is_none()).collect();
        assert!(lost.is_empty(), "{lost:?}");
    }

    #[test]
    fn a_name_is_what_it_says() {
        for name in ["", "a", "function", "functions", "käse", &"x".repeat(100)] {
            assert_eq!(Key::of(name).as_str(), name);
            assert_eq!(Key::of(name), Key::from(name.to_owned()));
        }
    }
}
