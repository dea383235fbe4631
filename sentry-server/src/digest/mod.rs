//! From accepted bytes to rows: read, parse once, normalise, group, compress in parallel; write in order, in batches.
//!
//! ```text
//! Queue ── feeder ──▶ chunks, numbered ──▶ workers (prepare) ──▶ writer: in order again, one transaction a batch
//! ```

mod apple;
mod attempt;
mod feeder;
mod items;
mod kinds;
mod ledger;
pub(crate) mod limits;
mod notes;
mod outcome;
mod prepare;
mod queue;
mod row;
mod samples;
mod security;
mod telemetry;
mod thinning;
mod trees;
mod writer;

use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{Builder, JoinHandle};

use watchpost_spool::{Log, Position};

pub(crate) use self::ledger::Ledger;
#[cfg(feature = "testing")]
pub(crate) use self::prepare::one as prepared;
pub(crate) use self::queue::{Job, Queue};
pub(crate) use self::samples::Samples;
pub(crate) use self::thinning::Thinning;
pub(crate) use self::trees::Trees;
use crate::ingest::KeyTable;
use crate::metrics::Metrics;
use crate::store::{Batch, Store};
use crate::symbolicate::Symbolicator;

/// The digest's threads.
#[derive(Debug)]
pub(crate) struct Digest {
    threads: Mutex<Vec<JoinHandle<()>>>,
}

/// What the digest works with.
#[derive(Debug, Clone)]
pub(crate) struct Parts {
    pub(crate) log: Arc<Log>,
    pub(crate) queue: Arc<Queue>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) symbolicator: Arc<Symbolicator>,
    pub(crate) ledger: Arc<Ledger>,
    pub(crate) thinning: Arc<Thinning>,
    pub(crate) samples: Arc<Samples>,
    pub(crate) trees: Arc<Trees>,
    /// What holds for each project.
    pub(crate) projects: Arc<KeyTable>,
    pub(crate) metrics: Arc<Metrics>,
    /// How many threads prepare events.
    pub(crate) workers: usize,
    /// Largest inflated body, as at ingest.
    pub(crate) max_body_bytes: usize,
}

/// Jobs that one worker prepares at a stretch.
#[derive(Debug)]
struct Chunk {
    number: u64,
    jobs: Vec<Job>,
    /// The spool is done with up to here once the jobs are; after the last job if there is nothing to say.
    until: Option<Position>,
    finishes: Finishes,
}

/// A chunk ready to be written.
#[derive(Debug)]
struct Prepared {
    number: u64,
    batch: Batch,
    /// What of the spool lies before this is done with once the batch is stored.
    done: Option<Position>,
    finishes: Finishes,
}

/// What the queue is told once a chunk is stored.
#[derive(Debug, Clone, Copy, Default)]
struct Finishes {
    entries: usize,
    bytes: usize,
}

impl Digest {
    /// Starts the threads; they end when the queue is closed and empty.
    pub(crate) fn start(parts: &Parts) -> std::io::Result<Self> {
        let (chunks, chunk_receiver) = sync_channel::<Chunk>(parts.workers);
        let (prepared, prepared_receiver) = sync_channel::<Prepared>(parts.workers * 16);
        let chunk_receiver = Arc::new(Mutex::new(chunk_receiver));
        let mut threads = Vec::new();
        let mut spawn = |name: &str, run: Box<dyn FnOnce() + Send>| -> std::io::Result<()> {
            threads.push(Builder::new().name(name.to_owned()).spawn(run)?);
            Ok(())
        };
        let own = parts.clone();
        spawn("digest-feed", Box::new(move || feeder::run(&own, &chunks)))?;
        for _ in 0..parts.workers {
            let (own, receiver, prepared) = (parts.clone(), Arc::clone(&chunk_receiver), prepared.clone());
            spawn(
                "digest-prepare",
                Box::new(move || {
                    loop {
                        let chunk = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                        let Ok(chunk) = chunk else { break };
                        if prepared.send(prepare::chunk(&own, chunk)).is_err() {
                            break;
                        }
                    }
                }),
            )?;
        }
        let own = parts.clone();
        spawn("digest-write", Box::new(move || writer::run(&own, &prepared_receiver)))?;
        Ok(Self { threads: Mutex::new(threads) })
    }

    /// Waits for the threads after the queue was closed. Blocks.
    pub(crate) fn join(&self) {
        let threads = std::mem::take(&mut *self.threads.lock().unwrap_or_else(PoisonError::into_inner));
        for thread in threads {
            // A panic was reported by the panic hook; the others still end.
            let _ = thread.join();
        }
    }
}
