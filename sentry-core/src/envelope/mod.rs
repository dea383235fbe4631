//! The frame in which everything travels: one header, then items with a header and a payload each.
//!
//! ```text
//! envelope = header { LF item } [ LF ]        header, item header: one JSON object on one line, UTF-8
//! item     = item_header LF payload           with `length`: that many bytes; without: up to the next LF
//! ```
//!
//! LF is the only line end; CR is data. Unknown headers and items are kept. Source: envelopes, published spec.

mod encode;
mod header;
mod item;
mod reader;

pub use self::header::{EnvelopeHeader, RAW_FRAMES};
pub use self::item::{Item, ItemHeader, ItemType};
pub use self::reader::{EnvelopeReader, ItemReader};

use crate::error::Result;

/// An envelope with the bytes of its items.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Envelope {
    /// The first line.
    pub header: EnvelopeHeader,
    /// In order of the wire.
    pub items: Vec<Item>,
}

impl Envelope {
    /// Reads an envelope and copies its payloads; [`EnvelopeReader`] reads without copying.
    ///
    /// # Errors
    /// When the framing is broken; `is_envelope()` is true.
    pub fn decode(bytes: &[u8]) -> Result<Self> {
        let mut reader = EnvelopeReader::new(bytes)?;
        let mut items = Vec::new();
        while let Some((header, payload)) = reader.next_item()? {
            items.push(Item { header, payload: payload.to_vec() });
        }
        Ok(Self { header: reader.into_header(), items })
    }

    /// Calls `f` with the bytes of the envelope in pieces, the payloads where they are, to be written without a copy.
    pub fn with_pieces<R>(&self, f: impl FnOnce(&[&[u8]]) -> R) -> R {
        encode::pieces(self, f)
    }

    /// Appends the bytes of the envelope to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        encode::envelope(self, out);
    }
}
