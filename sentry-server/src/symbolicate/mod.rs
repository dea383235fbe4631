//! From what a build left in a stack trace back to what was written: minified JavaScript by its source maps, obfuscated
//! Java by its mapping.
//!
//! A frame that stays as it was says why ([`Reason`]), at digest and again whenever somebody asks: files may arrive after
//! the events that need them.

mod artifacts;
mod cache;
mod event;
mod javascript;
mod mapping;
mod reason;
mod urls;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use self::cache::Cache;
pub(crate) use self::event::Place;
pub(crate) use self::javascript::report;
pub(crate) use self::reason::Reason;
use crate::files::FileStore;
use crate::store::{ProjectId, Store, StoreError};

/// Resolves frames with the files that builds uploaded.
#[derive(Debug)]
pub(crate) struct Symbolicator {
    store: Arc<dyn Store>,
    files: Arc<FileStore>,
    cache: Cache,
    /// Counts uploads: what was not found before one is looked for again after it.
    uploads: AtomicU64,
}

/// What became of one frame.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    /// Where the frame is in the event.
    pub(crate) place: Place,
    /// The file and line as the client sent them.
    pub(crate) frame: String,
    /// How it was resolved, or why not.
    pub(crate) outcome: Result<&'static str, Reason>,
}

impl Symbolicator {
    pub(crate) fn new(store: Arc<dyn Store>, files: Arc<FileStore>) -> Self {
        Self { store, files, cache: Cache::default(), uploads: AtomicU64::new(0) }
    }

    /// To be called when files have arrived.
    pub(crate) fn uploaded(&self) {
        self.uploads.fetch_add(1, Ordering::Release);
    }

    fn generation(&self) -> u64 {
        self.uploads.load(Ordering::Acquire)
    }

    /// Resolves what can be resolved in an event's body, in place, and answers what became of every frame that was looked
    /// at. Where a trace changes, the one that the client sent is kept as `raw_stacktrace`; gaps are noted in `errors`.
    ///
    /// # Errors
    /// When the store or a file cannot be read; the body is then as it was, or partly resolved.
    pub(crate) fn resolve(
        &self,
        project: ProjectId,
        body: &mut Map<String, Value>,
    ) -> Result<Vec<Verdict>, StoreError> {
        let verdicts = match body.get("platform").and_then(Value::as_str) {
            Some("javascript" | "node") => javascript::resolve(self, project, body),
            Some("java") => mapping::resolve(self, project, body),
            _ => return Ok(Vec::new()),
        }?;
        note_gaps(body, &verdicts);
        Ok(verdicts)
    }
}

/// One entry per sort of gap.
fn note_gaps(body: &mut Map<String, Value>, verdicts: &[Verdict]) {
    let mut errors = match body.remove("errors") {
        Some(Value::Array(errors)) => errors,
        _ => Vec::new(),
    };
    errors.retain(|error| error["type"] != GAP);
    let mut codes = Vec::new();
    for verdict in verdicts {
        let Err(reason) = &verdict.outcome else { continue };
        if reason.is_a_gap() && !codes.contains(&reason.code()) {
            codes.push(reason.code());
            errors.push(json!({
                "type": GAP, "reason": reason.code(), "message": reason.text(), "url": verdict.frame
            }));
        }
    }
    if !errors.is_empty() {
        body.insert("errors".to_owned(), errors.into());
    }
}

/// The type of an event's processing error.
const GAP: &str = "frame_not_resolved";
