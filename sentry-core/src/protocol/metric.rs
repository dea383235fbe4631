//! One measurement.

use serde::{Deserialize, Serialize, Serializer};

use super::ids::optional_hex;
use super::lists::wire_names;
use super::{Attributes, Timestamp};
use crate::text::Text;

wire_names! {
    /// How measurements of one name belong together.
    pub enum MetricType {
        /// They add up.
        Counter = "counter",
        /// The last one counts.
        Gauge = "gauge",
        /// Their spread counts.
        Distribution = "distribution",
    }
}

/// A measurement (metrics, published spec). What is missing when it is captured is given by the client.
///
/// Limits: 2 KiB as JSON; a larger one is dropped and counted, as a server would drop all that come with it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Metric {
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// The trace in which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hex")]
    pub trace_id: Option<[u8; 16]>,
    /// The span in which it was made.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "optional_hex")]
    pub span_id: Option<[u8; 8]>,
    /// What is measured, like `queue.depth`.
    pub name: Text,
    /// How it is summed up.
    #[serde(rename = "type")]
    pub metric_type: MetricType,
    /// The measured value; finite.
    #[serde(serialize_with = "short")]
    pub value: f64,
    /// What it is measured in, like `byte` or `millisecond`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<Text>,
    /// By what it can be told apart.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

impl Metric {
    /// A measurement without unit and attributes.
    pub fn new(metric_type: MetricType, name: impl Into<Text>, value: f64) -> Self {
        Self {
            timestamp: None,
            trace_id: None,
            span_id: None,
            name: name.into(),
            metric_type,
            value,
            unit: None,
            attributes: Attributes::new(),
        }
    }
}

/// Whole numbers are written without a fraction.
pub(crate) fn short<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        serializer.serialize_i64(*value as i64)
    } else {
        serializer.serialize_f64(*value)
    }
}
