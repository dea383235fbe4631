//! Attributes of spans, logs and metrics: `{"key": {"value": .., "type": ..}}`, or the bare value.

use super::{MAX_ENVIRONMENT, MAX_RELEASE};
use crate::json::{Map, Value};
use crate::normalize;

/// The attributes of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Attributes<'a>(Option<&'a Map>);

impl<'a> Attributes<'a> {
    pub(super) fn of(entry: &'a Map) -> Self {
        let named = ["attributes", "data"].iter().find_map(|key| entry.get(*key)?.as_object());
        Self(named)
    }

    pub(super) fn value(self, key: &str) -> Option<&'a Value> {
        let value = self.0?.get(key)?;
        Some(value.get("value").unwrap_or(value))
    }

    pub(super) fn text(self, key: &str, max: usize) -> Option<String> {
        let text = self.value(key)?.as_str()?.trim();
        (!text.is_empty()).then(|| normalize::shorten(text, max))
    }

    pub(super) fn release(self) -> Option<String> {
        self.text("sentry.release", MAX_RELEASE)
    }

    pub(super) fn environment(self) -> Option<String> {
        self.text("sentry.environment", MAX_ENVIRONMENT)
    }
}
