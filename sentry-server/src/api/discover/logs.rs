//! The data set of logs.

use super::telemetry::{self, Set};
use crate::store::{LogRow, Store};

pub(super) const SET: Set<LogRow> = Set {
    list: |store: &dyn Store, filter| store.logs(filter),
    common: |log| &log.common,
    row: |log| {
        let item = telemetry::item_id(log.common.place);
        vec![
            ("sentry.item_id", item.clone().into()),
            ("id", item.into()),
            ("severity", severity(log.severity).into()),
            ("severity_number", log.severity.into()),
            ("message", log.body.clone().into()),
        ]
    },
    attributes: telemetry::of_entry,
};

/// By the severity numbers of OpenTelemetry.
fn severity(number: u8) -> &'static str {
    match number {
        0..=4 => "trace",
        5..=8 => "debug",
        9..=12 => "info",
        13..=16 => "warn",
        17..=20 => "error",
        _ => "fatal",
    }
}
