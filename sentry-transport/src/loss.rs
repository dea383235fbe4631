//! What a lost item counts for.

use serde::Deserialize;
use serde::de::IgnoredAny;
use watchpost_core::{
    Category, ClientReport, ClientReports, DiscardReason, EnvelopeReader, ItemHeader, ItemType,
};

/// Counts all items of an encoded envelope as lost.
///
/// Bytes that are no envelope count as one item of the default category: something was lost.
pub(crate) fn count_envelope(reports: &ClientReports, reason: DiscardReason, bytes: &[u8]) {
    let Ok(mut reader) = EnvelopeReader::new(bytes) else {
        return reports.record(reason, Category::Default, 1);
    };
    while let Ok(Some((header, payload))) = reader.next_item() {
        count_item(reports, reason, &header, payload);
    }
}

/// Counts one lost item in the units of its categories (client reports, published spec 1.20.0): a transaction also
/// loses its spans and itself as a span; logs and metrics lose entries and bytes; attachments lose bytes.
pub(crate) fn count_item(
    reports: &ClientReports,
    reason: DiscardReason,
    header: &ItemHeader,
    payload: &[u8],
) {
    let bytes = payload.len() as u64;
    let entries = header.item_count.unwrap_or(1);
    let count = |category, quantity| reports.record(reason, category, quantity);
    match header.item_type {
        ItemType::Transaction => {
            count(Category::Transaction, 1);
            count(Category::Span, spans(payload) + 1);
        }
        ItemType::Span => count(Category::Span, entries),
        ItemType::Log => {
            count(Category::LogItem, entries);
            count(Category::LogByte, bytes);
        }
        ItemType::TraceMetric => {
            count(Category::TraceMetric, entries);
            count(Category::TraceMetricByte, bytes);
        }
        ItemType::Attachment => count(Category::Attachment, bytes.max(1)),
        // A lost report is not a loss of its own: what it counted is counted again.
        ItemType::ClientReport => {
            if let Ok(report) = serde_json::from_slice::<ClientReport>(payload) {
                reports.restore(report);
            }
        }
        _ => count(header.item_type.category(), 1),
    }
}

/// The categories whose limits hold for an item.
pub(crate) fn limiting_categories(item_type: &ItemType) -> impl Iterator<Item = Category> {
    let second = match item_type {
        ItemType::Log => Some(Category::LogByte),
        ItemType::TraceMetric => Some(Category::TraceMetricByte),
        _ => None,
    };
    std::iter::once(item_type.category()).chain(second)
}

fn spans(payload: &[u8]) -> u64 {
    #[derive(Deserialize)]
    struct Transaction {
        #[serde(default)]
        spans: Vec<IgnoredAny>,
    }
    serde_json::from_slice::<Transaction>(payload).map_or(0, |transaction| transaction.spans.len() as u64)
}

#[cfg(test)]
mod tests {
    use watchpost_core::Timestamp;

    use super::*;

    fn counted(envelope: &[u8]) -> Vec<(Category, u64)> {
        let reports = ClientReports::default();
        count_envelope(&reports, DiscardReason::SendError, envelope);
        let report = reports.take(Timestamp::from_micros(0)).unwrap();
        report.discarded_events.into_iter().map(|lost| (lost.category, lost.quantity)).collect()
    }

    #[test]
    fn each_item_counts_in_its_own_units() {
        let envelope = b"{}\n{\"type\":\"event\"}\n{}\n{\"type\":\"attachment\",\"length\":3}\nabc\n";
        assert_eq!(counted(envelope), [(Category::Error, 1), (Category::Attachment, 3)]);
        let envelope = b"{}\n{\"type\":\"transaction\"}\n{\"spans\":[{},{\"a\":[1]}]}\n";
        assert_eq!(counted(envelope), [(Category::Transaction, 1), (Category::Span, 3)]);
        let envelope = b"{}\n{\"type\":\"log\",\"item_count\":5}\n{\"items\":[]}\n";
        assert_eq!(counted(envelope), [(Category::LogItem, 5), (Category::LogByte, 12)]);
    }

    #[test]
    fn a_lost_report_is_counted_again_as_what_it_said() {
        let envelope = b"{}\n{\"type\":\"client_report\"}\n\
            {\"discarded_events\":[{\"reason\":\"send_error\",\"category\":\"error\",\"quantity\":7}]}\n";
        assert_eq!(counted(envelope), [(Category::Error, 7)]);
    }

    #[test]
    fn rubbish_is_a_loss_too() {
        assert_eq!(counted(b"\xff\xff"), [(Category::Default, 1)]);
    }
}
