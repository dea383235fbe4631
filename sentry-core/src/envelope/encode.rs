//! From an envelope to bytes.

use serde::Serialize;

use super::{Envelope, ItemHeader};

/// Appends the envelope: each line ended by LF, every item with its `length`.
pub(super) fn envelope(envelope: &Envelope, out: &mut Vec<u8>) {
    let payloads: usize = envelope.items.iter().map(|item| item.payload.len() + 96).sum();
    out.reserve(payloads + 512);
    line(&envelope.header, out);
    for item in &envelope.items {
        let mut header = ItemHeaderRef { length: item.payload.len(), header: &item.header };
        header.write(out);
        out.extend_from_slice(&item.payload);
        out.push(b'\n');
    }
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
