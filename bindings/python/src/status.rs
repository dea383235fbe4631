//! How work ended, and what names were made of, by their names.

use pyo3::exceptions::{PyBaseException, PyValueError};
use pyo3::prelude::*;
use watchpost_core::{SpanStatus, TransactionSource};

use crate::convert::text_of;
use crate::once::intern;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// How a span ended that an exception left; nothing for those that are no failure.
///
/// # Errors
/// When the exception's class has no name.
pub(crate) fn status_of(error: Any<'_, '_>) -> PyResult<Option<SpanStatus>> {
    let py = error.py();
    let name = error.get_type().getattr(intern!(py, "__name__"))?;
    Ok(match name.extract::<std::borrow::Cow<'_, str>>()?.as_ref() {
        "SystemExit" => {
            let code = error.cast::<PyBaseException>()?.getattr(intern!(py, "code"))?;
            code.is_truthy()?.then_some(SpanStatus::InternalError)
        }
        "CancelledError" => Some(SpanStatus::Cancelled),
        "GeneratorExit" => None,
        _ => Some(SpanStatus::InternalError),
    })
}

/// A status by its name.
///
/// # Errors
/// When there is none of that name.
pub(crate) fn read_status(status: Any<'_, '_>) -> PyResult<SpanStatus> {
    let text = text_of(status);
    SpanStatus::parse(&text).ok_or_else(|| {
        let wanted = "is none like ok, not_found or internal_error";
        PyValueError::new_err(format!("the status `{text}` {wanted}"))
    })
}

/// What a name was made of, by its own name.
///
/// # Errors
/// When there is none of that name.
pub(crate) fn read_source(source: Any<'_, '_>) -> PyResult<TransactionSource> {
    let text = text_of(source);
    TransactionSource::parse(&text).ok_or_else(|| {
        let wanted = "is not custom, url, route, view, component or task";
        PyValueError::new_err(format!("the source `{text}` {wanted}"))
    })
}
