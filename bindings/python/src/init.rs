//! `init`, and what goes with a client's life.

use std::time::Duration;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_bindings::{HostClient, HostEnd, HostIdentity, HostScope, TestSetup};
use watchpost_core::{Map, Text};

use crate::options;
use crate::session::{Session, entry};

/// Starts to report. `integrations` are the names of those that the Python side is about to set up.
///
/// # Errors
/// `ValueError` or `TypeError` when an option cannot be used; nothing has changed then.
#[pyfunction]
pub(crate) fn init(py: Python<'_>, given: &Bound<'_, PyDict>, integrations: Vec<String>) -> PyResult<()> {
    let options = options::read(given)?;
    let integrations = integrations.into_iter().map(Text::from).collect();
    let host = HostClient::start(options, identity(py, integrations));
    continue_from_environment(&host);
    Session::new(host, given).start(py);
    Ok(())
}

/// Starts a client that records, with a clock that stands and draws that repeat.
///
/// # Errors
/// As [`init`].
#[pyfunction]
pub(crate) fn init_testing(py: Python<'_>, given: &Bound<'_, PyDict>, now: f64, seed: u64) -> PyResult<()> {
    let host = HostClient::start_testing(options::read(given)?, TestSetup::new(now, seed));
    crate::active::reset_root(py)?;
    continue_from_environment(&host);
    Session::new(host, given).start(py);
    Ok(())
}

/// Starts the client of the process that comes after that of a testing client: `how` that one ended is `killed`,
/// `announced` or `crashed`, then with the `event` of its record as JSON.
///
/// # Errors
/// As [`init`].
#[pyfunction]
pub(crate) fn restart_testing(
    py: Python<'_>,
    given: &Bound<'_, PyDict>,
    seed: u64,
    how: String,
    seconds: f64,
    event: Option<String>,
) -> PyResult<()> {
    let options = options::read(given)?;
    let Some(session) = Session::current().clone() else { return Ok(()) };
    let after = Duration::try_from_secs_f64(seconds).unwrap_or_default();
    let end = HostEnd { how, after, crash: event };
    let host = session.host.restart_testing(options, seed, &end);
    let host = host.map_err(|error| PyValueError::new_err(error.to_string()))?;
    crate::active::reset_root(py)?;
    Session::new(host, given).start(py);
    Ok(())
}

/// Says one diagnostic line, for integrations.
#[pyfunction]
pub(crate) fn say(line: &str) {
    if let Some(session) = &*Session::current() {
        session.say(|| line.to_owned());
    }
}

/// From now on `sdk.integrations` holds this name.
#[pyfunction]
pub(crate) fn add_integration(name: &str) {
    if let Some(session) = &*Session::current() {
        session.host.client().options().add_integration(name);
    }
}

/// Recorded envelopes of a testing client, as JSON.
#[pyfunction]
pub(crate) fn take_recorded() -> String {
    let session = Session::current();
    session.as_ref().map_or_else(|| "[]".to_owned(), |session| session.host.take_recorded_json())
}

/// Counts of dropped items of a testing client, as JSON.
#[pyfunction]
pub(crate) fn take_discarded() -> String {
    let session = Session::current();
    session.as_ref().map_or_else(|| "[]".to_owned(), |session| session.host.take_discarded_json())
}

/// What is derived from the DSN, as JSON.
#[pyfunction]
pub(crate) fn dsn_facts() -> String {
    let session = Session::current();
    session.as_ref().map_or_else(|| "null".to_owned(), |session| session.host.dsn_json())
}

/// Moves the clock of a testing client.
#[pyfunction]
pub(crate) fn advance_clock(seconds: f64) {
    if let Some(session) = &*Session::current()
        && let Ok(by) = Duration::try_from_secs_f64(seconds)
    {
        session.host.advance_clock(by);
    }
}

/// Waits until everything captured has left, for at most `timeout` seconds (default: the option
/// `shutdown_timeout`). True if it has. `callback(1, seconds)` is told if it takes longer than a moment.
#[pyfunction]
#[pyo3(signature = (timeout=None, callback=None))]
pub(crate) fn flush(
    py: Python<'_>,
    timeout: Option<&Bound<'_, PyAny>>,
    callback: Option<&Bound<'_, PyAny>>,
) -> bool {
    let flushed = entry(py, "flush", || {
        let timeout = seconds(timeout)?;
        let Some(session) = Session::current().clone() else { return Ok(true) };
        let Some(callback) = callback.filter(|callback| !callback.is_none()) else {
            return Ok(py.detach(|| session.host.flush(timeout)));
        };
        let most = timeout.unwrap_or_else(|| session.host.options().client.shutdown_timeout());
        let moment = most.min(MOMENT);
        if py.detach(|| session.host.flush(Some(moment))) {
            return Ok(true);
        }
        let left = most.saturating_sub(moment);
        // How many wait is not counted: one at least.
        entry(py, "the callback of flush", || callback.call1((1, left.as_secs_f64())).map(drop));
        Ok(py.detach(|| session.host.flush(Some(left))))
    });
    flushed.unwrap_or(false)
}

/// Nobody is told of a delivery that takes no longer.
const MOMENT: Duration = Duration::from_millis(100);

/// Flushes and stops: later captures do nothing until the next `init`.
#[pyfunction]
#[pyo3(signature = (timeout=None))]
pub(crate) fn close(py: Python<'_>, timeout: Option<&Bound<'_, PyAny>>) -> bool {
    let closed = entry(py, "close", || {
        let timeout = seconds(timeout)?;
        let session = Session::current().clone();
        Ok(session.is_none_or(|session| py.detach(|| session.host.close(timeout))))
    });
    closed.unwrap_or(false)
}

/// Says whether the user agrees that errors are reported. With the option `require_consent` nothing is collected before
/// `True`; `False` stops at once. The application remembers the answer.
#[pyfunction]
pub(crate) fn set_consent(py: Python<'_>, given: bool) {
    entry(py, "set_consent", || {
        if let Some(session) = Session::current().clone() {
            py.detach(|| session.host.set_consent(given));
        }
        Ok(())
    });
}

/// True if a capture can lead anywhere: `init` was called with a DSN, and `close` was not.
#[pyfunction]
pub(crate) fn is_initialized() -> bool {
    Session::current().as_ref().is_some_and(|session| session.host.client().is_enabled())
}

/// Continues the trace of the process that started this one.
fn continue_from_environment(host: &HostClient) {
    let root = HostScope::from_shared(crate::active::root().clone());
    host.continue_from_environment(|name| std::env::var(name).ok(), &root);
}

fn seconds(timeout: Option<&Bound<'_, PyAny>>) -> PyResult<Option<Duration>> {
    let Some(timeout) = timeout.filter(|timeout| !timeout.is_none()) else { return Ok(None) };
    Ok(Some(Duration::try_from_secs_f64(timeout.extract::<f64>()?.max(0.0)).unwrap_or(Duration::MAX)))
}

fn identity(py: Python<'_>, integrations: Vec<Text>) -> HostIdentity {
    let (os, host) = system(py).unwrap_or_default();
    let contexts = [("runtime", runtime(py).unwrap_or_default()), ("os", os)];
    let contexts = contexts.into_iter().filter(|(_, context)| !context.is_empty());
    HostIdentity {
        sdk_name: Text::from_static("watchpost.python"),
        sdk_version: Text::from_static(env!("CARGO_PKG_VERSION")),
        package: Some(Text::from_static("pypi:watchpost")),
        integrations,
        platform: Text::from_static("python"),
        server_name: host.map(Text::from),
        contexts: contexts.map(|(name, context)| (Text::from_static(name), context)).collect(),
    }
}

fn runtime(py: Python<'_>) -> PyResult<Map> {
    let sys = py.import("sys")?;
    let name: String = sys.getattr("implementation")?.getattr("name")?.extract()?;
    let name = if name == "cpython" { "CPython".to_owned() } else { name };
    let version = py.version_info();
    let mut map = Map::new();
    map.insert("name".to_owned(), name.into());
    map.insert(
        "version".to_owned(),
        format!("{}.{}.{}{}", version.major, version.minor, version.patch, version.suffix.unwrap_or(""))
            .into(),
    );
    map.insert("build".to_owned(), sys.getattr("version")?.cast::<PyString>()?.to_string().into());
    Ok(map)
}

/// The operating system, and the name of the machine.
fn system(py: Python<'_>) -> PyResult<(Map, Option<String>)> {
    let mut map = Map::new();
    let os = py.import("os")?;
    let Ok(uname) = os.call_method0("uname") else {
        let name: String = py.import("sys")?.getattr("platform")?.extract()?;
        map.insert("name".to_owned(), name.into());
        return Ok((map, std::env::var("COMPUTERNAME").ok()));
    };
    let part = |name: &str| uname.getattr(name)?.extract::<String>();
    map.insert("name".to_owned(), part("sysname")?.into());
    map.insert("version".to_owned(), part("release")?.into());
    map.insert("build".to_owned(), part("version")?.into());
    Ok((map, part("nodename").ok().filter(|name| !name.is_empty())))
}
