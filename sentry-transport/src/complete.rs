//! Filling in what was too slow for the capturing thread.

use std::panic::{AssertUnwindSafe, catch_unwind};

use watchpost_core::{Envelope, EnvelopeHeader, ItemType, RAW_FRAMES, Resolver};

/// The envelope with the frames of its event filled in, or `None` to send it as it is.
///
/// A resolver that panics or knows nothing costs names, never the event.
pub(crate) fn complete(resolver: Option<&dyn Resolver>, envelope: &[u8]) -> Option<Vec<u8>> {
    let resolver = resolver.filter(|_| is_raw(envelope))?;
    let mut decoded = Envelope::decode(envelope).ok()?;
    let origin = take_origin(&mut decoded.header)?;
    for item in decoded.items.iter_mut().filter(|item| item.header.item_type == ItemType::Event) {
        let resolved = catch_unwind(AssertUnwindSafe(|| resolver.resolve(&item.payload, &origin)));
        if let Ok(Some(payload)) = resolved {
            item.payload = payload;
        }
    }
    let mut bytes = Vec::new();
    decoded.encode(&mut bytes);
    Some(bytes)
}

/// Looks at the first line only, without reading it as JSON: most envelopes have nothing to fill in.
fn is_raw(envelope: &[u8]) -> bool {
    let header = envelope.split(|byte| *byte == b'\n').next().unwrap_or_default();
    header.windows(RAW_FRAMES.len()).any(|window| window == RAW_FRAMES.as_bytes())
}

fn take_origin(header: &mut EnvelopeHeader) -> Option<String> {
    header.other.shift_remove(RAW_FRAMES)?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use watchpost_core::Item;

    use super::*;

    #[derive(Debug)]
    struct Names;

    impl Resolver for Names {
        fn resolve(&self, payload: &[u8], origin: &str) -> Option<Vec<u8>> {
            assert_ne!(payload, b"unlucky", "a resolver may panic");
            (origin == "p1").then(|| [payload, b" with names"].concat())
        }
    }

    fn completed(origin: Option<&str>, payload: &str) -> Option<(bool, String)> {
        let mut envelope = Envelope::default();
        envelope.header.other.extend(origin.map(|origin| (RAW_FRAMES.to_owned(), origin.into())));
        envelope.items = vec![
            Item::new(ItemType::Event, payload.into()),
            Item::new(ItemType::Attachment, b"untouched".to_vec()),
        ];
        let mut bytes = Vec::new();
        envelope.encode(&mut bytes);
        let envelope = Envelope::decode(&complete(Some(&Names), &bytes)?).unwrap();
        assert_eq!(envelope.items[1].payload, b"untouched");
        let payload = String::from_utf8(envelope.items[0].payload.clone()).unwrap();
        Some((envelope.header.other.contains_key(RAW_FRAMES), payload))
    }

    #[test]
    fn names_come_in_or_the_event_goes_as_it_is() {
        assert_eq!(completed(None, "event"), None);
        assert_eq!(completed(Some("p1"), "event"), Some((false, "event with names".to_owned())));
        assert_eq!(completed(Some("p2"), "event"), Some((false, "event".to_owned())));
        assert_eq!(completed(Some("p1"), "unlucky"), Some((false, "unlucky".to_owned())));
        assert_eq!(complete(None, b"{\"raw_frames\":\"p1\"}\n"), None);
    }
}
