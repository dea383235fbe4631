//! What the SDK says about itself, when asked to.

use std::cell::Cell;
use std::fmt;
use std::sync::Arc;

/// Where diagnostic lines go; each is one line without a line end.
pub type DiagnosticSink = Arc<dyn Fn(&str) + Send + Sync>;

/// Says things to the sink, if there is one, and never while already saying something on this thread: a sink that
/// logs through an instrumented logger cannot recurse.
#[derive(Clone, Default)]
pub struct Diagnostics(Option<DiagnosticSink>);

thread_local! {
    static SPEAKING: Cell<bool> = const { Cell::new(false) };
}

impl Diagnostics {
    /// Diagnostics that go to `sink`.
    pub fn to(sink: DiagnosticSink) -> Self {
        Self(Some(sink))
    }

    /// True if somebody listens.
    pub fn is_heard(&self) -> bool {
        self.0.is_some()
    }

    /// Says one line; `line` is only made if somebody listens.
    pub fn say(&self, line: impl FnOnce() -> String) {
        let Some(sink) = &self.0 else { return };
        if SPEAKING.with(|flag| flag.replace(true)) {
            return;
        }
        let line = line();
        // A sink is the host's code: it may panic, and nobody may notice.
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| sink(&line)));
        SPEAKING.with(|flag| flag.set(false));
    }
}

impl fmt::Debug for Diagnostics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Diagnostics").field(&self.0.is_some()).finish()
    }
}
