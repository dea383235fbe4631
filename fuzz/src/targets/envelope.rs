//! What is read can be written, and what was written is read back the same.

use watchpost_core::{Envelope, EnvelopeReader};

pub(crate) fn run(data: &[u8]) {
    let envelope = match Envelope::decode(data) {
        Ok(envelope) => envelope,
        Err(error) => {
            assert!(error.is_envelope(), "{error}");
            assert!(error.to_string().len() < 5000, "an error is a line, not the input: {error}");
            return;
        }
    };
    // Payloads are slices of the input: nothing is made up, nothing read twice.
    let payloads: usize = envelope.items.iter().map(|item| item.payload.len()).sum();
    assert!(payloads < data.len(), "{payloads} of {} bytes", data.len());

    let mut written = Vec::new();
    envelope.encode(&mut written);
    let again =
        Envelope::decode(&written).unwrap_or_else(|error| panic!("what was written is refused: {error}"));
    assert_eq!(again.items.len(), envelope.items.len());
    assert_eq!(again.header.event_id, envelope.header.event_id);
    for (item, old) in again.items.iter().zip(&envelope.items) {
        assert_eq!(item.payload, old.payload);
        assert_eq!(item.header.item_type, old.header.item_type);
        assert_eq!(item.header.filename, old.header.filename);
        assert_eq!(item.header.length, Some(item.payload.len()), "the length is always written, and true");
        assert_eq!(item.header.other.len(), old.header.other.len(), "unknown headers travel");
    }
    let mut twice = Vec::new();
    again.encode(&mut twice);
    assert_eq!(written, twice, "writing is stable");

    // A prefix is either refused or holds fewer items; it never holds others.
    let cut = written.len() / 2;
    if let Ok(mut reader) = EnvelopeReader::new(&written[..cut]) {
        let mut count = 0;
        while let Ok(Some((header, _))) = reader.next_item() {
            assert_eq!(header.item_type, again.items[count].header.item_type);
            count += 1;
        }
    }
}
