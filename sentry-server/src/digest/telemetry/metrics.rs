//! Points of metrics.

use watchpost_core::JsonScrubber;

use super::container::{Container, Made};
use super::{Arrival, MAX_NAME, Read, container, text};
use crate::store::{MetricRow, Rows};

pub(super) fn read(
    payload: &[u8],
    max_entry: usize,
    arrival: &Arrival,
    scrubber: Option<&JsonScrubber>,
) -> Result<Read, &'static str> {
    let container = Container::open(payload, max_entry, scrubber)?;
    let made = container::rows(&container, arrival, |entry, place| {
        let kind = text(entry, "type", 16).unwrap_or_else(|| "gauge".to_owned());
        Some(MetricRow {
            common: container::common(entry, arrival, place, "timestamp"),
            name: text(entry, "name", MAX_NAME)?,
            kind: matches!(kind.as_str(), "counter" | "gauge" | "distribution").then_some(kind)?,
            value: entry.get("value")?.as_f64().filter(|value| value.is_finite())?,
            unit: text(entry, "unit", 64),
        })
    });
    let Made { rows: metrics, rejected, oversized } = made;
    let counts = vec![("trace_metric", metrics.len() as i64), ("trace_metric_byte", payload.len() as i64)];
    Ok(Read {
        keep: !metrics.is_empty(),
        rows: Rows { metrics, ..Rows::default() },
        counts,
        replacement: container.replacement(),
        rejected,
        oversized,
        ..Read::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{MAX, arrival};

    #[test]
    fn points_need_a_name_and_a_number() {
        let payload = br#"{"items":[{"name":"a","type":"counter","value":2,"unit":"second"},
            {"name":"","type":"counter","value":1},{"name":"b","type":"set","value":1},{"name":"c","value":"x"}]}"#;
        let read = super::read(payload, MAX, &arrival(), None).unwrap();
        assert_eq!((read.rejected, read.rows.metrics.len()), (3, 1));
        let point = &read.rows.metrics[0];
        assert_eq!((point.name.as_str(), point.value, point.unit.as_deref()), ("a", 2.0, Some("second")));
    }
}
