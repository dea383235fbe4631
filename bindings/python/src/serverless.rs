//! The deadline of a platform that freezes the process.

use std::time::Duration;

use pyo3::prelude::*;

/// How many seconds a delivery may take at the end of a call: at most so many, and not beyond the deadline, if one is known.
#[pyfunction]
pub(crate) fn delivery_time(left: Option<f64>, most: f64) -> f64 {
    let time = |seconds: f64| Duration::try_from_secs_f64(seconds).unwrap_or_default();
    watchpost_core::delivery_time(left.map(time), time(most)).as_secs_f64()
}
