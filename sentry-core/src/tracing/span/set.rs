//! What can be said about a span while it is open.

use std::sync::Arc;

use super::Span;
use crate::pipeline::bound;
use crate::protocol::{MAX_LINKS, Map, Measurement, SpanLink, SpanStatus, TransactionSource, Value};
use crate::text::Text;
use crate::tracing::Label;

/// Setters. On a span that is not recorded, or has ended, they do nothing.
impl Span {
    /// Renames it: a transaction's name, or a child's description.
    pub fn set_name<'a>(&self, name: impl Into<Label<'a>>) {
        let Some(recorded) = self.open_one() else { return };
        let name = name.into().into_text();
        if recorded.is_root() {
            recorded.segment.set_name(name, None);
        } else {
            recorded.edit(|state| state.description = name);
        }
    }

    /// Says what the transaction's name was made of.
    pub fn set_source(&self, source: TransactionSource) {
        if let Some(recorded) = self.open_one() {
            recorded.segment.set_name(None, Some(source));
        }
    }

    /// Renames the transaction that this span belongs to.
    pub fn set_transaction_name<'a>(&self, name: impl Into<Label<'a>>, source: TransactionSource) {
        if let Some(recorded) = self.open_one() {
            recorded.segment.set_name(name.into().into_text(), Some(source));
        }
    }

    /// Names the transaction that this span belongs to by the route that was found for it, unless somebody has renamed it.
    /// For integrations that learn of the route after the start.
    pub fn name_transaction<'a>(&self, name: impl Into<Label<'a>>, source: TransactionSource) {
        if let Some(recorded) = self.open_one()
            && let Some(name) = name.into().into_text()
        {
            recorded.segment.set_found_name(name, source);
        }
    }

    /// Changes the operation.
    pub fn set_op(&self, op: impl Into<Label<'static>>) {
        if let Some(recorded) = self.open_one() {
            let op = op.into().into_static();
            recorded.edit(|state| state.op = Some(op));
        }
    }

    /// Changes the description.
    pub fn set_description<'a>(&self, description: impl Into<Label<'a>>) {
        if let Some(recorded) = self.open_one() {
            let description = description.into().into_text();
            recorded.edit(|state| state.description = description);
        }
    }

    /// Says how the work ended.
    pub fn set_status(&self, status: SpanStatus) {
        if let Some(recorded) = self.open_one() {
            recorded.edit(|state| state.status = Some(status));
        }
    }

    /// Says with which HTTP status the work ended.
    pub fn set_http_status(&self, code: u16) {
        if let Some(recorded) = self.open_one() {
            recorded.edit(|state| {
                state.status = SpanStatus::from_http(code);
                state.data.insert(Text::from_static("http.response.status_code"), code);
            });
        }
    }

    /// Sets a tag.
    pub fn set_tag<'a>(&self, key: impl Into<Label<'static>>, value: impl Into<Label<'a>>) {
        if let Some(recorded) = self.open_one() {
            let (key, value) = (key.into().into_static(), value.into().into_text().unwrap_or_default());
            recorded.edit(|state| state.tags.insert(key, value));
        }
    }

    /// Sets an attribute.
    pub fn set_data<'a>(&self, key: impl Into<Label<'a>>, value: impl Into<Value>) {
        if let Some(recorded) = self.open_one() {
            let (key, value) = (key.into().into_text().unwrap_or_default(), value.into());
            recorded.edit(|state| state.data.insert(key, value));
        }
    }

    /// Ties it to another span that is not its parent, of whatever trace: to each message of a batch, for example.
    /// 128 at most; what comes after is left out.
    pub fn add_link(&self, link: SpanLink) {
        if let Some(recorded) = self.open_one() {
            recorded.edit(|state| {
                if state.links.len() < MAX_LINKS {
                    state.links.push(link);
                }
            });
        }
    }

    /// Says what makes it: `auto.http.axum`.
    pub fn set_origin(&self, origin: impl Into<Label<'static>>) {
        if let Some(recorded) = self.open_one() {
            let origin = origin.into().into_static();
            recorded.edit(|state| state.origin = Some(origin));
        }
    }

    /// Replaces the object under `contexts.<key>` of the transaction that this span belongs to; it wins over those of scopes.
    pub fn set_context(&self, key: impl Into<Label<'static>>, mut value: Map) {
        if let Some(recorded) = self.open_one() {
            bound::context(&mut value);
            recorded.segment.set_context(bound::text(key.into().into_static()), Arc::new(value));
        }
    }

    /// Adds a measured number to the transaction that this span belongs to. Units are named: `millisecond`, `byte`.
    pub fn set_measurement(
        &self,
        name: impl Into<Label<'static>>,
        value: f64,
        unit: impl Into<Label<'static>>,
    ) {
        if let Some(recorded) = self.open_one() {
            let unit = Some(unit.into().into_static()).filter(|unit| !unit.is_empty());
            recorded.segment.set_measurement(name.into().into_static(), Measurement { value, unit });
        }
    }
}
