//! What never changes in the life of a transport, across forks too.

use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};

use crate::spotlight::Spotlight;
use watchpost_core::{Backpressure, Buffers, ClientReports, Clock, Rng, TransportOptions};

/// Built once; shared by every generation of a process and by its worker.
#[derive(Debug)]
pub(crate) struct Config {
    pub(crate) url: String,
    /// The headers that every request has.
    pub(crate) headers: Vec<(String, String)>,
    /// The DSN as a JSON text, if envelopes go through a tunnel.
    pub(crate) dsn_in_header: Option<String>,
    /// The first line of an envelope that the transport itself makes.
    pub(crate) own_header: String,
    /// Where to spool, the first usable one is taken; none means memory mode.
    pub(crate) folders: Vec<PathBuf>,
    pub(crate) max_spool_bytes: u64,
    pub(crate) max_memory_bytes: usize,
    pub(crate) reports: Arc<ClientReports>,
    pub(crate) send_reports: bool,
    /// True while nothing may leave or be taken in: the user has not agreed.
    pub(crate) on_hold: AtomicBool,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) backpressure: Arc<Backpressure>,
    /// How requests travel: proxy, certificates, compression, whose HTTP.
    pub(crate) options: TransportOptions,
    pub(crate) diagnostic: Diagnostic,
    /// Whether a death by SIGTERM is noted; see `last_words`.
    pub(crate) mark_sigterm: bool,
    /// Where a copy of everything goes.
    pub(crate) spotlight: Option<Spotlight>,
    /// What the client holds back; set once, when the client is made.
    pub(crate) buffers: OnceLock<Weak<dyn Buffers>>,
}

/// Where remarks for developers go; nowhere by default.
#[derive(Clone, Default)]
pub(crate) struct Diagnostic(pub(crate) Option<Arc<Listener>>);

/// Hears remarks for developers.
type Listener = dyn Fn(&str) + Send + Sync;

impl Diagnostic {
    /// Says it, if anybody listens. The text is made only then.
    pub(crate) fn say(&self, text: impl FnOnce() -> String) {
        if let Some(listener) = &self.0 {
            listener(&text());
        }
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Diagnostic(heard)" } else { "Diagnostic(unheard)" })
    }
}
