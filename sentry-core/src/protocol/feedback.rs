//! What a user says.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Event, EventId, Level, Map};
use crate::error::{Error, Result};
use crate::text::Text;

/// Feedback, as it stands under `contexts.feedback` (feedback, published spec 1.3.0).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feedback {
    /// What the user says. Not empty; what is beyond 4096 characters is cut off, and noted in `_meta`.
    pub message: Text,
    /// Where the user can be answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact_email: Option<Text>,
    /// The user's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Text>,
    /// The page that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text>,
    /// The event that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub associated_event_id: Option<EventId>,
    /// The replay that shows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_id: Option<Text>,
}

/// The longest message that servers take, in characters.
const MAX_MESSAGE: usize = 4096;

impl Feedback {
    /// Feedback that says this.
    pub fn new(message: impl Into<Text>) -> Self {
        Self { message: message.into(), ..Self::default() }
    }

    /// The event that carries it.
    pub(crate) fn into_event(mut self) -> Result<Event> {
        if self.message.trim().is_empty() {
            return Err(Error::payload("message", "it is empty; feedback says something, like `It is slow`"));
        }
        let mut event = Event { level: Some(Level::Info), ..Event::default() };
        if let Some((end, _)) = self.message.char_indices().nth(MAX_MESSAGE) {
            let length = self.message.chars().count();
            let note = json!({"": {"rem": [["!limit", "x", 0, MAX_MESSAGE]], "len": length}});
            event.other.insert("_meta".into(), json!({"contexts": {"feedback": {"message": note}}}));
            self.message = self.message[..end].into();
        }
        let map: Map = match serde_json::to_value(&self) {
            Ok(serde_json::Value::Object(map)) => map,
            _ => return Err(Error::payload("feedback", "it cannot be written as JSON")),
        };
        event.contexts.insert(Text::from_static("feedback"), map.into());
        Ok(event)
    }
}
