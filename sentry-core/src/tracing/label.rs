//! Words that become text only where somebody records them.

use std::borrow::Cow;

use crate::text::Text;

/// A name, operation or description on its way into a span: borrowed, owned, or text already. A span that is not
/// sampled never turns it into [`Text`], so it costs nothing there.
#[derive(Debug, Clone)]
pub struct Label<'a>(Repr<'a>);

#[derive(Debug, Clone)]
enum Repr<'a> {
    Borrowed(&'a str),
    Owned(String),
    Text(Text),
}

impl Label<'_> {
    /// The characters.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Repr::Borrowed(text) => text,
            Repr::Owned(text) => text,
            Repr::Text(text) => text,
        }
    }

    /// Text that can be kept; nothing for an empty label.
    pub(crate) fn into_text(self) -> Option<Text> {
        let text = match self.0 {
            Repr::Borrowed(text) => text.into(),
            Repr::Owned(text) => text.into(),
            Repr::Text(text) => text,
        };
        (!text.is_empty()).then_some(text)
    }
}

impl Label<'static> {
    /// Text that can be kept, without a copy of what lives for ever.
    pub(crate) fn into_static(self) -> Text {
        match self.0 {
            Repr::Borrowed(text) => Text::from_static(text),
            Repr::Owned(text) => text.into(),
            Repr::Text(text) => text,
        }
    }
}

impl<'a> From<&'a str> for Label<'a> {
    fn from(text: &'a str) -> Self {
        Self(Repr::Borrowed(text))
    }
}

impl<'a> From<&'a String> for Label<'a> {
    fn from(text: &'a String) -> Self {
        Self(Repr::Borrowed(text))
    }
}

impl From<String> for Label<'_> {
    fn from(text: String) -> Self {
        Self(Repr::Owned(text))
    }
}

impl From<Text> for Label<'_> {
    fn from(text: Text) -> Self {
        Self(Repr::Text(text))
    }
}

impl From<&Text> for Label<'_> {
    fn from(text: &Text) -> Self {
        Self(Repr::Text(text.clone()))
    }
}

impl<'a> From<Cow<'a, str>> for Label<'a> {
    fn from(text: Cow<'a, str>) -> Self {
        match text {
            Cow::Borrowed(text) => text.into(),
            Cow::Owned(text) => text.into(),
        }
    }
}
