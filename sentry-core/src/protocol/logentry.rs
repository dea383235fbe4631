//! The message of an event.

use serde::{Deserialize, Serialize};

use super::{Map, Value};
use crate::text::Text;

/// A message: its final text, or its template and parameters, which group better.
///
/// Limits: 8,192 characters each.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct LogEntry {
    /// The final text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub formatted: Option<Text>,
    /// The template, like `Cart %s is gone`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Text>,
    /// What belongs in the template's places.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub params: Vec<Value>,
    /// Fields that the core does not know.
    #[serde(flatten)]
    pub other: Map,
}

impl LogEntry {
    /// A message without parameters.
    pub fn plain(text: impl Into<Text>) -> Self {
        Self { formatted: Some(text.into()), ..Self::default() }
    }

    /// True if there is the final text and nothing else.
    pub(crate) fn is_plain(&self) -> bool {
        let Self { formatted, message, params, other } = self;
        formatted.is_some() && message.is_none() && params.is_empty() && other.is_empty()
    }
}

/// A bare string is the final text; `params` may be a list or an object.
impl<'de> Deserialize<'de> for LogEntry {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Form {
            Text(Text),
            Parts {
                formatted: Option<Text>,
                message: Option<Text>,
                params: Option<Value>,
                #[serde(flatten)]
                other: Map,
            },
        }
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => Self::plain(text),
            Form::Parts { formatted, message, params, other } => {
                let params = match params {
                    None | Some(Value::Null) => Vec::new(),
                    Some(Value::Array(list)) => list,
                    Some(other) => vec![other],
                };
                Self { formatted, message, params, other }
            }
        })
    }
}
