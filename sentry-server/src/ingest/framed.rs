//! Writing an envelope of what came in another form, so that the digest knows one form only.

use serde_json::{Map, Value, json};
use watchpost_core::EventId;

/// An envelope that grows item by item.
pub(super) struct Framed(Vec<u8>);

impl Framed {
    pub(super) fn new(id: EventId) -> Self {
        Self(json!({ "event_id": id }).to_string().into_bytes())
    }

    /// Adds an item; `more` are headers beside type and length.
    pub(super) fn add(&mut self, kind: &str, more: Map<String, Value>, payload: &[u8]) {
        let mut header = Map::new();
        header.insert("type".to_owned(), kind.into());
        header.extend(more);
        header.insert("length".to_owned(), payload.len().into());
        self.0.push(b'\n');
        self.0.extend_from_slice(Value::Object(header).to_string().as_bytes());
        self.0.push(b'\n');
        self.0.extend_from_slice(payload);
    }

    pub(super) fn add_json(&mut self, kind: &str, payload: &Value) {
        self.add(kind, Map::new(), payload.to_string().as_bytes());
    }

    pub(super) fn add_attachment(
        &mut self,
        filename: &str,
        attachment_type: &str,
        content_type: Option<&str>,
        payload: &[u8],
    ) {
        let mut more = Map::new();
        // Without folders: a name is shown and saved by.
        let name = filename.rsplit(['/', '\\']).next().unwrap_or_default();
        let name = if name.is_empty() { "attachment" } else { name };
        more.insert("filename".to_owned(), name.into());
        more.insert("attachment_type".to_owned(), attachment_type.into());
        if let Some(content_type) = content_type {
            more.insert("content_type".to_owned(), content_type.into());
        }
        self.add("attachment", more, payload);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
}
