//! Check-ins of scheduled jobs.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use watchpost_bindings::{HostMonitor, parse_value};
use watchpost_core::{CheckIn, Error, ForkLock, Map, MonitorConfig, Value};

use crate::active::Active;
use crate::convert::{Converter, Limits, text_of};
use crate::session::{Session, entry};

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Reports how far a scheduled job is: `in_progress`, `ok` or `error`. Its id, which the check-in that ends the run is to
/// carry; `None` if it was dropped.
#[pyfunction]
#[pyo3(signature = (monitor_slug=None, check_in_id=None, status=None, duration=None, monitor_config=None))]
pub(crate) fn capture_checkin(
    py: Python<'_>,
    monitor_slug: Given<'_, '_>,
    check_in_id: Given<'_, '_>,
    status: Given<'_, '_>,
    duration: Given<'_, '_>,
    monitor_config: Given<'_, '_>,
) -> Option<String> {
    let fields = [
        ("monitor_slug", monitor_slug),
        ("check_in_id", check_in_id),
        ("status", status),
        ("duration", duration),
        ("monitor_config", monitor_config),
    ];
    let id = entry(py, "capture_checkin", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let mut convert = Converter::new(Limits::DATA);
        let mut given = Map::new();
        for (name, value) in fields {
            if let Some(value) = value.filter(|value| !value.is_none()) {
                given.insert(name.to_owned(), convert.value(value));
            }
        }
        let check_in: CheckIn = parse_value("check_in", Value::Object(given)).map_err(raised)?;
        let active = Active::here(py)?;
        let scopes = active.get().scopes();
        py.detach(|| session.host.capture_check_in(check_in, scopes)).map_err(raised)
    });
    id.flatten().map(|id| id.to_string())
}

/// Begins a run of a job. With a configuration it also creates or changes the monitor.
#[pyfunction]
pub(crate) fn start_monitor(
    py: Python<'_>,
    monitor_slug: &Bound<'_, PyAny>,
    monitor_config: Given<'_, '_>,
) -> MonitorRun {
    let run = entry(py, "monitor", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let config = monitor_config.filter(|config| !config.is_none());
        let config = config.map(|config| Converter::new(Limits::DATA).value(config));
        let config: Option<MonitorConfig> =
            config.map(|config| parse_value("monitor_config", config)).transpose().map_err(raised)?;
        let slug = text_of(monitor_slug).as_str().to_owned();
        let active = Active::here(py)?;
        let scopes = active.get().scopes();
        Ok(Some(py.detach(|| session.host.start_monitor(slug, config, scopes))))
    });
    MonitorRun(ForkLock::new(run.flatten()))
}

/// A run of a job that has begun.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct MonitorRun(ForkLock<Option<HostMonitor>>);

#[pymethods]
impl MonitorRun {
    /// Ends it. Only the first call counts.
    fn finish(&self, py: Python<'_>, failed: bool) {
        entry(py, "monitor", || {
            let session = Session::current();
            if let (Some(run), Some(session)) = (self.0.with(Option::take), session.as_ref()) {
                let active = Active::here(py)?;
                let scopes = active.get().scopes();
                py.detach(|| session.host.finish_monitor(run, failed, scopes));
            }
            Ok(())
        });
    }
}

fn raised(error: Error) -> PyErr {
    PyValueError::new_err(error.to_string())
}
