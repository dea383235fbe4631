//! What is known about code objects, looked up once per code object.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::once::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_core::{ForkLock, Text};

use crate::in_app::InApp;
use crate::source::{self, Around};
use crate::template;
use crate::text::characters;

/// How many code objects are remembered, and lines of each; then all are forgotten.
const MOST: usize = 4096;

/// Everything about a function that does not change from call to call.
#[derive(Debug)]
pub(crate) struct Code {
    pub(crate) filename: Option<Text>,
    pub(crate) abs_path: Option<Text>,
    pub(crate) function: Option<Text>,
    pub(crate) module: Option<Text>,
    pub(crate) in_app: bool,
    /// True for the body of a module.
    pub(crate) is_module: bool,
    /// True for a function that works on a template, whose line is a frame of its own.
    pub(crate) is_engine: bool,
    lines: ForkLock<Option<HashMap<u32, Arc<Around>>>>,
    /// Keeps the address from being used by another code object. Code holds neither frames nor values of variables.
    _code: Py<PyAny>,
}

/// The code objects that one client has met.
#[derive(Debug, Default)]
pub(crate) struct Codes(ForkLock<Option<HashMap<usize, Arc<Code>>>>);

impl Codes {
    /// What is known about `code`, met in a frame.
    ///
    /// # Errors
    /// When it is no code object.
    pub(crate) fn of(
        &self,
        code: &Bound<'_, PyAny>,
        frame: &Bound<'_, PyAny>,
        in_app: &InApp,
    ) -> PyResult<Arc<Code>> {
        let key = code.as_ptr() as usize;
        if let Some(known) = self.0.with(|codes| codes.as_ref()?.get(&key).cloned()) {
            return Ok(known);
        }
        let fresh = Arc::new(Code::inspect(code, frame, in_app)?);
        let mut forgotten = None;
        self.0.with(|codes| {
            let codes = codes.get_or_insert_default();
            if codes.len() >= MOST {
                forgotten = Some(std::mem::take(codes));
            }
            codes.insert(key, Arc::clone(&fresh));
        });
        // Code objects are freed outside of the lock.
        drop(forgotten);
        Ok(fresh)
    }
}

impl Code {
    /// The source around a line.
    pub(crate) fn around(&self, number: u32, frame: &Bound<'_, PyAny>) -> Arc<Around> {
        if let Some(known) = self.lines.with(|lines| lines.as_ref()?.get(&number).cloned()) {
            return known;
        }
        let py = frame.py();
        let globals = frame.getattr(intern!(py, "f_globals")).ok();
        let around = Arc::new(match &self.abs_path {
            Some(path) => source::around(path, number, globals.as_ref(), py),
            None => Around::default(),
        });
        self.lines.with(|lines| {
            let lines = lines.get_or_insert_default();
            if lines.len() >= MOST {
                lines.clear();
            }
            lines.insert(number, Arc::clone(&around));
        });
        around
    }

    fn inspect(code: &Bound<'_, PyAny>, frame: &Bound<'_, PyAny>, in_app: &InApp) -> PyResult<Self> {
        let py = code.py();
        let text =
            |value: Bound<'_, PyAny>| value.cast::<PyString>().ok().map(|s| characters(s).into_owned());
        let path = text(code.getattr(intern!(py, "co_filename"))?).filter(|path| !path.is_empty());
        let name = text(code.getattr(intern!(py, "co_name"))?);
        // Python 3.11 and newer.
        let qualified = code.getattr(intern!(py, "co_qualname")).ok().and_then(text);
        let globals = frame.getattr(intern!(py, "f_globals"))?;
        let module = globals.cast::<PyDict>()?.get_item(intern!(py, "__name__"))?.and_then(text);
        let abs_path = path.map(absolute);
        let filename = abs_path.as_deref().map(|path| relative(path, module.as_deref()).to_owned());
        Ok(Self {
            in_app: in_app.of(module.as_deref(), abs_path.as_deref()),
            is_module: name.as_deref() == Some("<module>"),
            is_engine: template::is_engine(module.as_deref(), name.as_deref()),
            filename: filename.map(Text::from),
            abs_path: abs_path.map(Text::from),
            function: qualified.or(name).map(Text::from),
            module: module.map(Text::from),
            lines: ForkLock::default(),
            _code: code.clone().unbind(),
        })
    }
}

fn absolute(path: String) -> String {
    if path.starts_with('<') || Path::new(&path).is_absolute() {
        return path;
    }
    match std::env::current_dir() {
        Ok(dir) => dir.join(path.trim_start_matches("./")).to_string_lossy().into_owned(),
        Err(_) => path,
    }
}

/// The path below the folder that holds the module's outermost package.
fn relative<'a>(path: &'a str, module: Option<&str>) -> &'a str {
    let Some(module) = module.filter(|_| !path.starts_with('<')) else { return path };
    let separators = |c: char| c == '/' || c == std::path::MAIN_SEPARATOR;
    let file = path.rsplit(separators).next().unwrap_or(path);
    let above = module.matches('.').count() + usize::from(file == "__init__.py");
    let mut start = path.len() - file.len();
    for _ in 0..above {
        let parent = path[..start].trim_end_matches(separators);
        start = parent.rfind(separators).map_or(0, |at| at + 1);
    }
    &path[start..]
}
