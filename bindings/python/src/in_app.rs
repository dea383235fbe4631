//! Which frames are the application's own.

use pyo3::prelude::*;
use watchpost_core::Text;

/// The rules of one client: the options `in_app_include` and `in_app_exclude`, then where the file lies.
#[derive(Debug)]
pub(crate) struct InApp {
    include: Vec<Text>,
    exclude: Vec<Text>,
    /// The folder of the standard library, with a separator at its end.
    standard: Option<String>,
}

impl InApp {
    /// Rules with the options' module prefixes.
    pub(crate) fn new(py: Python<'_>, include: &[Text], exclude: &[Text]) -> Self {
        let standard = || -> PyResult<String> {
            let file: String = py.import("os")?.getattr("__file__")?.extract()?;
            Ok(file.trim_end_matches("os.py").to_owned())
        };
        let standard = standard().ok().filter(|folder| folder.len() > 1);
        Self { include: include.to_vec(), exclude: exclude.to_vec(), standard }
    }

    /// True for code of the application: an included prefix wins over an excluded one, and both over the place of
    /// the file.
    pub(crate) fn of(&self, module: Option<&str>, path: Option<&str>) -> bool {
        let module = module.unwrap_or("");
        if self.include.iter().any(|prefix| is_inside(module, prefix)) {
            return true;
        }
        if self.exclude.iter().any(|prefix| is_inside(module, prefix)) {
            return false;
        }
        let Some(path) = path else { return true };
        if path.starts_with("<frozen") || is_inside(module, "watchpost") {
            return false;
        }
        let installed = ["site-packages", "dist-packages"];
        let is_installed = path.split(['/', '\\']).any(|part| installed.contains(&part));
        !is_installed && !self.standard.as_ref().is_some_and(|folder| path.starts_with(folder))
    }
}

/// True if `module` is `prefix` or below it.
fn is_inside(module: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches('.');
    !prefix.is_empty()
        && module.strip_prefix(prefix).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}
