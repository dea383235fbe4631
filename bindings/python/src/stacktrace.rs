//! Tracebacks and frames, read into core frames.

use crate::once::intern;
use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use serde_json::json;
use watchpost_core::{Frame, Map, Stacktrace};

use crate::code::{Code, Codes};
use crate::in_app::InApp;
use crate::repr::swallow;
use crate::template;
use crate::vars::Vars;

/// Frames that are kept, half of them at each end; a deeper stack loses its middle.
pub(crate) const MOST: usize = 100;

/// What a client wants to know about frames, and what it knows already.
#[derive(Debug)]
pub(crate) struct Frames {
    pub(crate) codes: Codes,
    pub(crate) in_app: InApp,
    pub(crate) local_variables: bool,
    /// Of variables only their types: no value is looked at, and nothing of theirs is called.
    pub(crate) types_only: bool,
    pub(crate) source_context: bool,
    /// How many of a stack are kept.
    pub(crate) most: usize,
}

impl Frames {
    /// The frames of the traceback of an error, outermost first.
    ///
    /// # Errors
    /// When it is no traceback.
    pub(crate) fn of_traceback(
        &self,
        traceback: &Bound<'_, PyAny>,
        error: &Bound<'_, PyBaseException>,
        vars: &mut Vars,
    ) -> PyResult<Option<Stacktrace>> {
        let py = traceback.py();
        let mut entries = Vec::new();
        let mut at = traceback.clone();
        while !at.is_none() {
            let next = at.getattr(intern!(py, "tb_next"))?;
            entries.push(std::mem::replace(&mut at, next));
        }
        self.stacktrace(entries, Some(error), vars, |entry| {
            Ok((entry.getattr(intern!(py, "tb_frame"))?, entry.getattr(intern!(py, "tb_lineno"))?))
        })
    }

    /// The frames of the running function and its callers.
    ///
    /// # Errors
    /// When the interpreter does not tell.
    pub(crate) fn of_caller(&self, py: Python<'_>, vars: &mut Vars) -> PyResult<Option<Stacktrace>> {
        let mut entries = Vec::new();
        let mut at = py.import(intern!(py, "sys"))?.call_method1(intern!(py, "_getframe"), (0,))?;
        while !at.is_none() {
            let back = at.getattr(intern!(py, "f_back"))?;
            entries.push(std::mem::replace(&mut at, back));
        }
        entries.reverse();
        self.stacktrace(entries, None, vars, |frame| {
            Ok((frame.clone(), frame.getattr(intern!(py, "f_lineno"))?))
        })
    }

    fn stacktrace<'py>(
        &self,
        mut entries: Vec<Bound<'py, PyAny>>,
        error: Option<&Bound<'py, PyBaseException>>,
        vars: &mut Vars,
        place: impl Fn(&Bound<'py, PyAny>) -> PyResult<(Bound<'py, PyAny>, Bound<'py, PyAny>)>,
    ) -> PyResult<Option<Stacktrace>> {
        let Some(py) = entries.first().map(|entry| entry.py()) else { return Ok(None) };
        let mut template = None;
        let mut other = Map::new();
        if entries.len() > self.most {
            let outer = self.most / 2;
            let end = entries.len() - (self.most - outer);
            other.insert("frames_omitted".to_owned(), json!([outer, end]));
            entries.drain(outer..end);
        }
        let mut frames = Vec::with_capacity(entries.len());
        // From the failure outwards: what is nearest to it has the first claim on the budget for variables.
        for entry in entries.iter().rev() {
            let (frame, line) = place(entry)?;
            let code = self.codes.of(&frame.getattr(intern!(py, "f_code"))?, &frame, &self.in_app)?;
            if code.is_engine
                && let Some(error) = error
                && let Some(line) = self.template(&frame, error)
                // Of each template the innermost line.
                && template.replace(line.abs_path.clone()) != Some(line.abs_path.clone())
            {
                frames.push(line);
            }
            frames.push(self.frame(&code, &frame, line.extract().ok(), vars)?);
        }
        frames.reverse();
        Ok(Some(Stacktrace { frames, other, ..Stacktrace::default() }))
    }

    fn template(&self, frame: &Bound<'_, PyAny>, error: &Bound<'_, PyBaseException>) -> Option<Frame> {
        match template::frame(frame, error, &self.in_app, self.source_context) {
            Ok(line) => line,
            Err(failed) => {
                // An engine whose insides have changed.
                swallow(frame.py(), &failed);
                None
            }
        }
    }

    fn frame(
        &self,
        code: &Code,
        frame: &Bound<'_, PyAny>,
        lineno: Option<u32>,
        vars: &mut Vars,
    ) -> PyResult<Frame> {
        let py = frame.py();
        let mut known = Frame {
            filename: code.filename.clone(),
            abs_path: code.abs_path.clone(),
            function: code.function.clone(),
            module: code.module.clone(),
            lineno,
            in_app: Some(code.in_app),
            ..Frame::default()
        };
        if self.source_context
            && let Some(line) = lineno
        {
            let around = code.around(line, frame);
            known.pre_context.clone_from(&around.pre);
            known.context_line.clone_from(&around.line);
            known.post_context.clone_from(&around.post);
        }
        if self.local_variables {
            known.vars = vars.read(&frame.getattr(intern!(py, "f_locals"))?, code.is_module, self.types_only);
        }
        Ok(known)
    }
}
