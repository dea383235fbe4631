//! Minified JavaScript.

use std::collections::HashMap;
use std::sync::Arc;

use symbolic::sourcemapcache::{ScopeLookupResult, SourceLocation, SourceMapCache, SourcePosition};

use super::artifacts::Release;
use super::cache::Table;
use super::context::Context;
use super::event::{Fate, Trace, Way, note, text};
use super::{Reason, Symbolicator, urls};
use crate::json::{Map, Value};
use crate::store::{ProjectId, StoreError};

/// Looks frames up in source maps.
#[derive(Debug)]
pub(super) struct JavaScript<'a> {
    symbolicator: &'a Symbolicator,
    project: ProjectId,
    debug_ids: HashMap<String, String>,
    version: Option<String>,
    dist: Option<String>,
}

impl<'a> JavaScript<'a> {
    /// For an event of the project.
    pub(super) fn of(symbolicator: &'a Symbolicator, project: ProjectId, body: &Map) -> Self {
        let field = |name: &str| {
            body.get(name).and_then(Value::as_str).filter(|text| !text.is_empty()).map(str::to_owned)
        };
        let (version, dist) = (field("release"), field("dist"));
        Self { symbolicator, project, debug_ids: debug_ids(body), version, dist }
    }
}

impl Way for JavaScript<'_> {
    fn trace(&mut self, trace: &Trace<'_>) -> Result<Vec<Option<Fate>>, StoreError> {
        let release = self.version.as_deref().map(|version| Release { version, dist: self.dist.as_deref() });
        let found = trace
            .frames
            .iter()
            .map(|frame| locate(self.symbolicator, self.project, frame, &self.debug_ids, release))
            .collect::<Result<Vec<_>, _>>()?;
        let outcomes: Vec<_> =
            found.iter().map(|found| found.as_ref().map(|found| found.how).map_err(Clone::clone)).collect();
        let located: Vec<_> = found.into_iter().map(Result::ok).collect();
        let mut rewritten = match located.iter().any(Option::is_some) {
            true => rewritten(trace.frames, &located),
            false => Vec::new(),
        }
        .into_iter();
        let fates = trace.frames.iter().zip(outcomes).map(|(frame, outcome)| {
            let matters = outcome.as_ref().is_err_and(Reason::is_a_gap);
            let frames = rewritten.next().filter(|_| outcome.is_ok()).map(|frame| vec![frame]);
            Some(Fate { label: label(frame), outcome, lacks: None, matters, frames })
        });
        Ok(fates.collect())
    }
}

/// Where a frame is found in a map.
struct Located {
    how: &'static str,
    table: Arc<Table>,
    position: SourcePosition,
}

fn locate(
    symbolicator: &Symbolicator,
    project: ProjectId,
    frame: &Value,
    debug_ids: &HashMap<String, String>,
    release: Option<Release<'_>>,
) -> Result<Result<Located, Reason>, StoreError> {
    let own = text(frame, "platform").is_none_or(|own| matches!(own, "javascript" | "node"));
    let number = |name: &str| frame.get(name).and_then(Value::as_u64).filter(|number| *number > 0);
    let url = text(frame, "abs_path").or(text(frame, "filename"));
    let (Some(line), Some(column), Some(url)) = (number("lineno"), number("colno"), url) else {
        return Ok(Err(Reason::NoPosition));
    };
    if !own || url.starts_with("node:") || url.starts_with('<') || matches!(url, "native" | "[native code]") {
        return Ok(Err(Reason::NotAFile));
    }
    let debug_id = debug_ids.get(url).map(String::as_str);
    let (how, table) = symbolicator.table(project, url, debug_id, release)?;
    let table = match table {
        Ok(table) => table,
        Err(reason) => return Ok(Err(reason)),
    };
    let (Ok(first), Ok(second)) = (u32::try_from(line - 1), u32::try_from(column - 1)) else {
        return Ok(Err(Reason::NoMapping { line, column }));
    };
    let position = SourcePosition { line: first, column: second };
    let known = match SourceMapCache::parse(&table.bytes) {
        Ok(cache) => cache.lookup(position).is_some(),
        Err(error) => return Ok(Err(Reason::BadMap(error.to_string()))),
    };
    Ok(if known { Ok(Located { how, table, position }) } else { Err(Reason::NoMapping { line, column }) })
}

fn rewritten(frames: &[Value], located: &[Option<Located>]) -> Vec<Value> {
    // What the caller calls a function is often the best name for it.
    let mut called = None;
    let frames = frames.iter().zip(located).map(|(frame, found)| {
        let mut frame = frame.clone();
        let caller = called.take();
        let cache =
            found.as_ref().and_then(|found| Some((found, SourceMapCache::parse(&found.table.bytes).ok()?)));
        let location =
            cache.as_ref().and_then(|(found, cache)| Some((*found, cache.lookup(found.position)?)));
        if let Some((found, location)) = location {
            rewrite(&mut frame, &location, &found.table, caller);
            note(&mut frame, "sourcemap", found.table.name.clone().into());
            note(&mut frame, "resolved_with", found.how.into());
            called = location.name().map(str::to_owned);
        }
        frame
    });
    frames.collect()
}

fn label(frame: &Value) -> String {
    let url = text(frame, "abs_path").or(text(frame, "filename")).unwrap_or("?");
    let number = |name: &str| frame.get(name).and_then(Value::as_u64).unwrap_or_default();
    format!("{url}:{}:{}", number("lineno"), number("colno"))
}

/// The files of the build that the event names, by the URL under which they run.
fn debug_ids(body: &Map) -> HashMap<String, String> {
    let images = body.get("debug_meta").and_then(|meta| meta.get("images")?.as_array());
    let ids = images.into_iter().flatten().filter_map(|image| {
        let kind = image.get("type")?.as_str()?;
        let id = image.get("debug_id")?.as_str()?;
        let file = image.get("code_file")?.as_str()?;
        (kind == "sourcemap").then(|| (file.to_owned(), id.to_owned()))
    });
    ids.collect()
}

fn rewrite(frame: &mut Value, location: &SourceLocation<'_>, table: &Table, called: Option<String>) {
    let Value::Object(frame) = frame else { return };
    let mut put = |name: &'static str, value: Value| {
        frame.insert(name.into(), value);
    };
    put("lineno", (location.line() + 1).into());
    put("colno", (location.column() + 1).into());
    let name = match location.scope() {
        ScopeLookupResult::NamedScope(name) => Some(name.to_owned()),
        ScopeLookupResult::AnonymousScope => Some(called.unwrap_or_else(|| "<anonymous>".to_owned())),
        ScopeLookupResult::Unknown => called,
    };
    if let Some(name) = name {
        put("function", name.into());
    }
    if let Some(file) = location.file_name() {
        let shown = file_name(file);
        put("abs_path", urls::join(&table.base, file).into());
        put("module", module(&shown).into());
        if shown.contains("node_modules/")
            || shown.starts_with("(webpack)")
            || shown.contains("webpack/bootstrap")
        {
            put("in_app", false.into());
        }
        put("filename", shown.into());
    }
    // Without them, lines of the minified file would be shown under another number.
    Context::put(context(location), frame);
}

/// `webpack:///./src/app.js` and `../src/app.js` as `./src/app.js` and `src/app.js`.
fn file_name(source: &str) -> String {
    if let Some(rest) =
        source.split_once("://").filter(|(scheme, _)| !scheme.starts_with("http")).map(|(_, rest)| rest)
    {
        let rest = rest.split('?').next().unwrap_or(rest);
        return rest.split_once('/').map_or(rest, |(_, path)| path).to_owned();
    }
    let mut source = source;
    while let Some(rest) = source.strip_prefix("../") {
        source = rest;
    }
    source.to_owned()
}

/// A file's name without its ending and the folders that every build has.
fn module(file: &str) -> String {
    let file = file.trim_start_matches("./");
    let stem = file.rsplit_once('.').filter(|(_, ending)| ending.len() <= 4).map_or(file, |(stem, _)| stem);
    stem.to_owned()
}

/// Source lines around a location.
fn context(location: &SourceLocation<'_>) -> Option<Context> {
    let file = location.file()?;
    Context::of(location.line() as usize, |number| file.line(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_are_named_as_people_know_them() {
        for (source, file, stem) in [
            ("webpack:///./src/app.js", "./src/app.js", "src/app"),
            ("webpack://shop/./src/app.tsx?1a2b", "./src/app.tsx", "src/app"),
            ("../../src/pay.ts", "src/pay.ts", "src/pay"),
            ("https://h/src/a.js", "https://h/src/a.js", "https://h/src/a"),
            ("plain", "plain", "plain"),
        ] {
            assert_eq!(file_name(source), file);
            assert_eq!(module(file), stem);
        }
    }
}
