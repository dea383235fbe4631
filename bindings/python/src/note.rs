//! Breadcrumbs on their way into a scope.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_core::{Hint, SharedScope};

use crate::session::Session;
use crate::setters::{self, CrumbFields};

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Adds a breadcrumb to `scope` by the rules of the current client; does nothing without one.
///
/// # Errors
/// When something in there cannot be used.
pub(crate) fn note_breadcrumb(
    scope: &SharedScope,
    crumb: Option<Any<'_, '_>>,
    hint: Option<Any<'_, '_>>,
    fields: &CrumbFields<'_, '_>,
) -> PyResult<()> {
    let session = Session::current();
    let Some(session) = session.as_ref() else { return Ok(()) };
    let crumb = setters::breadcrumb(crumb, fields)?;
    let hint = match hint.and_then(|hint| hint.cast::<PyDict>().ok()) {
        Some(hint) => {
            crate::hook::Seen { given: Some(hint.clone().unbind()), ..Default::default() }.into_hint()
        }
        None => Hint::default(),
    };
    session.host.add_breadcrumb(crumb, &hint, scope);
    Ok(())
}
