//! The data set of metrics: one row per point.

use super::telemetry::{self, Set};
use crate::store::{MetricRow, Store};

pub(super) const SET: Set<MetricRow> = Set {
    list: |store: &dyn Store, filter| store.metrics(filter),
    common: |point| &point.common,
    row: |point| {
        vec![
            ("id", telemetry::item_id(point.common.place).into()),
            ("metric.name", point.name.clone().into()),
            ("metric.type", point.kind.clone().into()),
            ("metric.unit", point.unit.clone().into()),
            ("value", point.value.into()),
        ]
    },
    attributes: telemetry::of_entry,
};
