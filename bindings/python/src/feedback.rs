//! What users say.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_bindings::parse_value;
use watchpost_core::{Error, Feedback, Map, Value};

use crate::active::Active;
use crate::attachment;
use crate::convert::{Converter, Limits};
use crate::hook::Seen;
use crate::session::{Session, entry};

type Given<'a, 'py> = Option<&'a Bound<'py, PyAny>>;

/// Sends what a user says: a message, or a dictionary of these arguments. The id of the feedback, or `None`.
#[pyfunction]
#[pyo3(signature = (message, hint=None, *, name=None, contact_email=None, url=None, associated_event_id=None, replay_id=None, attachments=None))]
#[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
pub(crate) fn capture_feedback(
    py: Python<'_>,
    message: &Bound<'_, PyAny>,
    hint: Given<'_, '_>,
    name: Given<'_, '_>,
    contact_email: Given<'_, '_>,
    url: Given<'_, '_>,
    associated_event_id: Given<'_, '_>,
    replay_id: Given<'_, '_>,
    attachments: Given<'_, '_>,
) -> Option<String> {
    let fields = [
        ("name", name),
        ("contact_email", contact_email),
        ("url", url),
        ("associated_event_id", associated_event_id),
        ("replay_id", replay_id),
    ];
    let id = entry(py, "capture_feedback", || {
        let session = Session::current();
        let Some(session) = session.as_ref() else { return Ok(None) };
        let mut convert = Converter::new(Limits::DATA);
        let mut given = match message.cast::<PyDict>() {
            Ok(dict) => convert.map(dict),
            Err(_) => [("message".to_owned(), convert.any_text(message).into())].into_iter().collect::<Map>(),
        };
        for (name, value) in fields {
            if let Some(value) = value.filter(|value| !value.is_none()) {
                given.insert(name.to_owned(), convert.value(value));
            }
        }
        let raised = |error: Error| PyValueError::new_err(error.to_string());
        let feedback: Feedback = parse_value("feedback", Value::Object(given)).map_err(raised)?;
        let given = hint.and_then(|hint| hint.cast::<PyDict>().ok()).map(|hint| hint.clone().unbind());
        let seen = Seen { given, ..Seen::default() };
        let hint = attachment::with_files(py, seen.into_hint(), attachments)?;
        let active = Active::here(py)?;
        let scopes = active.get().scopes();
        py.detach(|| session.host.client().capture_feedback(feedback, &hint, scopes)).map_err(raised)
    });
    id.flatten().map(|id| id.to_string())
}
