//! A transaction that has not started.

use std::cell::RefCell;
use std::fmt;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_bindings::HostTransaction;
use watchpost_core as core;
use watchpost_core::SpanStatus;

use crate::active::Active;
use crate::session::Session;

thread_local! {
    /// What the caller gave for the sampler alone, while a transaction is being started.
    static SAMPLING: RefCell<Option<Py<PyDict>>> = const { RefCell::new(None) };
}

/// What a transaction starts with, when it does.
#[derive(Default)]
pub(crate) struct Pending {
    pub(crate) given: HostTransaction,
    pub(crate) status: Option<SpanStatus>,
    /// For the sampler alone: seen as it is, so nothing of it is copied.
    pub(crate) sampling: Option<Py<PyDict>>,
    /// What was set meanwhile.
    #[expect(clippy::type_complexity, reason = "a list of functions")]
    pub(crate) then: Vec<Box<dyn FnOnce(&core::Span) + Send>>,
}

impl Pending {
    /// Starts it, by the scopes that are active here.
    ///
    /// # Errors
    /// When the interpreter has no memory left.
    pub(crate) fn start(self, py: Python<'_>) -> PyResult<core::Span> {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(core::Span::disabled()) };
        let active = Active::here(py)?;
        let before = SAMPLING.replace(self.sampling);
        let span = session.host.start_transaction(self.given, active.get().scopes());
        drop(SAMPLING.replace(before));
        let span = span.map_err(|error| pyo3::exceptions::PyValueError::new_err(error.to_string()))?;
        let span = span.span().clone();
        if let Some(status) = self.status {
            span.set_status(status);
        }
        self.then.into_iter().for_each(|change| change(&span));
        Ok(span)
    }
}

/// Starts a transaction by `start`, while the sampler can see `given`.
pub(crate) fn with_sampling(given: Py<PyDict>, start: impl FnOnce() -> core::Span) -> core::Span {
    let before = SAMPLING.replace(Some(given));
    let span = start();
    drop(SAMPLING.replace(before));
    span
}

/// What was given for the sampler of the transaction that is being started on this thread.
pub(crate) fn sampling<'py>(py: Python<'py>) -> Option<Bound<'py, PyDict>> {
    SAMPLING.with_borrow(|given| given.as_ref().map(|given| given.bind(py).clone()))
}

impl fmt::Debug for Pending {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("given", &self.given).finish_non_exhaustive()
    }
}
