use serde::ser::{Serialize, SerializeMap, Serializer};
use std::borrow::Cow;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

/// A node of the contribution tree: a named part of an event, whether it takes part in the hash, and why not.
///
/// *JSON*, kept short because there is one tree per event: `{"id": "frame", "v": [..]}`, with `"off": "reason"` where
/// the part does not contribute. A leaf is `{"id": "function", "v": "charge"}`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Component {
    /// What this is: `exception`, `frame`, `module` ...
    pub id: &'static str,
    /// Whether it takes part in the hash.
    pub contributes: bool,
    /// Why it does not, or what was done to it.
    pub hint: Option<Cow<'static, str>>,
    /// What it consists of.
    pub content: Content,
}

/// Content of a [`Component`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// A value as it enters the hash.
    Text(String),
    /// Smaller components, in order. Shared: what a frame consists of is the same in every variant.
    Nodes(Arc<Vec<Component>>),
}

impl Component {
    /// A leaf that takes part.
    pub(super) fn leaf(id: &'static str, value: impl Into<String>) -> Self {
        Self { id, contributes: true, hint: None, content: Content::Text(value.into()) }
    }

    /// A leaf that does not, with the reason.
    pub(super) fn leaf_off(id: &'static str, value: impl Into<String>, hint: &'static str) -> Self {
        let mut leaf = Self::leaf(id, value);
        leaf.switch_off(hint);
        leaf
    }

    /// A node that takes part if one of its children does.
    pub(super) fn node(id: &'static str, children: impl IntoIterator<Item = Component>) -> Self {
        let nodes: Vec<Self> = children.into_iter().collect();
        let contributes = nodes.iter().any(|node| node.contributes);
        Self { id, contributes, hint: None, content: Content::Nodes(Arc::new(nodes)) }
    }

    pub(super) fn switch_off(&mut self, hint: impl Into<Cow<'static, str>>) {
        self.contributes = false;
        self.hint = Some(hint.into());
    }

    /// The value of a leaf.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.content {
            Content::Text(text) => Some(text),
            Content::Nodes(_) => None,
        }
    }

    pub(super) fn children(&self) -> std::slice::Iter<'_, Self> {
        match &self.content {
            Content::Text(_) => [].iter(),
            Content::Nodes(nodes) => nodes.iter(),
        }
    }

    pub(super) fn children_mut(&mut self) -> std::slice::IterMut<'_, Self> {
        match &mut self.content {
            Content::Text(_) => [].iter_mut(),
            Content::Nodes(nodes) => Arc::make_mut(nodes).iter_mut(),
        }
    }

    /// Hands out all of it. What several variants share is told of once, and is a number after that.
    pub(super) fn name<'c>(&'c self, out: &mut impl Hasher, shared: &mut Shared<'c>) {
        (self.id, self.contributes, self.hint.as_deref()).hash(out);
        match &self.content {
            Content::Text(text) => (0_u8, text).hash(out),
            Content::Nodes(nodes) => match shared.place(nodes) {
                Some(place) => (1_u8, place).hash(out),
                None => {
                    (2_u8, nodes.len()).hash(out);
                    nodes.iter().for_each(|node| node.name(out, shared));
                }
            },
        }
    }

    /// Whether this or anything in it is a contributing component called `id`.
    pub(super) fn has_contributing(&self, id: &str) -> bool {
        self.contributes && (self.id == id || self.children().any(|child| child.has_contributing(id)))
    }
}

/// What the first variant shares with those behind it, in the order in which all of them have it.
#[derive(Debug, Default)]
pub(super) struct Shared<'c> {
    met: Vec<&'c Arc<Vec<Component>>>,
    /// What comes next, once the first variant is told of.
    next: Option<usize>,
}

impl<'c> Shared<'c> {
    /// A variant is told of.
    pub(super) fn again(&mut self) {
        self.next = Some(0);
    }

    /// Which of those that were met this is.
    fn place(&mut self, nodes: &'c Arc<Vec<Component>>) -> Option<usize> {
        match self.next {
            Some(next) if self.met.get(next).is_some_and(|met| Arc::ptr_eq(met, nodes)) => {
                self.next = Some(next + 1);
                Some(next)
            }
            Some(_) => None,
            None => {
                if Arc::strong_count(nodes) > 1 {
                    self.met.push(nodes);
                }
                None
            }
        }
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
        match &self.content {
            Content::Text(text) => map.serialize_entry("v", text)?,
            Content::Nodes(nodes) => map.serialize_entry("v", nodes.as_slice())?,
        }
        map.end()
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
