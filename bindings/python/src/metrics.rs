//! Measurements.

use pyo3::prelude::*;
use watchpost_core::{Metric, MetricType};

use crate::active::Active;
use crate::attributes::read_into;
use crate::convert::{optional_text, text_of};
use crate::session::{Session, entry};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
type Given<'a, 'py> = Option<Any<'a, 'py>>;

/// Adds `value` to a counter.
#[pyfunction]
#[pyo3(signature = (name, value=None, unit=None, attributes=None))]
pub(crate) fn count(name: Any<'_, '_>, value: Given<'_, '_>, unit: Given<'_, '_>, attributes: Given<'_, '_>) {
    measure(MetricType::Counter, name, value, unit, attributes);
}

/// Says how much there is of something now.
#[pyfunction]
#[pyo3(signature = (name, value, unit=None, attributes=None))]
pub(crate) fn gauge(name: Any<'_, '_>, value: Any<'_, '_>, unit: Given<'_, '_>, attributes: Given<'_, '_>) {
    measure(MetricType::Gauge, name, Some(value), unit, attributes);
}

/// Adds a value to a distribution: a duration, a size. Units are named, like `millisecond` or `byte`.
#[pyfunction]
#[pyo3(signature = (name, value, unit=None, attributes=None))]
pub(crate) fn distribution(
    name: Any<'_, '_>,
    value: Any<'_, '_>,
    unit: Given<'_, '_>,
    attributes: Given<'_, '_>,
) {
    measure(MetricType::Distribution, name, Some(value), unit, attributes);
}

fn measure(
    kind: MetricType,
    name: Any<'_, '_>,
    value: Given<'_, '_>,
    unit: Given<'_, '_>,
    attributes: Given<'_, '_>,
) {
    let py = name.py();
    let session = Session::current();
    let Some(session) = session.as_ref().filter(|session| session.host.client().is_enabled()) else { return };
    entry(py, "a metric", || {
        let value = value.map_or(Ok(1.0), |value| value.extract::<f64>())?;
        let mut metric = Metric::new(kind, text_of(name), value);
        metric.unit = unit.and_then(optional_text);
        read_into(&mut metric.attributes, attributes)?;
        let active = Active::here(py)?;
        session.host.client().capture_metric(metric, active.get().scopes());
        Ok(())
    });
}
