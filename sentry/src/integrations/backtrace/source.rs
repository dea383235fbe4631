//! The lines of source around a frame, where the source is at hand.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use watchpost_core::{ForkLock, Frame, Text};

/// How many lines are shown before and after.
const AROUND: usize = 5;
/// Larger files are not read.
const MAX_FILE_BYTES: u64 = 2 * 1024 * 1024;
/// A line is cut after so many characters.
const MAX_LINE: usize = 200;
/// How much text of files is kept; beyond that all are forgotten and read again.
const MAX_KEPT_BYTES: usize = 4 * 1024 * 1024;

#[derive(Default)]
struct Files {
    /// By path; `None` for those that are not at hand.
    files: HashMap<Text, Option<Arc<str>>>,
    bytes: usize,
}

static FILES: ForkLock<Option<Files>> = ForkLock::new(None);

/// Fills in the context lines of a frame. Only done once per address, as frames are cached.
pub(super) fn add(frame: &mut Frame) {
    let (Some(path), Some(line)) = (&frame.abs_path, frame.lineno) else { return };
    let Some(text) = file(path) else { return };
    let index = (line as usize).saturating_sub(1);
    let first = index.saturating_sub(AROUND);
    for (number, line) in text.lines().enumerate().skip(first).take(index - first + 1 + AROUND) {
        let line: Text = match line.char_indices().nth(MAX_LINE) {
            Some((end, _)) => line[..end].into(),
            None => line.into(),
        };
        match number.cmp(&index) {
            std::cmp::Ordering::Less => frame.pre_context.push(line),
            std::cmp::Ordering::Equal => frame.context_line = Some(line),
            std::cmp::Ordering::Greater => frame.post_context.push(line),
        }
    }
    if frame.context_line.is_none() {
        frame.pre_context.clear();
        frame.post_context.clear();
    }
}

fn file(path: &Text) -> Option<Arc<str>> {
    let cached = FILES.with(|files| files.as_ref().and_then(|files| files.files.get(path).cloned()));
    if let Some(text) = cached {
        return text;
    }
    let text = read(Path::new(path.as_str()));
    let bytes = text.as_ref().map_or(0, |text| text.len()) + 2 * path.len() + 64;
    let old = FILES.with(|files| {
        let full = files.as_ref().is_some_and(|files| files.bytes + bytes > MAX_KEPT_BYTES);
        let old = if full { files.take() } else { None };
        let files = files.get_or_insert_default();
        files.bytes += bytes;
        files.files.insert(path.clone(), text.clone());
        old
    });
    // Freed outside of the lock.
    drop(old);
    text
}

fn read(path: &Path) -> Option<Arc<str>> {
    let metadata = std::fs::metadata(path).ok()?;
    let small = metadata.is_file() && metadata.len() <= MAX_FILE_BYTES;
    small.then(|| std::fs::read_to_string(path).ok()).flatten().map(Into::into)
}
