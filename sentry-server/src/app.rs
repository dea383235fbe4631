//! The running server: what its parts share, how they start, and in which order they stop.

use std::collections::HashMap;
use std::fs::DirBuilder;
use std::ops::Deref;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::routing::get;
use watchpost_core::{Clock, OsRng, Rng, SystemClock};
use watchpost_spool::{Log, LogConfig, Position};

use crate::auth::Attempts;
use crate::config::{Config, Limits as ConfigLimits};
use crate::digest::{Digest, Ledger, Parts, Queue, Samples, Trees};
use crate::error::ApiError;
use crate::files::{FileLimits, FileStore};
use crate::group::Grouper;
use crate::health::Fault;
use crate::housekeeping::{House, Housekeeping};
use crate::ingest::{BodyLimits, Budget, Committer, KeyTable, Known, Totals};
use crate::instant::{self, Micros};
use crate::metrics::Metrics;
use crate::project::Counters;
use crate::proxy::TrustedProxy;
use crate::store::sqlite::SqliteStore;
use crate::store::{ProjectId, Store, StoreError};
use crate::symbolicate::Symbolicator;
use crate::watch::Watch;
use crate::{api, health, ingest, ui};

/// A started server without its socket: [`App::router`] answers requests, [`App::stop`] drains and ends it.
///
/// Cheap to clone: every clone is the same server.
#[derive(Debug, Clone)]
pub struct App(Arc<Shared>);

/// What the clones of an [`App`] have in common. One counter for all of it: each request clones the app several times.
#[derive(Debug)]
pub struct Shared {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) keys: Arc<KeyTable>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) committer: Arc<Committer>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) fault: Arc<Fault>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) rng: Arc<dyn Rng>,
    pub(crate) limits: Limits,
    pub(crate) budget: Arc<Budget>,
    pub(crate) public_url: Arc<str>,
    pub(crate) trust_proxy: Arc<[TrustedProxy]>,
    pub(crate) attempts: Arc<Attempts>,
    pub(crate) files: Arc<FileStore>,
    pub(crate) symbolicator: Arc<Symbolicator>,
    pub(crate) totals: Arc<Totals>,
    digest: Digest,
    house: House,
    housekeeping: Housekeeping,
}

impl Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) body: BodyLimits,
}

/// Why a server could not start.
#[derive(Debug)]
pub struct StartError {
    what: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

impl App {
    /// Opens the data folder and starts the threads that commit and digest.
    ///
    /// `public_url` is what DSNs and links begin with.
    ///
    /// # Errors
    /// When the folder, a database or the spool cannot be opened; the spool also when another server has it.
    pub fn start(config: &Config, public_url: &str) -> Result<Self, StartError> {
        Self::start_with(config, public_url, Arc::new(SystemClock), Arc::new(OsRng))
    }

    /// Like [`App::start`], with a clock and random numbers of the caller's: tests repeat.
    ///
    /// # Errors
    /// As [`App::start`].
    pub fn start_with(
        config: &Config,
        public_url: &str,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Result<Self, StartError> {
        let store: Arc<dyn Store> = Arc::new(open_store(&config.data)?);
        let resume_at = store.resume_at().map_err(|error| StartError::new("the store", error))?;
        let ConfigLimits { spool_bytes, queue_bytes, digest_workers, .. } = config.limits;
        let spool = LogConfig {
            max_bytes: spool_bytes,
            // Row numbers have 26 bits for the place in a segment; and a spool that is full must get room
            // again by deleting whole segments.
            segment_bytes: (64 * 1024 * 1024).min(spool_bytes / 4),
            after: Position::from_u64(resume_at),
            ..LogConfig::new(config.data.join("spool"))
        };
        let log = Arc::new(Log::open(spool).map_err(|error| StartError::new("the spool", error))?);
        let files = FileLimits {
            file_bytes: config.limits.upload_bytes,
            chunks_bytes: config.limits.chunks_bytes,
            blobs_bytes: config.limits.files_bytes,
            derived_bytes: config.limits.tables_bytes,
        };
        let files = Arc::new(
            FileStore::open(&config.data, files)
                .map_err(|error| StartError::new("the folder of files", error))?,
        );
        let symbolicator = Symbolicator::start(Arc::clone(&store), Arc::clone(&files))
            .map_err(|error| StartError::new("the thread that reads debug files", error))?;
        let symbolicator = Arc::new(symbolicator);
        let metrics = Arc::new(Metrics::default());
        let queue = Arc::new(Queue::new(queue_bytes, Arc::clone(&metrics)));
        let ledger = Arc::new(Ledger::default());
        queue.push_replay(Position::from_u64(resume_at), log.end());
        let keys = Arc::new(KeyTable::default());
        let now = clock.now().micros();
        update_groupings(store.as_ref(), now).map_err(|error| StartError::new("the store", error))?;
        keys.load(&known(store.as_ref(), now).map_err(|error| StartError::new("the store", error))?, now);
        let trees: Arc<Trees> = Arc::default();
        let dictionary = store.newest_dictionary().map_err(|error| StartError::new("the store", error))?;
        let parts = Parts {
            projects: Arc::clone(&keys),
            log: Arc::clone(&log),
            queue: Arc::clone(&queue),
            store: Arc::clone(&store),
            symbolicator: Arc::clone(&symbolicator),
            ledger: Arc::clone(&ledger),
            thinning: Arc::default(),
            samples: Arc::new(Samples::new(dictionary)),
            trees: Arc::clone(&trees),
            metrics: Arc::clone(&metrics),
            workers: digest_workers,
            max_body_bytes: config.limits.inflated_body_bytes,
        };
        let digest = Digest::start(&parts).map_err(|error| StartError::new("the digest's threads", error))?;
        let fault = Arc::new(Fault::default());
        let committer = Committer::start(log, Arc::clone(&queue), Arc::clone(&metrics), Arc::clone(&fault))
            .map_err(|error| StartError::new("the commit thread", error))?;
        let committer = Arc::new(committer);
        let house = House {
            store: Arc::clone(&store),
            keys: Arc::clone(&keys),
            trees,
            clock: Arc::clone(&clock),
            retention: config.retention,
            watch: Watch {
                store: Arc::clone(&store),
                committer: Arc::clone(&committer),
                clock: Arc::clone(&clock),
            },
        };
        let housekeeping = Housekeeping::start(house.clone())
            .map_err(|error| StartError::new("the housekeeping thread", error))?;
        let limits = Limits {
            body: BodyLimits {
                wire_bytes: config.limits.wire_body_bytes,
                inflated_bytes: config.limits.inflated_body_bytes,
            },
        };
        Ok(Self(Arc::new(Shared {
            store,
            keys,
            counters: Arc::default(),
            committer,
            queue,
            ledger,
            metrics,
            fault,
            clock,
            rng,
            limits,
            budget: Arc::new(Budget::new(config.limits.in_flight_bytes)),
            public_url: public_url.trim_end_matches('/').into(),
            trust_proxy: config.trust_proxy.as_slice().into(),
            attempts: Arc::default(),
            files,
            symbolicator: Arc::clone(&symbolicator),
            totals: Arc::new(Totals::new(now)),
            digest,
            house,
            housekeeping,
        })))
    }

    /// Everything that is answered.
    pub fn router(&self) -> Router {
        Router::new()
            .merge(ingest::router())
            .merge(api::router(self))
            .route("/health", get(health::health))
            .route("/metrics", get(health::metrics))
            .route("/api/0/relays/live/", get(health::live))
            .route("/api/0/relays/live", get(health::live))
            .route("/api/relay/healthcheck/{kind}/", get(health::relay))
            .route("/api/relay/healthcheck/{kind}", get(health::relay))
            .fallback(ui::serve)
            .with_state(self.clone())
    }

    /// Stores everything that was accepted. Blocks.
    pub fn settle(&self) {
        self.queue.wait_until_finished();
    }

    /// Deletes what is too old or too much and what is left of deleted projects, as happens by itself once a minute and, in
    /// `meta.db`, once a day. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub fn tidy(&self) -> Result<(), StartError> {
        let done =
            self.house.tidy().and_then(|()| self.house.forget()).and_then(|()| self.house.sweep(|| false));
        done.map_err(|error| StartError::new("the store", error))
    }

    /// Looks for runs of monitors that did not come in time or take too long, as happens by itself once a minute. Blocks;
    /// not to be called where blocking is not allowed.
    ///
    /// # Errors
    /// When the store or the spool cannot be written.
    pub fn watch_monitors(&self) -> Result<(), StartError> {
        self.house.watch.round().map_err(|error| StartError::new("the store", error))
    }

    /// Refuses new data, stores what was accepted, and ends the threads. Blocks.
    pub fn stop(&self) {
        self.housekeeping.stop();
        self.committer.stop();
        self.queue.close();
        self.digest.join();
    }

    pub(crate) fn now(&self) -> Micros {
        self.clock.now().micros()
    }

    /// What a project's events are grouped by.
    pub(crate) fn grouper(&self, project: ProjectId) -> Arc<Grouper> {
        self.keys.project(project).map_or_else(Grouper::shared, |project| Arc::clone(&project.groupers.now))
    }

    /// Runs a call on the store where blocking is allowed.
    pub(crate) async fn with_store<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let store = Arc::clone(&self.store);
        let done = tokio::task::spawn_blocking(move || call(store.as_ref())).await;
        Ok(done.map_err(|error| ApiError::Internal(Box::new(error)))??)
    }

    /// Runs a call on the store and the uploaded files where blocking is allowed.
    pub(crate) async fn with_files<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn Store, &FileStore) -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let (store, files) = (Arc::clone(&self.store), Arc::clone(&self.files));
        let done = tokio::task::spawn_blocking(move || call(store.as_ref(), &files)).await;
        done.map_err(ApiError::internal)
    }

    /// Reads the client keys and all settings again.
    pub(crate) async fn reload_keys(&self) -> Result<(), ApiError> {
        let now = self.now();
        let known = self.with_store(move |store| known(store, now)).await?;
        self.keys.load(&known, now);
        Ok(())
    }
}

/// Projects that follow the newest version of grouping go on to it; what held before is kept for a transition.
fn update_groupings(store: &dyn Store, now: Micros) -> Result<(), StoreError> {
    for (project, mut settings) in store.all_settings()?.projects {
        if settings.grouping.update(now) {
            store.set_project_settings(project, &settings)?;
        }
    }
    Ok(())
}

/// What the store has about all projects.
pub(crate) fn known(store: &dyn Store, now: Micros) -> Result<Known, StoreError> {
    let settings = store.all_settings()?;
    let mut organizations = HashMap::new();
    for organization in store.organizations()? {
        for project in store.projects(organization.id)? {
            organizations.insert(project.id, organization.id);
        }
    }
    let hour = instant::hour(now);
    let hourly = match settings.projects.values().any(|settings| settings.spike_protection) {
        true => store.usual_hours(hour - 7 * 24, hour)?,
        false => HashMap::new(),
    };
    Ok(Known { keys: store.client_keys()?, organizations, settings, hourly })
}

/// Opens the store of a data folder, which is made when missing.
pub(crate) fn open_store(data: &Path) -> Result<SqliteStore, StartError> {
    let name = |what: &str| format!("{what} {}", data.display());
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(data)
        .map_err(|error| StartError::new(name("the data folder"), error))?;
    SqliteStore::open(data).map_err(|error| StartError::new(name("the store in"), error))
}

impl StartError {
    pub(crate) fn new(
        what: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        Self { what: what.into(), source: source.into() }
    }
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "cannot open {}: {}", self.what, self.source)
    }
}

impl std::error::Error for StartError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(self.source.as_ref())
    }
}
