//! What exists from one `init` to the next.

use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_bindings::{HostClient, guard, replace_client};

use crate::code::Codes;
use crate::in_app::InApp;
use crate::options;
use crate::stacktrace::{self, Frames};

static SESSION: ArcSwapOption<Session> = ArcSwapOption::const_empty();

/// The client and what this binding knows for it.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) host: Arc<HostClient>,
    pub(crate) frames: Frames,
    /// What `init` was given.
    pub(crate) given: Py<PyDict>,
    /// Errors of these classes are dropped.
    ignored: Vec<Py<PyAny>>,
}

impl Session {
    /// Around a fresh client.
    pub(crate) fn new(host: HostClient, given: &Bound<'_, PyDict>) -> Self {
        let py = given.py();
        let host_options = host.options();
        let frames = Frames {
            codes: Codes::default(),
            in_app: InApp::new(py, options::project_root(given).ok().flatten()),
            local_variables: host_options.include_local_variables,
            types_only: host_options.local_variable_types_only,
            source_context: host_options.include_source_context,
            most: options::max_stack_frames(given).ok().flatten().unwrap_or(stacktrace::MOST),
        };
        Self { host: Arc::new(host), frames, given: given.clone().unbind(), ignored: options::classes(given) }
    }

    /// True for an error that is of a class in `ignore_errors`.
    pub(crate) fn ignores(&self, error: &Bound<'_, PyBaseException>) -> bool {
        self.ignored.iter().any(|class| error.is_instance(class.bind(error.py())).unwrap_or(false))
    }

    /// The one of the last `init`.
    pub(crate) fn current() -> Guard<Option<Arc<Self>>> {
        SESSION.load()
    }

    /// Becomes the current one; the previous client delivers what it has and stops.
    pub(crate) fn start(self, py: Python<'_>) {
        let session = Arc::new(self);
        replace_client(Some(Arc::clone(&session.host)));
        if let Some(old) = SESSION.swap(Some(session)) {
            py.detach(|| old.host.close(None));
        }
    }

    /// Says one diagnostic line.
    pub(crate) fn say(&self, line: impl FnOnce() -> String) {
        self.host.options().client.diagnostics().say(line);
    }
}

/// Runs an entry point that the application called. Neither a panic nor an exception leaves it: they are said in one
/// diagnostic line.
#[inline]
pub(crate) fn entry<T>(py: Python<'_>, name: &str, body: impl FnOnce() -> PyResult<T>) -> Option<T> {
    match guard(body) {
        Some(Ok(value)) => Some(value),
        failed => {
            say_failed(py, name, failed.and_then(Result::err).as_ref());
            None
        }
    }
}

#[cold]
fn say_failed(py: Python<'_>, name: &str, error: Option<&PyErr>) {
    let failure = error.map_or_else(|| "it panicked".to_owned(), ToString::to_string);
    if let Some(error) = error {
        crate::repr::swallow(py, error);
    }
    if let Some(session) = &*Session::current() {
        session.say(|| format!("{name} failed: {failure}"));
    }
}
