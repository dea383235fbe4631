//! Which frames look like the application's own; the options that overrule this are the core's affair.

use pyo3::prelude::*;

/// Decides by where a file lies.
#[derive(Debug)]
pub(crate) struct InApp {
    /// The folder of the standard library, with a separator at its end.
    standard: Option<String>,
}

impl InApp {
    /// For this interpreter.
    pub(crate) fn new(py: Python<'_>) -> Self {
        let standard = || -> PyResult<String> {
            let file: String = py.import("os")?.getattr("__file__")?.extract()?;
            Ok(file.trim_end_matches("os.py").to_owned())
        };
        Self { standard: standard().ok().filter(|folder| folder.len() > 1) }
    }

    /// False for the standard library, installed packages and ourselves.
    pub(crate) fn of(&self, module: Option<&str>, path: Option<&str>) -> bool {
        let Some(path) = path else { return true };
        let ours = module.and_then(|module| module.strip_prefix("watchpost"));
        if path.starts_with("<frozen") || ours.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')) {
            return false;
        }
        let mut parts = path.split(['/', '\\']);
        let is_installed = parts.any(|part| part == "site-packages" || part == "dist-packages");
        !is_installed && !self.standard.as_ref().is_some_and(|folder| path.starts_with(folder))
    }
}
