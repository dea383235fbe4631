//! Source lines around frames.

use std::collections::HashMap;
use std::sync::Arc;

use watchpost_core::Text;

/// Lines before and after.
const AROUND: usize = 5;
/// Longer lines are cut, around the column if there is one.
const LONGEST_LINE: usize = 512;
/// Larger files are not read.
const LARGEST_FILE: u64 = 2 * 1024 * 1024;
/// Text of files that is kept; then all are forgotten.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// The lines around one line.
#[derive(Debug, Default)]
pub(crate) struct Around {
    pub(crate) pre: Vec<Text>,
    pub(crate) line: Option<Text>,
    pub(crate) post: Vec<Text>,
}

/// Files that were read, within a bound.
#[derive(Debug, Default)]
pub(crate) struct Sources {
    files: HashMap<String, Arc<File>>,
    bytes: usize,
}

impl Sources {
    /// The lines around line `number`, from 1, of a file.
    pub(crate) fn around(&mut self, path: &str, number: u32, column: u32) -> Around {
        if let Some(file) = self.files.get(path) {
            return file.around(number, column);
        }
        self.keep(path.to_owned(), read(path).unwrap_or_default()).around(number, column)
    }

    /// True if a file is known or on disk.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.files.contains_key(path) || std::fs::metadata(path).is_ok()
    }

    /// Remembers the text of a file.
    pub(crate) fn keep(&mut self, path: String, text: String) -> Arc<File> {
        let text = if text.len() as u64 > LARGEST_FILE { String::new() } else { text };
        let file = Arc::new(File::new(text));
        self.bytes += file.text.len() + 4 * file.starts.len() + path.len() + 64;
        if self.bytes > MOST_BYTES {
            self.files.clear();
            self.bytes = file.text.len();
        }
        self.files.insert(path, Arc::clone(&file));
        file
    }
}

/// A file and where its lines start.
#[derive(Debug, Default)]
pub(crate) struct File {
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
        Some(self.text.get(start..end)?.trim_end_matches(['\n', '\r']))
    }

    fn around(&self, number: u32, column: u32) -> Around {
        let Some(at) = (number as usize).checked_sub(1) else { return Around::default() };
        let Some(line) = self.line(at).filter(|_| !self.text.is_empty()) else { return Around::default() };
        let lines = |range: std::ops::Range<usize>| {
            range.filter_map(|index| self.line(index)).map(|line| cut(line, 0).into()).collect()
        };
        let last = self.starts.len() - usize::from(self.text.ends_with('\n'));
        Around {
            pre: lines(at.saturating_sub(AROUND)..at),
            line: Some(cut(line, column as usize).into()),
            post: lines((at + 1).min(last)..(at + 1 + AROUND).min(last)),
        }
    }
}

/// At most [`LONGEST_LINE`] bytes of a line, with `column` among them.
fn cut(line: &str, column: usize) -> &str {
    if line.len() <= LONGEST_LINE {
        return line;
    }
    let start = column.saturating_sub(LONGEST_LINE / 2).min(line.len() - LONGEST_LINE);
    let start = boundary(line, start);
    &line[start..boundary(line, start + LONGEST_LINE)]
}

/// The last beginning of a character at or before `at`.
fn boundary(line: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| line.is_char_boundary(*at)).unwrap_or(0)
}

fn read(path: &str) -> Option<String> {
    let meta = std::fs::metadata(path).ok()?;
    if !meta.is_file() || meta.len() > LARGEST_FILE {
        return None;
    }
    std::fs::read(path).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}
