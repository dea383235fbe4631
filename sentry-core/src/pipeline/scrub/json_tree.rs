//! What can be masked: the JSON of `serde_json`, and that of others.

use crate::protocol::{Map, Value};

/// A tree of JSON whose texts can be changed where they are.
pub trait JsonTree: From<&'static str> + Sized {
    /// A map of such trees.
    type Map: JsonMap<Tree = Self>;

    /// What it consists of.
    fn parts(&mut self) -> JsonParts<'_, Self>;

    /// The text, if it is one.
    fn as_str(&self) -> Option<&str>;

    /// Whether it is `null`.
    fn is_null(&self) -> bool;
}

/// The maps of a [`JsonTree`].
pub trait JsonMap {
    /// What stands in it.
    type Tree;

    /// What stands under a name.
    fn get_mut(&mut self, name: &str) -> Option<&mut Self::Tree>;

    /// All entries.
    fn entries(&mut self) -> impl Iterator<Item = (&str, &mut Self::Tree)>;
}

/// What a [`JsonTree`] consists of.
#[derive(Debug)]
pub enum JsonParts<'t, T: JsonTree> {
    /// Entries with names.
    Map(&'t mut T::Map),
    /// Entries without.
    List(&'t mut [T]),
    /// A text.
    Text(&'t mut String),
    /// A number, a flag, or nothing.
    Other,
}

impl JsonTree for Value {
    type Map = Map;

    fn parts(&mut self) -> JsonParts<'_, Self> {
        match self {
            Self::Object(map) => JsonParts::Map(map),
            Self::Array(list) => JsonParts::List(list),
            Self::String(text) => JsonParts::Text(text),
            _ => JsonParts::Other,
        }
    }

    fn as_str(&self) -> Option<&str> {
        self.as_str()
    }

    fn is_null(&self) -> bool {
        self.is_null()
    }
}

impl JsonMap for Map {
    type Tree = Value;

    fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.get_mut(name)
    }

    fn entries(&mut self) -> impl Iterator<Item = (&str, &mut Value)> {
        self.iter_mut().map(|(name, value)| (name.as_str(), value))
    }
}
