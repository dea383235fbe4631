//! Setting up a transport.

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use watchpost_core::{
    Backpressure, ClientReports, Clock, Dsn, OsRng, Rng, SystemClock, TransportOptions, Uploader,
};

use crate::config::{Config, Diagnostic};
use crate::spotlight::Spotlight;
use crate::storage_dir::default_folders;
use crate::transport::HttpTransport;
use crate::worker::new_uploader;

/// Settings of an [`HttpTransport`]; every one but the DSN has a default.
#[derive(Debug)]
#[must_use]
pub struct HttpTransportBuilder {
    dsn: Dsn,
    sdk: (String, String),
    storage: Storage,
    max_spool_bytes: u64,
    max_memory_bytes: usize,
    reports: Arc<ClientReports>,
    send_reports: bool,
    on_hold: bool,
    mark_sigterm: bool,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    backpressure: Arc<Backpressure>,
    options: TransportOptions,
    diagnostic: Diagnostic,
}

#[derive(Debug)]
enum Storage {
    Default,
    Folder(PathBuf),
    Memory,
}

impl HttpTransportBuilder {
    pub(crate) fn new(dsn: Dsn) -> Self {
        Self {
            dsn,
            sdk: ("watchpost.rust".to_owned(), env!("CARGO_PKG_VERSION").to_owned()),
            storage: Storage::Default,
            max_spool_bytes: 64 << 20,
            max_memory_bytes: 4 << 20,
            reports: Arc::default(),
            send_reports: true,
            on_hold: false,
            mark_sigterm: true,
            clock: Arc::new(SystemClock),
            rng: Arc::new(OsRng),
            backpressure: Arc::default(),
            options: TransportOptions::default(),
            diagnostic: Diagnostic::default(),
        }
    }

    /// Name and version of the SDK, for `User-Agent` and `X-Sentry-Auth`. Default `watchpost.rust` and this version.
    pub fn sdk(mut self, name: impl Into<String>, version: impl Into<String>) -> Self {
        self.sdk = (name.into(), version.into());
        self
    }

    /// The folder to spool to; made with mode 0700 if it is missing, and refused if another user owns it. Processes
    /// of one user and one DSN share it; others must not.
    ///
    /// Default: `watchpost/<hash of the DSN>` under `$XDG_CACHE_HOME`, else `~/.cache` (`~/Library/Caches` on Apple
    /// systems); if that cannot be used, `watchpost-<uid>-<hash>` under the temporary folder.
    pub fn storage_dir(mut self, folder: impl Into<PathBuf>) -> Self {
        self.storage = Storage::Folder(folder.into());
        self
    }

    /// Never write to disk: what is not delivered when the process ends is lost.
    pub fn memory_only(mut self) -> Self {
        self.storage = Storage::Memory;
        self
    }

    /// How much the spool folder may hold, in bytes. Default 64 MiB. The oldest bulk data go first, counted as
    /// `cache_overflow`.
    pub fn max_spool_bytes(mut self, bytes: u64) -> Self {
        self.max_spool_bytes = bytes;
        self
    }

    /// How much memory mode may hold, in bytes. Default 4 MiB: some 400 events of 10 kB. What does not fit is
    /// counted as `queue_overflow`. Attachments over 1 MiB have 40 MiB of their own, in any mode.
    pub fn max_memory_bytes(mut self, bytes: usize) -> Self {
        self.max_memory_bytes = bytes;
        self
    }

    /// Where losses are counted: the client's own counters, so that there is one report. Default: fresh ones.
    pub fn client_reports(mut self, reports: Arc<ClientReports>) -> Self {
        self.reports = reports;
        self
    }

    /// Whether losses are reported to the server. Default true.
    pub fn send_client_reports(mut self, yes: bool) -> Self {
        self.send_reports = yes;
        self
    }

    /// Whether it starts on hold: nothing is taken in, opened or sent until [`Transport::hold`] ends that. Default
    /// false.
    ///
    /// [`Transport::hold`]: watchpost_core::Transport::hold
    pub fn on_hold(mut self, yes: bool) -> Self {
        self.on_hold = yes;
        self
    }

    /// Whether a death by SIGTERM is noted, where nobody handles that signal: a deployment is no crash. Default true.
    pub fn mark_sigterm(mut self, yes: bool) -> Self {
        self.mark_sigterm = yes;
        self
    }

    /// The wall clock, for `sent_at`, rate limits and pauses. Default: the system's.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// Chance, for the jitter of pauses. Default: the system's.
    pub fn rng(mut self, rng: Arc<dyn Rng>) -> Self {
        self.rng = rng;
        self
    }

    /// Who makes the HTTP requests. Default: hyper over rustls, made by the worker at its first request.
    pub fn uploader(mut self, uploader: Arc<dyn Uploader>) -> Self {
        self.options.uploader = Some(uploader);
        self
    }

    /// How requests travel: proxy, certificates, compression, tunnel, Spotlight, an uploader. Default: the options'
    /// own defaults.
    pub fn options(mut self, mut options: TransportOptions) -> Self {
        options.uploader = options.uploader.or(self.options.uploader);
        if !options.spool {
            self.storage = Storage::Memory;
        }
        self.options = options;
        self
    }

    /// The factor that the client divides its trace sample rate by; raised while the queue is full or limited.
    pub fn backpressure(mut self, backpressure: Arc<Backpressure>) -> Self {
        self.backpressure = backpressure;
        self
    }

    /// Who hears remarks for developers: memory mode, an unreachable server, a refused envelope. Default: nobody.
    ///
    /// Called on the worker and on capturing threads; must not block, panic or capture.
    pub fn diagnostic(mut self, listener: Arc<dyn Fn(&str) + Send + Sync>) -> Self {
        self.diagnostic = Diagnostic(Some(listener));
        self
    }

    /// The transport. Reads the spool folder's names once, and starts the worker if an earlier process left
    /// something there; otherwise opens nothing and starts nothing.
    pub fn build(self) -> HttpTransport {
        let (name, version) = self.sdk;
        let client = format!("{name}/{version}");
        let mut headers = vec![
            ("content-type".to_owned(), "application/x-sentry-envelope".to_owned()),
            ("user-agent".to_owned(), client.clone()),
        ];
        let (url, dsn_in_header) = match &self.options.tunnel {
            Some(tunnel) => (tunnel.clone(), Some(serde_json::json!(self.dsn.to_string()).to_string())),
            None => {
                headers.push(("x-sentry-auth".to_owned(), self.dsn.auth_header(&client)));
                (self.dsn.envelope_url(), None)
            }
        };
        let folders = match self.storage {
            Storage::Default => default_folders(&self.dsn),
            Storage::Folder(folder) => vec![folder],
            Storage::Memory => Vec::new(),
        };
        let spotlight = spotlight(&self.options, &self.clock, &self.diagnostic);
        let own_header = serde_json::json!({ "sdk": { "name": name, "version": version } });
        HttpTransport::new(Config {
            url,
            headers,
            dsn_in_header,
            own_header: format!("{own_header}\n"),
            folders,
            max_spool_bytes: self.max_spool_bytes,
            max_memory_bytes: self.max_memory_bytes,
            reports: self.reports,
            send_reports: self.send_reports,
            on_hold: self.on_hold.into(),
            mark_sigterm: self.mark_sigterm,
            clock: self.clock,
            rng: self.rng,
            backpressure: self.backpressure,
            options: self.options,
            diagnostic: self.diagnostic,
            spotlight,
            buffers: OnceLock::new(),
        })
    }
}

/// The copies of everything, if the options want them.
pub(crate) fn spotlight(
    options: &TransportOptions,
    clock: &Arc<dyn Clock>,
    diagnostic: &Diagnostic,
) -> Option<Spotlight> {
    let url = options.spotlight.url()?.to_owned();
    // It is on this machine: neither proxies nor certificates of the real server are its own.
    let mut near = TransportOptions::default();
    (near.http_proxy, near.https_proxy) = (Some(String::new()), Some(String::new()));
    (near.uploader, near.ca_certs) = (options.uploader.clone(), options.ca_certs.clone());
    let (to, said) = (url.clone(), diagnostic.clone());
    let make = Box::new(move || new_uploader(&to, &near, &said));
    Some(Spotlight::new(url, clock.clone(), diagnostic.clone(), make))
}
