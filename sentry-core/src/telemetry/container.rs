//! From items that waited to one envelope.

use std::borrow::Cow;

use serde::Serialize;

use super::surroundings::Merged;
use super::{Common, Waiting};
use crate::envelope::{Item, ItemHeader, ItemType};
use crate::protocol::ids::{Hex, optional_hex};
use crate::protocol::metric::short;
use crate::protocol::{Category, Log, LogLevel, Metric, MetricType, Timestamp};

/// A kind of item that is sent in a container.
pub(crate) trait Signal: Sized {
    /// The container's item type.
    const ITEM: ItemType;
    /// The container's media type.
    const CONTENT_TYPE: &'static str;
    /// What a loss is counted in: items and bytes.
    const CATEGORIES: (Category, Category);
    /// The largest one that servers take, in bytes.
    const MAX_BYTES: usize;

    /// The trace it belongs to.
    fn trace_id(&self) -> Option<[u8; 16]>;

    /// About how many bytes it takes.
    fn weight(&self) -> usize;

    /// Appends it as JSON.
    fn write(waiting: &Waiting<Self>, common: Common<'_>, out: &mut Vec<u8>) -> serde_json::Result<()>;
}

/// The largest container that servers take, in bytes.
const MAX_CONTAINER: usize = 1024 * 1024;

/// A container that is being filled.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    payload: Vec<u8>,
    count: u64,
    /// The trace of all items so far; `None` inside when they differ.
    trace: Option<Option<[u8; 16]>>,
}

/// Whether an item was added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Added {
    /// It was.
    Yes,
    /// It fits into another container.
    NoRoom,
    /// It is larger than servers take, or, with a size of zero, cannot be written.
    TooLarge(usize),
}

impl Batch {
    /// Adds an item, if it is neither too large nor the batch too full for it.
    pub(crate) fn add<T: Signal>(&mut self, waiting: &Waiting<T>, common: Common<'_>) -> Added {
        let start = self.payload.len();
        self.payload.extend_from_slice(if start == 0 { b"{\"items\":[" } else { b"," });
        let from = self.payload.len();
        let written = T::write(waiting, common, &mut self.payload);
        let size = if written.is_ok() { self.payload.len() - from } else { 0 };
        let added = match size {
            0 => Added::TooLarge(0),
            _ if size > T::MAX_BYTES => Added::TooLarge(size),
            _ if start > 0 && self.payload.len() + 2 > MAX_CONTAINER => Added::NoRoom,
            _ => Added::Yes,
        };
        if !matches!(added, Added::Yes) {
            self.payload.truncate(start);
            return added;
        }
        self.count += 1;
        let trace = waiting.item.trace_id();
        if *self.trace.get_or_insert(trace) != trace {
            self.trace = Some(None);
        }
        Added::Yes
    }

    /// The finished item, and its trace if all of it belongs to one; `None` if nothing was added.
    pub(crate) fn finish<T: Signal>(mut self) -> Option<(Item, Option<String>)> {
        if self.count == 0 {
            return None;
        }
        self.payload.extend_from_slice(b"]}");
        let header = ItemHeader {
            item_count: Some(self.count),
            content_type: Some(T::CONTENT_TYPE.to_owned()),
            ..ItemHeader::new(T::ITEM)
        };
        let trace = self.trace.flatten().map(|id| Hex(&id).to_string());
        Some((Item { header, payload: self.payload }, trace))
    }
}

#[derive(Serialize)]
struct LogWire<'a> {
    timestamp: Option<Timestamp>,
    #[serde(with = "optional_hex")]
    trace_id: Option<[u8; 16]>,
    #[serde(with = "optional_hex", skip_serializing_if = "Option::is_none")]
    span_id: Option<[u8; 8]>,
    level: LogLevel,
    severity_number: u8,
    body: Cow<'a, str>,
    attributes: Merged<'a>,
}

impl Signal for Log {
    const ITEM: ItemType = ItemType::Log;
    const CONTENT_TYPE: &'static str = "application/vnd.sentry.items.log+json";
    const CATEGORIES: (Category, Category) = (Category::LogItem, Category::LogByte);
    const MAX_BYTES: usize = MAX_CONTAINER - 64;

    fn trace_id(&self) -> Option<[u8; 16]> {
        self.trace_id
    }

    fn weight(&self) -> usize {
        self.body.len() + self.attributes.weight() + 128
    }

    fn write(waiting: &Waiting<Self>, common: Common<'_>, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let Waiting { item, surroundings } = waiting;
        let wire = LogWire {
            timestamp: item.timestamp,
            trace_id: item.trace_id,
            span_id: item.span_id,
            level: item.level,
            severity_number: item.level.severity_number(),
            body: common
                .scrubber
                .free_text(&item.body, super::MAX_TEXT)
                .map_or(Cow::Borrowed(item.body.as_str()), Cow::Owned),
            attributes: Merged { own: &item.attributes, surroundings: surroundings.as_ref(), common },
        };
        serde_json::to_writer(out, &wire)
    }
}

#[derive(Serialize)]
struct MetricWire<'a> {
    timestamp: Option<Timestamp>,
    #[serde(with = "optional_hex")]
    trace_id: Option<[u8; 16]>,
    #[serde(with = "optional_hex", skip_serializing_if = "Option::is_none")]
    span_id: Option<[u8; 8]>,
    name: &'a str,
    #[serde(rename = "type")]
    metric_type: MetricType,
    #[serde(serialize_with = "short")]
    value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'a str>,
    attributes: Merged<'a>,
}

impl Signal for Metric {
    const ITEM: ItemType = ItemType::TraceMetric;
    const CONTENT_TYPE: &'static str = "application/vnd.sentry.items.trace-metric+json";
    const CATEGORIES: (Category, Category) = (Category::TraceMetric, Category::TraceMetricByte);
    const MAX_BYTES: usize = 2048;

    fn trace_id(&self) -> Option<[u8; 16]> {
        self.trace_id
    }

    fn weight(&self) -> usize {
        self.name.len() + self.attributes.weight() + 128
    }

    fn write(waiting: &Waiting<Self>, common: Common<'_>, out: &mut Vec<u8>) -> serde_json::Result<()> {
        let Waiting { item, surroundings } = waiting;
        let wire = MetricWire {
            timestamp: item.timestamp,
            trace_id: item.trace_id,
            span_id: item.span_id,
            name: &item.name,
            metric_type: item.metric_type,
            value: item.value,
            unit: item.unit.as_deref(),
            attributes: Merged { own: &item.attributes, surroundings: surroundings.as_ref(), common },
        };
        serde_json::to_writer(out, &wire)
    }
}
