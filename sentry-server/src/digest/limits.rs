//! How large an item may be (envelope size limits, published spec).

use watchpost_core::ItemType;

const KIB: usize = 1_024;
const MIB: usize = 1_024 * KIB;

/// The cap on one item's payload, in bytes.
pub(crate) fn max_bytes(item: &ItemType) -> usize {
    match item {
        ItemType::Attachment => 100 * MIB,
        ItemType::Profile | ItemType::ProfileChunk => 50 * MIB,
        ItemType::ReplayRecording | ItemType::ReplayVideo => 100 * MIB,
        ItemType::CheckIn => 100 * KIB,
        ItemType::ClientReport => 4 * KIB,
        // A container is no entry: clients send a thousand spans or 5 MiB of them at a time.
        ItemType::Span | ItemType::Log | ItemType::TraceMetric => 50 * MIB,
        _ => MIB,
    }
}

/// The cap on one entry of a container, in bytes.
pub(super) fn max_entry_bytes(item: &ItemType) -> usize {
    if *item == ItemType::TraceMetric { 2 * KIB } else { MIB }
}
