//! The data set of spans.

use serde_json::Value;

use super::{Ask, Found, PIECE, logs};
use crate::auth::hex;
use crate::store::{PageRequest, SpanRow, Store, StoreError, TelemetryFilter};

pub(super) fn read(store: &dyn Store, ask: &Ask, most: usize) -> Result<Found, StoreError> {
    let mut filter = TelemetryFilter {
        since: ask.since,
        until: ask.until,
        ..TelemetryFilter::newest(ask.scope.clone(), PIECE)
    };
    let (mut rows, mut seen) = (Vec::new(), 0);
    loop {
        let page = store.spans(&filter)?;
        seen += page.rows.len();
        for span in &page.rows {
            ask.keep(row(ask, span), &mut rows);
        }
        let full = rows.len() >= most || seen >= super::MAX_ROWS;
        if full || !page.has_next {
            rows.truncate(most);
            return Ok(Found { rows, partial: page.has_next });
        }
        filter.page = PageRequest { cursor: page.next, limit: PIECE };
    }
}

fn row(ask: &Ask, span: &SpanRow) -> super::fields::Row {
    let mut row = logs::common(ask, &span.common);
    let own = [
        ("id", span.common.span.map_or(Value::Null, |id| hex(&id).into())),
        ("span_id", span.common.span.map_or(Value::Null, |id| hex(&id).into())),
        ("parent_span", span.parent.map_or(Value::Null, |id| hex(&id).into())),
        ("transaction", span.segment.clone().into()),
        ("is_transaction", span.is_segment.into()),
        ("span.op", span.op.clone().into()),
        ("transaction.op", if span.is_segment { span.op.clone().into() } else { Value::Null }),
        ("span.description", span.description.clone().into()),
        ("span.status", span.status.clone().into()),
        ("span.duration", (span.duration as f64 / 1_000.0).into()),
        (
            "transaction.duration",
            if span.is_segment { (span.duration as f64 / 1_000.0).into() } else { Value::Null },
        ),
    ];
    row.extend(own.map(|(name, value)| (name.to_owned(), value)));
    row
}
