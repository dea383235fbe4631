//! What the place of a file says about a frame.

use std::path::Path;

/// The folders that matter.
#[derive(Debug)]
pub(crate) struct Places {
    /// Where the process was started, with a separator at its end: file names are given from here.
    base: Option<String>,
    /// Where this package lies.
    own: String,
}

/// What is known about a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// Relative to the project, or to the packages' folder.
    pub(crate) filename: String,
    /// Dotted folders, a colon and the file's name without its ending.
    pub(crate) module: Option<String>,
    /// The application's own code.
    pub(crate) in_app: bool,
}

impl Places {
    /// With the folder of this package.
    pub(crate) fn new(own: &str) -> Self {
        let base = std::env::current_dir().ok().map(|dir| with_separator(&dir.to_string_lossy()));
        Self { base: base.filter(|base| base.len() > 1), own: with_separator(own) }
    }

    /// What is known about the file of a frame, as V8 names it.
    pub(crate) fn of(&self, path: &str) -> Place {
        if !is_absolute(path) {
            // `node:internal/...`, `<anonymous>`, `native`, `webpack-internal:...`, `https:...`
            let in_app = (path.contains("://") || path.starts_with("webpack-internal:"))
                && !path.contains("/node_modules/");
            let module = path.strip_prefix("node:").map(|rest| rest.replace('/', "."));
            return Place { filename: path.to_owned(), module, in_app };
        }
        let slashed = path.replace('\\', "/");
        if let Some(at) = slashed.rfind("/node_modules/") {
            let inside = &slashed[at + "/node_modules/".len()..];
            let filename = slashed[at + 1..].to_owned();
            return Place { filename, module: Some(module(inside)), in_app: false };
        }
        let relative = self.base.as_ref().and_then(|base| path.strip_prefix(base.as_str()));
        let filename = relative.map_or_else(|| slashed.clone(), |relative| relative.replace('\\', "/"));
        let in_app = self.own.len() <= 1 || !path.starts_with(&self.own);
        let named = relative.map_or_else(|| file_name(&slashed).to_owned(), |_| filename.clone());
        Place { filename, module: Some(module(&named)), in_app }
    }
}

/// `src/routes/pay.js` is `src.routes:pay`.
fn module(path: &str) -> String {
    let file = file_name(path);
    let stem = [".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"]
        .iter()
        .find_map(|ending| file.strip_suffix(ending))
        .unwrap_or(file);
    match path.strip_suffix(file).map(|folders| folders.trim_matches('/')) {
        Some(folders) if !folders.is_empty() => format!("{}:{stem}", folders.replace('/', ".")),
        _ => stem.to_owned(),
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn is_absolute(path: &str) -> bool {
    let drive = path.as_bytes().get(1) == Some(&b':') && matches!(path.as_bytes().get(2), Some(b'\\' | b'/'));
    Path::new(path).is_absolute() || drive
}

fn with_separator(folder: &str) -> String {
    let separator = std::path::MAIN_SEPARATOR;
    format!("{}{separator}", folder.trim_end_matches(separator))
}
