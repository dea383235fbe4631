//! Source lines around frames.

use std::collections::HashMap;
use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyList;
use watchpost_core::{ForkLock, Text};

use crate::active::modules;

/// Lines before and after.
const AROUND: usize = 5;
/// Longer lines are cut.
const LONGEST_LINE: usize = 512;
/// Larger files are not read.
const LARGEST_FILE: u64 = 2 * 1024 * 1024;
/// Text of files that is kept; then all are forgotten.
const MOST_BYTES: usize = 8 * 1024 * 1024;

static FILES: ForkLock<Files> = ForkLock::new(Files { by_path: None, bytes: 0 });

/// The lines around one line.
#[derive(Debug, Default)]
pub(crate) struct Around {
    /// At most five lines before.
    pub(crate) pre: Vec<Text>,
    /// The line.
    pub(crate) line: Option<Text>,
    /// At most five lines after.
    pub(crate) post: Vec<Text>,
}

/// The lines around line `number`, from 1, of a file. `globals` are those of the module, for code that is not in a
/// plain file: `linecache` knows where that is, or the module's loader.
pub(crate) fn around(path: &str, number: u32, globals: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> Around {
    let Some(file) = FILES.with(|files| files.by_path.as_ref()?.get(path).cloned()) else {
        let file = Arc::new(read(path, globals, py));
        let mut forgotten = None;
        FILES.with(|files| {
            files.bytes += file.text.len() + 64;
            if files.bytes > MOST_BYTES {
                files.bytes = file.text.len();
                forgotten = files.by_path.take();
            }
            files.by_path.get_or_insert_default().insert(path.to_owned(), Arc::clone(&file));
        });
        drop(forgotten);
        return file.around(number);
    };
    file.around(number)
}

/// The same of a text that is no file.
pub(crate) fn around_text(text: String, number: u32) -> Around {
    if text.len() as u64 > LARGEST_FILE { Around::default() } else { File::new(text).around(number) }
}

#[derive(Debug, Default)]
struct Files {
    by_path: Option<HashMap<String, Arc<File>>>,
    bytes: usize,
}

/// A file and where its lines start.
#[derive(Debug, Default)]
struct File {
    text: String,
    starts: Vec<u32>,
}

impl File {
    fn new(text: String) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = breaks.filter_map(|(at, _)| u32::try_from(at + 1).ok());
        let starts = std::iter::once(0).chain(starts).collect();
        Self { text, starts }
    }

    fn line(&self, index: usize) -> Option<&str> {
        let start = *self.starts.get(index)? as usize;
        let end = self.starts.get(index + 1).map_or(self.text.len(), |next| *next as usize);
        let line = self.text.get(start..end)?.trim_end_matches(['\n', '\r']);
        let mut cut = line.len().min(LONGEST_LINE);
        while !line.is_char_boundary(cut) {
            cut -= 1;
        }
        Some(&line[..cut])
    }

    fn around(&self, number: u32) -> Around {
        let Some(at) = (number as usize).checked_sub(1) else { return Around::default() };
        let Some(line) = self.line(at).filter(|_| !self.text.is_empty()) else { return Around::default() };
        let lines =
            |range: std::ops::Range<usize>| range.filter_map(|i| self.line(i).map(Text::from)).collect();
        let last = self.starts.len() - usize::from(self.text.ends_with('\n'));
        Around {
            pre: lines(at.saturating_sub(AROUND)..at),
            line: Some(line.into()),
            post: lines((at + 1).min(last)..(at + 1 + AROUND).min(last)),
        }
    }
}

fn read(path: &str, globals: Option<&Bound<'_, PyAny>>, py: Python<'_>) -> File {
    let small = std::fs::metadata(path).is_ok_and(|meta| meta.is_file() && meta.len() <= LARGEST_FILE);
    if small && let Ok(bytes) = std::fs::read(path) {
        return File::new(String::from_utf8_lossy(&bytes).into_owned());
    }
    let lines = || -> PyResult<String> {
        // Not imported for this: a fork amid an import by another thread would leave the child waiting for ever.
        if let Some(linecache) = modules(py)?.get_item("linecache")? {
            let lines = linecache.call_method1("getlines", (path, globals))?;
            let lines: Vec<String> = lines.cast::<PyList>()?.extract()?;
            return Ok(lines.concat());
        }
        let Some(globals) = globals.filter(|_| !path.starts_with('<')) else { return Ok(String::new()) };
        let (loader, name) = (globals.get_item("__loader__")?, globals.get_item("__name__")?);
        loader.call_method1("get_source", (name,))?.extract()
    };
    let text = lines().unwrap_or_default();
    if text.len() as u64 > LARGEST_FILE { File::default() } else { File::new(text) }
}
