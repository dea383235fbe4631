//! From bytes to items, without copying.

use std::borrow::Cow;

use serde::Deserialize;

use super::{EnvelopeHeader, ItemHeader, ItemType};
use crate::error::{Error, Result};

/// Walks through the items of an envelope.
///
/// ```
/// use watchpost_core::EnvelopeReader;
/// let mut reader = EnvelopeReader::new(b"{}\n{\"type\":\"event\"}\n{}\n").unwrap();
/// let (header, payload) = reader.next_item().unwrap().unwrap();
/// assert_eq!((header.item_type.as_str(), payload), ("event", &b"{}"[..]));
/// assert!(reader.next_item().unwrap().is_none());
/// ```
#[derive(Debug)]
pub struct EnvelopeReader<'a> {
    header: EnvelopeHeader,
    items: ItemReader<'a>,
}

/// Walks through the items of an envelope whose header does not matter: what they are and their bytes.
///
/// ```
/// use watchpost_core::{ItemReader, ItemType};
/// let mut items = ItemReader::new(b"{}\n{\"type\":\"event\"}\n{}\n");
/// assert_eq!(items.next_item().unwrap(), Some((ItemType::Event, &b"{}"[..])));
/// assert_eq!(items.next_item().unwrap(), None);
/// ```
#[derive(Debug)]
pub struct ItemReader<'a> {
    rest: &'a [u8],
    /// How many items came before, for error texts.
    index: usize,
}

impl<'a> EnvelopeReader<'a> {
    /// Reads the first line.
    ///
    /// # Errors
    /// When it is not a JSON object on a line of its own.
    pub fn new(bytes: &'a [u8]) -> Result<Self> {
        let (line, rest) = split_line(bytes);
        if line.is_empty() {
            return Err(Error::envelope("the first line is empty; it must be a JSON object, at least `{}`"));
        }
        let header = serde_json::from_slice(line)
            .map_err(|e| Error::envelope(format!("the first line is not a valid envelope header: {e}")))?;
        Ok(Self { header, items: ItemReader { rest, index: 0 } })
    }

    /// The first line.
    pub fn header(&self) -> &EnvelopeHeader {
        &self.header
    }

    /// The first line, owned.
    pub fn into_header(self) -> EnvelopeHeader {
        self.header
    }

    /// The next item, `None` after the last.
    ///
    /// # Errors
    /// When an item's header is not a JSON object with a `type`, or its payload is cut off or not followed by LF.
    pub fn next_item(&mut self) -> Result<Option<(ItemHeader, &'a [u8])>> {
        self.items.next(|header: &ItemHeader| header.length)
    }
}

/// As much of an item's header as framing takes; the rest is not kept.
#[derive(Deserialize)]
struct Brief<'a> {
    #[serde(rename = "type", borrow)]
    item_type: Cow<'a, str>,
    #[serde(default)]
    length: Option<usize>,
}

impl<'a> ItemReader<'a> {
    /// Passes over the first line, whatever it is.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: split_line(bytes).1, index: 0 }
    }

    /// The next item, `None` after the last. Allocates nothing for a type that the core knows.
    ///
    /// # Errors
    /// As [`EnvelopeReader::next_item`].
    pub fn next_item(&mut self) -> Result<Option<(ItemType, &'a [u8])>> {
        let next = self.next(|header: &Brief<'a>| header.length)?;
        Ok(next.map(|(header, payload)| (ItemType::parse(&header.item_type), payload)))
    }

    fn next<H: Deserialize<'a>>(
        &mut self,
        length: impl FnOnce(&H) -> Option<usize>,
    ) -> Result<Option<(H, &'a [u8])>> {
        // Empty lines between items do no harm; old clients end with several.
        while let [b'\n', rest @ ..] = self.rest {
            self.rest = rest;
        }
        if self.rest.is_empty() {
            return Ok(None);
        }
        let index = self.index;
        self.index += 1;
        let (line, rest) = split_line(self.rest);
        let header: H = serde_json::from_slice(line)
            .map_err(|e| Error::envelope(format!("the header of item {index} is not valid: {e}")))?;
        let payload = match length(&header) {
            None => {
                let (payload, rest) = split_line(rest);
                self.rest = rest;
                payload
            }
            Some(length) => {
                let Some((payload, rest)) = rest.split_at_checked(length) else {
                    let have = rest.len();
                    let text =
                        format!("item {index} ends after {have} of the {length} bytes its header promises");
                    return Err(Error::envelope(text));
                };
                self.rest = match rest {
                    [] => rest,
                    [b'\n', rest @ ..] => rest,
                    _ => {
                        let text =
                            format!("item {index} goes on after the {length} bytes its header promises");
                        return Err(Error::envelope(text));
                    }
                };
                payload
            }
        };
        Ok(Some((header, payload)))
    }
}

/// The bytes before the first LF and those after it.
fn split_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    match bytes.iter().position(|b| *b == b'\n') {
        Some(at) => (&bytes[..at], &bytes[at + 1..]),
        None => (bytes, &[]),
    }
}

#[cfg(test)]
mod tests {
    use crate::envelope::{Envelope, ItemType};

    fn items(text: &str) -> Vec<(String, String)> {
        let envelope = Envelope::decode(text.as_bytes()).unwrap();
        let pairs = envelope.items.into_iter();
        pairs.map(|i| (i.header.item_type.to_string(), String::from_utf8(i.payload).unwrap())).collect()
    }

    #[test]
    fn framing_rules() {
        assert!(items("{}").is_empty());
        assert_eq!(items("{}\n{\"type\":\"x\",\"length\":0}"), [("x".into(), String::new())]);
        assert_eq!(items("{}\n{\"type\":\"x\"}"), [("x".into(), String::new())]);
        assert_eq!(items("{}\n{\"type\":\"x\",\"length\":3}\na\nb\n"), [("x".into(), "a\nb".into())]);
        assert_eq!(items("{}\n{\"type\":\"x\"}\na\r\n"), [("x".into(), "a\r".into())]);
        assert_eq!(items("{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"?\"}\nz").len(), 2);
    }

    #[test]
    fn broken_framing_is_named() {
        for (bad, what) in [
            ("", "first line"),
            ("[]", "envelope header"),
            ("{}\n{\"length\":1}\na", "item 0"),
            ("{}\n{\"type\":\"x\",\"length\":9}\na", "ends after"),
            ("{}\n{\"type\":\"x\",\"length\":1}\nab", "goes on"),
        ] {
            let error = Envelope::decode(bad.as_bytes()).unwrap_err();
            assert!(error.is_envelope() && error.to_string().contains(what), "{bad:?}: {error}");
        }
    }

    #[test]
    fn an_envelope_comes_back_as_it_went() {
        let text = "{\"event_id\":\"fc6d8c0c43fc4630ad850ee518f1b9d0\",\"k\":1}\n{\"type\":\"attachment\",\"length\":2,\
                    \"filename\":\"a.txt\",\"x\":true}\n\r\n\n{\"type\":\"later\",\"length\":0}\n\n";
        let envelope = Envelope::decode(text.as_bytes()).unwrap();
        assert_eq!(envelope.items[1].header.item_type, ItemType::Unknown("later".into()));
        let mut bytes = Vec::new();
        envelope.encode(&mut bytes);
        assert_eq!(String::from_utf8(bytes).unwrap(), text);
    }
}
