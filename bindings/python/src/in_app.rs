//! Which frames look like the application's own; the options that overrule this are the core's affair.

use pyo3::prelude::*;

/// Decides by where a file lies.
#[derive(Debug)]
pub(crate) struct InApp {
    /// The folder of the standard library, with a separator at its end.
    standard: Option<String>,
    /// That of the application, if it was said.
    root: Option<String>,
}

impl InApp {
    /// For this interpreter, and an application whose own files are all in `root`.
    pub(crate) fn new(py: Python<'_>, root: Option<String>) -> Self {
        let standard = || -> PyResult<String> {
            let file: String = py.import("os")?.getattr("__file__")?.extract()?;
            Ok(file.trim_end_matches("os.py").to_owned())
        };
        let root = root.map(|root| root.trim_end_matches(['/', '\\']).to_owned());
        Self { standard: standard().ok().filter(|folder| folder.len() > 1), root }
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
        let is_inside = |root: &String| {
            path.strip_prefix(root.as_str()).is_some_and(|rest| rest.starts_with(['/', '\\']))
        };
        !is_installed
            && self.root.as_ref().is_none_or(is_inside)
            && !self.standard.as_ref().is_some_and(|folder| path.starts_with(folder))
    }
}
