//! V8's stack texts, read into frames.
//!
//! A text is the error as text (class and message, of any number of lines), then one line per call, innermost first:
//!
//! | line | what it is |
//! |---|---|
//! | `at pay (/app/pay.js:3:9)` | a function with its place |
//! | `at /app/pay.js:3:9`, `at file:///app/pay.mjs:3:9` | code outside of functions |
//! | `at async pay (...)`, `at async Promise.all (index 0)` | a caller that awaits |
//! | `at new Cart (...)`, `at Cart.add [as push] (...)` | a constructor; a method by another name |
//! | `at eval (eval at run (/app/run.js:1:2), <anonymous>:1:1)` | code made at run time, with the place that made it |
//! | `at JSON.parse (<anonymous>)`, `at fn (native)` | built in |

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use watchpost_core::{Frame, Stacktrace, Text};

use crate::place::Places;
use crate::site::{Site, Sites};
use crate::source::Sources;
use crate::whole::Wholes;

/// Frames kept at each end; a deeper stack loses its middle.
const ENDS: usize = 50;
/// Call sites that are kept; then all are forgotten.
const MOST_SITES: usize = 4096;

/// Reads stacks, and remembers call sites: the same line of text is the same frame.
#[derive(Debug)]
pub(crate) struct Stacks {
    places: Places,
    source_context: bool,
    // A client belongs to one JavaScript thread, and reading a stack calls nobody.
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    sites: HashMap<Box<str>, Arc<Site>>,
    wholes: Wholes,
    sources: Sources,
}

impl Stacks {
    /// `own_folder` is that of this package.
    pub(crate) fn new(own_folder: &str, source_context: bool) -> Self {
        Self { places: Places::new(own_folder), source_context, known: RefCell::default() }
    }

    /// The frames of a stack text, outermost first. `message` is the error's, which the text begins with.
    pub(crate) fn read(&self, text: &str, message: &str) -> Option<Stacktrace> {
        let mut known = self.known.borrow_mut();
        let body = behind(text, message);
        if let Some(stacktrace) = known.wholes.find(body) {
            return Some(stacktrace);
        }
        let lines: Vec<&str> = calls(body).collect();
        let omitted = (lines.len() > 2 * ENDS).then(|| (ENDS, lines.len() - ENDS));
        let kept = |index: &usize| omitted.is_none_or(|(from, to)| *index < from || *index >= to);
        let kept = (0..lines.len()).rev().filter(kept).filter_map(|index| lines.get(index));
        let sites = Sites::new(kept.map(|line| self.site(line, &mut known)).collect())?;
        let mut stacktrace = sites.stacktrace();
        if let Some((from, to)) = omitted {
            // Counted from the outermost frame, as the frames are listed.
            let (from, to) = (lines.len() - to, lines.len() - from);
            stacktrace.other.insert("frames_omitted".to_owned(), serde_json::json!([from, to]));
        } else {
            known.wholes.keep(body, sites);
        }
        Some(stacktrace)
    }

    /// The files of the application's own that a stack text names, whose lines are wanted and which are on no disk.
    pub(crate) fn missing_sources(&self, text: &str, message: &str) -> Vec<String> {
        if !self.source_context {
            return Vec::new();
        }
        let known = self.known.borrow();
        let mut missing: Vec<String> = Vec::new();
        for line in calls(behind(text, message)).filter(|line| !known.sites.contains_key(*line)) {
            let path = local_path(Call::parse(line).file);
            let wanted = has_source(&path)
                && self.places.of(&path).in_app
                && !missing.iter().any(|known| *known == path);
            if wanted && !known.sources.has(&path) {
                missing.push(path.into_owned());
            }
        }
        missing
    }

    /// The text of a file that is on no disk; an empty one is not asked for again.
    pub(crate) fn supply_source(&self, path: String, text: String) {
        self.known.borrow_mut().sources.keep(path, text);
    }

    fn site(&self, line: &str, known: &mut Known) -> Arc<Site> {
        if let Some(site) = known.sites.get(line) {
            return Arc::clone(site);
        }
        let site = Arc::new(Site::new(self.frame(line, &mut known.sources)));
        if known.sites.len() >= MOST_SITES {
            known.sites.clear();
            known.wholes.clear();
        }
        known.sites.insert(line.into(), Arc::clone(&site));
        site
    }

    fn frame(&self, line: &str, sources: &mut Sources) -> Frame {
        let call = Call::parse(line);
        let path = local_path(call.file);
        let place = self.places.of(&path);
        let mut frame = Frame {
            function: Some(call.function.unwrap_or("<anonymous>").into()),
            module: place.module.map(Text::from),
            lineno: call.line,
            colno: call.column,
            in_app: Some(place.in_app),
            ..Frame::default()
        };
        if self.source_context
            && has_source(&path)
            && let Some(number) = call.line
        {
            let around = sources.around(&path, number, call.column.unwrap_or(0));
            (frame.pre_context, frame.context_line, frame.post_context) =
                (around.pre, around.line, around.post);
        }
        if path != place.filename {
            frame.abs_path = Some(path.as_ref().into());
        }
        frame.filename = Some(place.filename.into());
        frame
    }
}

/// A file, or a source that only a source map knows, like `webpack://shop/src/pay.ts`.
fn has_source(path: &str) -> bool {
    path.starts_with(['/', '\\']) || (path.contains("://") && !path.starts_with("http"))
}

/// What stands behind the message, which may hold lines that look like calls; it stands behind the class.
fn behind<'a>(text: &'a str, message: &str) -> &'a str {
    if message.is_empty() {
        return text;
    }
    // As a rule right behind it, which is cheaper to see than to look for.
    let usual = text.split_once(':').and_then(|(_, rest)| rest.strip_prefix(' ')?.strip_prefix(message));
    usual.unwrap_or_else(|| {
        let first_line = text.find('\n').unwrap_or(text.len());
        let at = text.find(message).filter(|at| *at <= first_line);
        at.map_or(text, |at| &text[at + message.len()..])
    })
}

/// The lines that are calls, without their `at`.
fn calls(body: &str) -> impl Iterator<Item = &str> {
    body.lines().filter_map(|line| line.trim_start().strip_prefix("at ")).map(str::trim_end)
}

/// The parts of one line.
#[derive(Debug, PartialEq, Eq)]
struct Call<'a> {
    function: Option<&'a str>,
    file: &'a str,
    line: Option<u32>,
    column: Option<u32>,
}

impl<'a> Call<'a> {
    fn parse(line: &'a str) -> Self {
        let line = line.strip_prefix("async ").unwrap_or(line);
        let (function, place) = match line.strip_suffix(')').and_then(|inner| inner.split_once(" (")) {
            Some((function, place)) => (Some(function), place),
            None => (None, line),
        };
        // The code made by `eval` has no file; the place that made it has. It may be nested: the innermost.
        let place = place.rsplit_once("eval at ").and_then(|(_, made)| made_at(made)).unwrap_or(place);
        let function = function.map(|function| match function.split_once(" [as ") {
            Some((function, _)) => function,
            None => function,
        });
        match numbered(place) {
            Some((file, line, column)) => Self { function, file, line: Some(line), column: Some(column) },
            None => Self { function, file: place, line: None, column: None },
        }
    }
}

/// The place in `run (/app/run.js:1:2), <anonymous>:1:1`; the path may hold parentheses itself.
fn made_at(made: &str) -> Option<&str> {
    let (_, place) = made.split_once(" (")?;
    place.match_indices(')').map(|(end, _)| &place[..end]).find(|place| numbered(place).is_some())
}

/// `file:line:column` in its parts.
fn numbered(place: &str) -> Option<(&str, u32, u32)> {
    let (rest, column) = place.rsplit_once(':')?;
    let (file, line) = rest.rsplit_once(':')?;
    Some((file, line.parse().ok()?, column.parse().ok()?))
}

/// `file:///app/a%20b.mjs?x` is `/app/a b.mjs`; anything else is left alone.
pub(crate) fn local_path(file: &str) -> std::borrow::Cow<'_, str> {
    let Some(rest) = file.strip_prefix("file://") else { return file.into() };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    if !rest.contains('%') {
        return rest.into();
    }
    let mut bytes = Vec::with_capacity(rest.len());
    let mut left = rest.as_bytes();
    while let [first, tail @ ..] = left {
        let escaped = tail.get(..2).filter(|_| *first == b'%');
        let escaped = escaped.and_then(|hex| std::str::from_utf8(hex).ok());
        match escaped.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                left = &tail[2..];
            }
            None => {
                bytes.push(*first);
                left = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned().into()
}
