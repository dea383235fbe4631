use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;

/// A node of the contribution tree: a named part of an event, whether it takes part in the hash, and why not.
///
/// *JSON*, kept short because there is one tree per event: `{"id": "frame", "v": [..]}`, with `"off": "reason"` where
/// the part does not contribute. A leaf is `{"id": "function", "v": "charge"}`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Component {
    /// What this is: `exception`, `frame`, `module` ...
    pub id: &'static str,
    /// Whether it takes part in the hash.
    pub contributes: bool,
    /// Why it does not, or what was done to it.
    pub hint: Option<Cow<'static, str>>,
    /// What it consists of, in order.
    pub parts: Vec<Part>,
}

/// Content of a [`Component`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Part {
    /// A value as it enters the hash.
    Text(String),
    /// A smaller component.
    Node(Component),
}

impl Component {
    /// A leaf that takes part.
    pub(super) fn leaf(id: &'static str, value: impl Into<String>) -> Self {
        Self { id, contributes: true, hint: None, parts: vec![Part::Text(value.into())] }
    }

    /// A leaf that does not, with the reason.
    pub(super) fn leaf_off(id: &'static str, value: impl Into<String>, hint: &'static str) -> Self {
        let mut leaf = Self::leaf(id, value);
        leaf.switch_off(hint);
        leaf
    }

    /// A node that takes part if one of its children does.
    pub(super) fn node(id: &'static str, children: impl IntoIterator<Item = Component>) -> Self {
        let parts: Vec<Part> = children.into_iter().map(Part::Node).collect();
        let contributes = parts.iter().any(|part| matches!(part, Part::Node(node) if node.contributes));
        Self { id, contributes, hint: None, parts }
    }

    pub(super) fn switch_off(&mut self, hint: impl Into<Cow<'static, str>>) {
        self.contributes = false;
        self.hint = Some(hint.into());
    }

    pub(super) fn children(&self) -> impl Iterator<Item = &Component> {
        self.parts.iter().filter_map(|part| match part {
            Part::Node(node) => Some(node),
            Part::Text(_) => None,
        })
    }

    pub(super) fn children_mut(&mut self) -> impl Iterator<Item = &mut Component> {
        self.parts.iter_mut().filter_map(|part| match part {
            Part::Node(node) => Some(node),
            Part::Text(_) => None,
        })
    }

    /// Whether this or anything in it is a contributing component called `id`.
    pub(super) fn has_contributing(&self, id: &str) -> bool {
        self.contributes && (self.id == id || self.children().any(|child| child.has_contributing(id)))
    }
}

impl Serialize for Component {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", self.id)?;
        match &self.hint {
            Some(hint) => map.serialize_entry(if self.contributes { "hint" } else { "off" }, hint)?,
            None if !self.contributes => map.serialize_entry("off", "nothing in it contributes")?,
            None => {}
        }
        match self.parts.as_slice() {
            [Part::Text(text)] => map.serialize_entry("v", text)?,
            parts => map.serialize_entry("v", parts)?,
        }
        map.end()
    }
}

impl Serialize for Part {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Node(node) => node.serialize(serializer),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_short_and_says_why() {
        let frame = Component::node(
            "frame",
            [
                Component::leaf("function", "f"),
                Component::leaf_off("filename", "a.py", "the module is enough"),
            ],
        );
        assert_eq!(
            serde_json::to_string(&frame).unwrap(),
            r#"{"id":"frame","v":[{"id":"function","v":"f"},{"id":"filename","off":"the module is enough","v":"a.py"}]}"#
        );
        assert!(frame.has_contributing("function") && !frame.has_contributing("filename"));
    }
}
