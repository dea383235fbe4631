//! Measurements: counters, gauges and distributions.
//!
//! ```
//! use watchpost::metrics;
//! metrics::count("orders.paid", 1).send();
//! metrics::gauge("queue.depth", 17).attribute("queue", "mail").send();
//! metrics::distribution("import.time", 12.5).unit("millisecond").send();
//! ```
//!
//! They are sent unless the option `enable_metrics` is off, up to a hundred together and after five seconds at the latest.

use watchpost_core::{Attribute, Metric, MetricType, Text};

use crate::init::with_client;
use crate::scopes::with_all;

/// Adds `value` to a counter.
pub fn count(name: impl Into<Text>, value: impl Number) -> Measurement {
    Measurement(Metric::new(MetricType::Counter, name, value.number()))
}

/// Says how much there is of something now.
pub fn gauge(name: impl Into<Text>, value: impl Number) -> Measurement {
    Measurement(Metric::new(MetricType::Gauge, name, value.number()))
}

/// Adds a value to a distribution: a duration, a size.
pub fn distribution(name: impl Into<Text>, value: impl Number) -> Measurement {
    Measurement(Metric::new(MetricType::Distribution, name, value.number()))
}

/// A measurement that is not sent yet.
#[derive(Debug, Clone)]
#[must_use = "nothing is measured until `send`"]
pub struct Measurement(Metric);

impl Measurement {
    /// What it is measured in, like `byte` or `millisecond`.
    pub fn unit(mut self, unit: impl Into<Text>) -> Self {
        self.0.unit = Some(unit.into());
        self
    }

    /// By what it can be told apart; wins over the scopes' attribute of that name.
    pub fn attribute(mut self, name: impl Into<Text>, value: impl Into<Attribute>) -> Self {
        self.0.attributes.insert(name, value);
        self
    }

    /// Sends it, with others.
    pub fn send(self) {
        with_client(|client| with_all(|scopes| client.capture_metric(self.0, scopes)));
    }
}

/// Anything that is a number.
pub trait Number {
    /// The number.
    fn number(self) -> f64;
}

macro_rules! numbers {
    ($($number:ty)*) => {
        $(impl Number for $number {
            fn number(self) -> f64 {
                self as f64
            }
        })*
    };
}

numbers! { i8 i16 i32 i64 isize u8 u16 u32 u64 usize f32 f64 }
