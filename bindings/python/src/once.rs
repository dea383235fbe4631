//! Values that are made once in a process, however many threads begin and whoever forks meanwhile.

use std::sync::OnceLock;

use pyo3::prelude::*;

/// A value that is made at its first use.
///
/// pyo3's own cell lets go of the interpreter while it waits for its turn, so another thread may fork while the cell is
/// being filled: the child would wait for ever for a thread that it does not have. Here the value is made first, by
/// several threads if need be, and then put in without letting go; the first one stays.
#[derive(Debug)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// The value, made by `make` if there is none yet.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn get_or_try_init(&self, _: Python<'_>, make: impl FnOnce() -> PyResult<T>) -> PyResult<&T> {
        if let Some(known) = self.0.get() {
            return Ok(known);
        }
        let made = make()?;
        Ok(self.0.get_or_init(|| made))
    }

    /// The value, if it was made.
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    /// The value, or `made`.
    pub(crate) fn get_or(&self, made: T) -> &T {
        self.0.get_or_init(|| made)
    }
}

/// A text as an interned Python string, as pyo3's macro of that name makes it.
macro_rules! intern {
    ($py:expr, $text:expr) => {{
        static TEXT: $crate::once::Once<pyo3::Py<pyo3::types::PyString>> = $crate::once::Once::new();
        let known = match TEXT.get() {
            Some(known) => known,
            None => TEXT.get_or(pyo3::types::PyString::intern($py, $text).unbind()),
        };
        known.bind($py)
    }};
}

pub(crate) use intern;
