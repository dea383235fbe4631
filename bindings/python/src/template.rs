//! Templates: the engine's frames in a stack tell of a line in one, which becomes a frame of its own.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use watchpost_core::{Frame, Text};

use crate::in_app::InApp;
use crate::once::Once;
use crate::source;

static READER: Once<Reader> = Once::new();

/// Who knows which template a frame of an engine works on.
#[derive(Debug)]
struct Reader {
    module: String,
    functions: Vec<String>,
    /// `(frame, error) -> (name, path, line, text) | None`.
    read: Py<PyAny>,
}

/// Asks `read(frame, error)` about every frame of these functions of a module: the name of a template, where it is, the
/// line in it, from 1, and its text; or `None`.
#[pyfunction]
pub(crate) fn read_templates(module: String, functions: Vec<String>, read: Py<PyAny>) {
    READER.get_or(Reader { module, functions, read });
}

/// True for a function that works on templates.
pub(crate) fn is_engine(module: Option<&str>, function: Option<&str>) -> bool {
    READER.get().is_some_and(|reader| {
        module == Some(&reader.module)
            && reader.functions.iter().any(|known| function == Some(known.as_str()))
    })
}

/// The line of a template that a frame of an engine was working on.
///
/// # Errors
/// When the engine is one of a version that nobody knows.
pub(crate) fn frame(
    frame: &Bound<'_, PyAny>,
    error: &Bound<'_, PyBaseException>,
    in_app: &InApp,
    source_context: bool,
) -> PyResult<Option<Frame>> {
    let Some(reader) = READER.get() else { return Ok(None) };
    let answer = reader.read.bind(frame.py()).call1((frame, error))?;
    let Some((name, path, line, text)) = answer.extract::<Option<(String, String, u32, String)>>()? else {
        return Ok(None);
    };
    let around = if source_context { source::around_text(text, line) } else { source::Around::default() };
    Ok(Some(Frame {
        in_app: Some(in_app.of(None, Some(&path))),
        filename: Some(Text::from(name)),
        abs_path: Some(Text::from(path)),
        lineno: Some(line),
        pre_context: around.pre,
        context_line: around.line,
        post_context: around.post,
        ..Frame::default()
    }))
}
