//! From an envelope to bytes.

use serde::Serialize;

use super::{Envelope, ItemHeader};
use crate::json;

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
        item_header(&item.header, item.payload.len(), &mut heads);
        heads.push(b'\n');
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

/// The item's header with the true length instead of the stored one, without the end of its line.
fn item_header(header: &ItemHeader, length: usize, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"type\":");
    json::write_text(header.item_type.as_str(), out);
    out.extend_from_slice(b",\"length\":");
    out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
    let texts = [
        ("content_type", &header.content_type),
        ("filename", &header.filename),
        ("attachment_type", &header.attachment_type),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            field(name, text, out);
        }
    }
    if let Some(count) = header.item_count {
        field("item_count", &count, out);
    }
    for (name, value) in &header.other {
        field(name, value, out);
    }
    out.push(b'}');
}

fn field(name: &str, value: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    out.push(b',');
    json::write_text(name, out);
    out.push(b':');
    if json::write(value, out).is_err() {
        // Plain values can always be written.
        out.truncate(start);
    }
}

fn line(value: &impl Serialize, out: &mut Vec<u8>) {
    let start = out.len();
    if json::write(value, out).is_err() {
        // Maps with text keys and plain values always serialise; an empty header is still a valid line.
        out.truncate(start);
        out.extend_from_slice(b"{}");
    }
    out.push(b'\n');
}
