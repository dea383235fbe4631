//! A stored envelope on its way out: what is added at the moment of sending, and what limits take away.

use watchpost_core::{ClientReport, Envelope, EnvelopeReader, Item, ItemReader, ItemType, Timestamp};

use crate::limits::is_limited;
use crate::rate_limit::RateLimits;

/// Appends the envelope to `out` with `sent_at` as its first header, and with `dsn` for a tunnel that has to know where
/// it goes.
///
/// Stored envelopes never carry `sent_at`: it says when the request was made, and a second one would make the server
/// refuse the envelope. Source: envelopes, published spec.
pub(crate) fn splice_header(envelope: &[u8], now: Timestamp, dsn: Option<&str>, out: &mut Vec<u8>) {
    let Some(rest) = envelope.strip_prefix(b"{") else {
        return out.extend_from_slice(envelope);
    };
    out.extend_from_slice(b"{\"sent_at\":\"");
    out.extend_from_slice(now.to_rfc3339().as_bytes());
    out.push(b'"');
    if let Some(dsn) = dsn {
        out.extend_from_slice(b",\"dsn\":");
        out.extend_from_slice(dsn.as_bytes());
    }
    if rest.first() != Some(&b'}') {
        out.push(b',');
    }
    out.extend_from_slice(rest);
}

/// Appends items to the encoded envelope in `out`, which ends with LF as core writes it.
pub(crate) fn append_items(items: &[Item], out: &mut Vec<u8>) {
    if items.is_empty() {
        return;
    }
    let mut bytes = Vec::new();
    Envelope { items: items.to_vec(), ..Envelope::default() }.encode(&mut bytes);
    let header = bytes.iter().position(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    out.extend_from_slice(&bytes[header..]);
}

/// Appends a client report to the encoded envelope in `out`, which ends with LF as core writes it.
pub(crate) fn append_report(report: &ClientReport, out: &mut Vec<u8>) {
    let payload = serde_json::to_vec(report).unwrap_or_default();
    let header = format!("{{\"type\":\"client_report\",\"length\":{}}}\n", payload.len());
    for part in [header.as_bytes(), &payload, b"\n"] {
        out.extend_from_slice(part);
    }
}

/// Takes out the items that `limited` names, and attachments with the event that they belong to; `lost` sees each.
///
/// Returns whether anything worth sending is left.
pub(crate) fn drop_limited(
    envelope: &mut Envelope,
    limited: impl Fn(&ItemType) -> bool,
    mut lost: impl FnMut(&Item),
) -> bool {
    let owner_goes =
        envelope.items.iter().any(|item| owns_attachments(item) && limited(&item.header.item_type));
    envelope.items.retain(|item| {
        let goes =
            limited(&item.header.item_type) || (owner_goes && item.header.item_type == ItemType::Attachment);
        if goes {
            lost(item);
        }
        !goes
    });
    !envelope.items.is_empty()
}

/// Whether a stored envelope may go: some item is free of limits, and not only an attachment whose event is not.
pub(crate) fn is_sendable(envelope: &[u8], limits: &RateLimits, now: Timestamp) -> bool {
    // Nobody can take items out of what is no envelope; the server is to refuse it.
    if EnvelopeReader::new(envelope).is_err() {
        return true;
    }
    let (mut free, mut attachments_free, mut owner_limited) = (false, false, false);
    let mut items = ItemReader::new(envelope);
    while let Ok(Some((item_type, _))) = items.next_item() {
        let limited = is_limited(limits, &item_type, now);
        match item_type {
            ItemType::Attachment => attachments_free |= !limited,
            ItemType::Event | ItemType::Transaction | ItemType::Feedback if limited => owner_limited = true,
            _ => free |= !limited,
        }
    }
    free || (attachments_free && !owner_limited)
}

/// A stored envelope without the items that limits hold back, and those items, if there are any.
pub(crate) fn trim(envelope: &[u8], limits: &RateLimits, now: Timestamp) -> Option<(Vec<u8>, Vec<Item>)> {
    let mut decoded = Envelope::decode(envelope).ok()?;
    let mut left_out = Vec::new();
    drop_limited(
        &mut decoded,
        |item_type| is_limited(limits, item_type, now),
        |item| left_out.push(item.clone()),
    );
    if left_out.is_empty() {
        return None;
    }
    let mut bytes = Vec::new();
    decoded.encode(&mut bytes);
    Some((bytes, left_out))
}

/// True for what attachments travel with. Source: attachments, published spec.
fn owns_attachments(item: &Item) -> bool {
    matches!(item.header.item_type, ItemType::Event | ItemType::Transaction | ItemType::Feedback)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn spliced(envelope: &str) -> String {
        let mut out = Vec::new();
        splice_header(envelope.as_bytes(), NOW, None, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn sent_at_is_a_header_whatever_the_others() {
        assert_eq!(spliced("{}\n"), "{\"sent_at\":\"2023-11-14T22:13:20Z\"}\n");
        assert_eq!(spliced("{\"a\":1}\nx"), "{\"sent_at\":\"2023-11-14T22:13:20Z\",\"a\":1}\nx");
        let mut envelope = Vec::new();
        Envelope::default().encode(&mut envelope);
        let text = spliced(std::str::from_utf8(&envelope).unwrap());
        let reader = EnvelopeReader::new(text.as_bytes()).unwrap();
        assert_eq!(reader.header().sent_at.as_deref(), Some("2023-11-14T22:13:20Z"));
    }

    #[test]
    fn a_tunnel_is_told_where_it_goes() {
        let mut out = Vec::new();
        splice_header(b"{\"a\":1}\n", NOW, Some("\"http://k@h/1\""), &mut out);
        assert_eq!(out, b"{\"sent_at\":\"2023-11-14T22:13:20Z\",\"dsn\":\"http://k@h/1\",\"a\":1}\n");
    }

    #[test]
    fn items_that_waited_apart_come_back_whole() {
        let mut bytes = b"{}\n{\"type\":\"event\",\"length\":2}\n{}\n".to_vec();
        append_items(&[Item::new(ItemType::Attachment, b"a\nb".to_vec())], &mut bytes);
        append_items(&[], &mut bytes);
        let items = Envelope::decode(&bytes).unwrap().items;
        assert_eq!((items.len(), &items[1].payload[..]), (2, &b"a\nb"[..]));
    }

    #[test]
    fn a_report_is_one_more_item() {
        let mut envelope = Envelope::default();
        envelope.items.push(Item::new(ItemType::Attachment, b"ends with LF\n".to_vec()));
        let mut bytes = Vec::new();
        envelope.encode(&mut bytes);
        append_report(&ClientReport { timestamp: Some(NOW), discarded_events: Vec::new() }, &mut bytes);
        let items = Envelope::decode(&bytes).unwrap().items;
        assert_eq!(items[0].payload, b"ends with LF\n");
        assert_eq!(items[1].header.item_type, ItemType::ClientReport);
    }

    #[test]
    fn attachments_go_with_their_event_and_sessions_stay() {
        let item = |item_type| Item::new(item_type, Vec::new());
        let items = vec![item(ItemType::Event), item(ItemType::Attachment), item(ItemType::Session)];
        let mut envelope = Envelope { items, ..Envelope::default() };
        let whole = envelope.clone();
        let mut lost = 0;
        assert!(drop_limited(&mut envelope, |kind| *kind == ItemType::Event, |_| lost += 1));
        assert_eq!((lost, envelope.items[0].header.item_type.clone()), (2, ItemType::Session));
        let mut envelope = whole.clone();
        assert!(drop_limited(&mut envelope, |kind| *kind == ItemType::Attachment, |_| {}));
        assert_eq!(envelope.items.len(), 2);
        let mut envelope = whole;
        assert!(!drop_limited(&mut envelope, |_| true, |_| {}));
    }
}
