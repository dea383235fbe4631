//! What is given beside what is captured.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_core::SharedScope;

use crate::active::Active;
use crate::scope::Scope;
use crate::session::entry;
use crate::setters;

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// A hint, and what the event gets besides what is active.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside<'a, 'py> {
    pub(crate) hint: Option<&'a Bound<'py, PyDict>>,
    /// A scope, or a function that changes one.
    scope: Given<'a, 'py>,
    /// The scope that was asked to capture.
    own: Option<&'a SharedScope>,
    /// What is set at the call, `attachments` among it.
    pub(crate) fields: Option<&'a Bound<'py, PyDict>>,
}

impl<'a, 'py> Beside<'a, 'py> {
    /// A hint is a dictionary, and a scope is none: each may stand in the place of the other.
    pub(crate) fn new(
        hint: Given<'a, 'py>,
        scope: Given<'a, 'py>,
        fields: Option<&'a Bound<'py, PyDict>>,
    ) -> Self {
        let is_scope = |given: &&Bound<'_, PyAny>| given.is_instance_of::<Scope>() || given.is_callable();
        Self {
            hint: as_dict(hint).or_else(|| as_dict(scope)),
            scope: scope.filter(is_scope).or_else(|| hint.filter(is_scope)),
            own: None,
            fields: fields.filter(|fields| !fields.is_empty()),
        }
    }

    /// The same for a capture that a scope was asked for.
    pub(crate) fn upon(self, own: &'a SharedScope) -> Self {
        Self { own: Some(own), ..self }
    }

    /// A fork of the current scope with all of that; `None` if it is nothing.
    ///
    /// # Errors
    /// When something in there cannot be used.
    pub(crate) fn scope(&self, py: Python<'_>, active: &Active) -> PyResult<Option<SharedScope>> {
        let current = active.current();
        let own = self.own.filter(|own| !own.is_same(current) && !own.is_same(active.isolation()));
        if self.scope.is_none() && self.fields.is_none() && own.is_none() {
            return Ok(None);
        }
        let mut fork = own.map_or_else(|| current.fork(), |own| current.merged(own));
        if let Some(given) = self.scope {
            if let Ok(scope) = given.cast::<Scope>() {
                fork = fork.merged(&scope.get().0);
            } else {
                let scope = Bound::new(py, Scope(fork.clone()))?;
                // One that fails costs nothing but what it would have set.
                entry(py, "the scope of a capture", || given.call1((&scope,)).map(drop));
            }
        }
        if let Some(fields) = self.fields {
            setters::fields(&fork, fields)?;
        }
        Ok(Some(fork))
    }
}

fn as_dict<'a, 'py>(given: Given<'a, 'py>) -> Option<&'a Bound<'py, PyDict>> {
    given?.cast::<PyDict>().ok()
}
