//! From an envelope to bytes.

use serde::Serialize;

use super::{Envelope, ItemHeader};

/// Appends the envelope: each line ended by LF, every item with its `length`.
pub(super) fn envelope(envelope: &Envelope, out: &mut Vec<u8>) {
    pieces(envelope, |pieces| {
        out.reserve(pieces.iter().map(|piece| piece.len()).sum());
        pieces.iter().for_each(|piece| out.extend_from_slice(piece));
    });
}

/// Calls `f` with the same bytes in pieces, payloads where they are.
pub(super) fn pieces<R>(envelope: &Envelope, f: impl FnOnce(&[&[u8]]) -> R) -> R {
    let mut heads = Vec::with_capacity(512 + 96 * envelope.items.len());
    line(&envelope.header, &mut heads);
    let mut cuts = Vec::with_capacity(envelope.items.len());
    for item in &envelope.items {
        let mut header = ItemHeaderRef { length: item.payload.len(), header: &item.header };
        header.write(&mut heads);
        cuts.push(heads.len());
        heads.push(b'\n');
    }
    let mut pieces = Vec::with_capacity(2 * cuts.len() + 1);
    let mut start = 0;
    for (cut, item) in cuts.iter().zip(&envelope.items) {
        pieces.extend([&heads[start..*cut], &item.payload[..]]);
        start = *cut;
    }
    pieces.push(&heads[start..]);
    f(&pieces)
}

/// The item's header with the true length instead of the stored one.
struct ItemHeaderRef<'a> {
    length: usize,
    header: &'a ItemHeader,
}

impl ItemHeaderRef<'_> {
    fn write(&mut self, out: &mut Vec<u8>) {
        #[derive(Serialize)]
        struct Wire<'a> {
            #[serde(rename = "type")]
            item_type: &'a str,
            length: usize,
            #[serde(skip_serializing_if = "Option::is_none")]
            content_type: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            filename: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            attachment_type: Option<&'a str>,
            #[serde(skip_serializing_if = "Option::is_none")]
            item_count: Option<u64>,
            #[serde(flatten)]
            other: &'a crate::protocol::Map,
        }
        let header = self.header;
        let wire = Wire {
            item_type: header.item_type.as_str(),
            length: self.length,
            content_type: header.content_type.as_deref(),
            filename: header.filename.as_deref(),
            attachment_type: header.attachment_type.as_deref(),
            item_count: header.item_count,
            other: &header.other,
        };
        line(&wire, out);
    }
}

fn line(value: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    if crate::json::write(value, out).is_err() {
        // Maps with text keys and plain values always serialise; an empty header is still a valid line.
        out.truncate(start);
        out.extend_from_slice(b"{}");
    }
    out.push(b'\n');
}
