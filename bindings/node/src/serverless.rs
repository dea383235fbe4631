//! The deadline of a platform that freezes the process.

use std::time::Duration;

use napi_derive::napi;

/// How many milliseconds a delivery may take at the end of a call: at most so many, and not beyond the deadline, if one is known.
#[napi]
pub fn delivery_time(left: Option<f64>, most: f64) -> f64 {
    let time = |milliseconds: f64| Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default();
    watchpost_core::delivery_time(left.map(time), time(most)).as_secs_f64() * 1000.0
}
