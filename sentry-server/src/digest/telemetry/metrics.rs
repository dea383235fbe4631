//! Points of metrics.

use super::container::{Container, Made};
use super::{Arrival, MAX_NAME, Read, Rules, container, text};
use crate::store::{MetricRow, Rows};

pub(super) fn read(payload: &[u8], arrival: &Arrival, rules: Rules<'_>) -> Result<Read, &'static str> {
    let container = Container::open(payload, rules)?;
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
    let (counts, unwanted) = made.counts("trace_metric", Some("trace_metric_byte"), payload.len());
    let Made { rows: metrics, rejected, oversized, .. } = made;
    Ok(Read {
        keep: !metrics.is_empty(),
        rows: Rows { metrics, ..Rows::default() },
        counts,
        unwanted,
        replacement: container.replacement(),
        rejected,
        oversized,
        ..Read::default()
    })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NO_RULES, arrival};

    #[test]
    fn points_need_a_name_and_a_number() {
        let payload = br#"{"items":[{"name":"a","type":"counter","value":2,"unit":"second"},
            {"name":"","type":"counter","value":1},{"name":"b","type":"set","value":1},{"name":"c","value":"x"}]}"#;
        let read = super::read(payload, &arrival(), NO_RULES).unwrap();
        assert_eq!((read.rejected, read.rows.metrics.len()), (3, 1));
        let point = &read.rows.metrics[0];
        assert_eq!((point.name.as_str(), point.value, point.unit.as_deref()), ("a", 2.0, Some("second")));
    }
}
