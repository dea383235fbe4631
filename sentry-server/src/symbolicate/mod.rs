//! From what a build left in a stack trace back to what was written: minified JavaScript by its source maps, obfuscated
//! Java by its mapping, addresses in programs by their debug files.
//!
//! A frame that stays as it was says why ([`Reason`]), at digest and again whenever somebody asks: files may arrive after
//! the events that need them.

mod artifacts;
mod bounded;
mod cache;
mod context;
mod event;
mod javascript;
mod mapping;
pub(crate) mod minidump;
mod native;
mod reason;
mod urls;
mod verdict;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use self::cache::Cache;
pub(crate) use self::event::Place;
use self::event::{After, Fate, Trace, Way, each_trace};
use self::javascript::JavaScript;
use self::mapping::Mapping;
use self::native::{Native, Tables};
pub(crate) use self::reason::Reason;
use self::verdict::note_gaps;
pub(crate) use self::verdict::{Verdict, report};
use crate::files::FileStore;
use crate::json::{Map, Value};
use crate::store::{DebugFile, ProjectId, Store, StoreError};

/// Resolves frames with the files that builds uploaded.
#[derive(Debug)]
pub(crate) struct Symbolicator {
    store: Arc<dyn Store>,
    files: Arc<FileStore>,
    cache: Cache,
    tables: Tables,
    found: native::Found,
    /// Counts uploads: what was not found before one is looked for again after it.
    uploads: AtomicU64,
}

impl Symbolicator {
    /// Starts the thread that reads debug files; it ends with the symbolicator.
    pub(crate) fn start(store: Arc<dyn Store>, files: Arc<FileStore>) -> std::io::Result<Self> {
        let tables = Tables::start(Arc::clone(&files))?;
        Ok(Self {
            store,
            files,
            cache: Cache::default(),
            tables,
            found: native::Found::default(),
            uploads: AtomicU64::new(0),
        })
    }

    /// To be called when files have arrived or gone.
    pub(crate) fn uploaded(&self) {
        self.uploads.fetch_add(1, Ordering::Release);
    }

    /// Begins to read debug files that have arrived, so that the first event that needs them does not wait.
    pub(crate) fn expect(&self, files: &[DebugFile]) {
        self.uploaded();
        native::expect(&self.tables, files);
    }

    fn generation(&self) -> u64 {
        self.uploads.load(Ordering::Acquire)
    }

    /// Resolves what can be resolved in an event's body, in place, and answers what became of every frame that was looked
    /// at. Where a trace changes, the one that the client sent is kept as `raw_stacktrace`; gaps are noted in `errors`.
    ///
    /// # Errors
    /// When the store or a file cannot be read; the body is then as it was, or partly resolved.
    pub(crate) fn resolve(&self, project: ProjectId, body: &mut Map) -> Result<Vec<Verdict>, StoreError> {
        let platform = body.get("platform").and_then(Value::as_str).unwrap_or_default().to_owned();
        let mut native = Native::of(self, project, &platform, body);
        let mut javascript =
            matches!(&*platform, "javascript" | "node").then(|| JavaScript::of(self, project, body));
        let found = if platform == "java" { mapping::find(self, project, body)? } else { None };
        let mut mapping = found.as_ref().map(Mapping::read);
        if native.is_none() && javascript.is_none() && mapping.is_none() {
            return Ok(Vec::new());
        }
        let mut verdicts = Vec::new();
        let mut failure = None;
        each_trace(body, |trace| {
            // A frame belongs to the first way that has it.
            let mut ways: [Option<&mut dyn Way>; 3] = [
                native.as_mut().map(|way| way as &mut dyn Way),
                javascript.as_mut().map(|way| way as &mut dyn Way),
                mapping.as_mut().map(|way| way as &mut dyn Way),
            ];
            match fates(trace, ways.iter_mut().flatten()) {
                Ok(fates) => after(trace, fates, &mut verdicts),
                Err(error) => {
                    failure.get_or_insert(error);
                    After::Same
                }
            }
        });
        if let Some(error) = failure {
            return Err(error);
        }
        if let Some(mapping) = &mapping {
            mapping.rename_exceptions(body);
        }
        if let Some(native) = &native {
            native.note_images(body);
        }
        note_gaps(body, &verdicts);
        Ok(verdicts)
    }
}

fn fates<'w, 'd: 'w>(
    trace: &Trace<'_>,
    ways: impl Iterator<Item = &'w mut &'d mut dyn Way>,
) -> Result<Vec<Option<Fate>>, StoreError> {
    let mut all: Vec<Option<Fate>> = trace.frames.iter().map(|_| None).collect();
    for way in ways {
        for (known, fate) in all.iter_mut().zip(way.trace(trace)?) {
            *known = known.take().or(fate);
        }
    }
    Ok(all)
}

fn after(trace: &Trace<'_>, fates: Vec<Option<Fate>>, verdicts: &mut Vec<Verdict>) -> After {
    let changes = |fate: &Fate| fate.frames.is_some();
    let is_noted = fates.iter().flatten().any(changes);
    let is_resolved = fates.iter().flatten().any(|fate| changes(fate) && fate.outcome.is_ok());
    let mut frames = Vec::new();
    for (number, (frame, fate)) in trace.frames.iter().zip(fates).enumerate() {
        let mut own = None;
        if let Some(Fate { label, outcome, lacks, matters, frames }) = fate {
            own = frames;
            let place = Place { exception: trace.number, frame: number };
            verdicts.push(Verdict { place, frame: label, outcome, lacks, matters });
        }
        if is_noted {
            frames.extend(own.unwrap_or_else(|| vec![frame.clone()]));
        }
    }
    match (is_resolved, is_noted) {
        (true, _) => After::Resolved(frames),
        (false, true) => After::Noted(frames),
        (false, false) => After::Same,
    }
}
