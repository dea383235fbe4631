//! Group commit: one fsync in flight, and whatever arrives meanwhile shares the next one.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use axum::body::Bytes;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use watchpost_core::EventId;
use watchpost_spool::{Log, Position};

use super::body::Encoding;
use super::framed::Framed;
use super::record::{Endpoint, RecordHead};
use crate::digest::{Job, Queue};
use crate::health::Fault;
use crate::instant::Micros;
use crate::metrics::Metrics;
use crate::store::ProjectId;

/// Hands records to the thread that appends and syncs them.
#[derive(Debug)]
pub(crate) struct Committer {
    sender: Mutex<Option<SyncSender<Submission>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

/// Why a record was not made durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CommitError {
    /// Too much waits already, or the disk is full or broken.
    Full,
    /// The server is stopping.
    Stopped,
}

#[derive(Debug)]
struct Submission {
    head: RecordHead,
    wire: Bytes,
    inflated: Bytes,
    done: oneshot::Sender<Result<(), CommitError>>,
    /// Where who waits is running.
    runtime: Option<Handle>,
}

impl Committer {
    pub(crate) fn start(
        log: Arc<Log>,
        queue: Arc<Queue>,
        metrics: Arc<Metrics>,
        fault: Arc<Fault>,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let mut spool = Spool { log, queue, metrics, fault, is_full: false };
        let thread = std::thread::Builder::new()
            .name("spool-commit".to_owned())
            .spawn(move || run(&receiver, &mut spool))?;
        Ok(Self { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Returns when the record is durable.
    pub(crate) async fn commit(
        &self,
        head: RecordHead,
        wire: Bytes,
        inflated: Bytes,
    ) -> Result<(), CommitError> {
        let answer = self.submit(head, wire, inflated, Handle::try_current().ok())?;
        answer.await.unwrap_or(Err(CommitError::Stopped))
    }

    /// Commits an event of the server's own. Blocks until it is durable.
    pub(crate) fn tell(
        &self,
        project: ProjectId,
        id: EventId,
        event: &Value,
        now: Micros,
    ) -> Result<(), CommitError> {
        let mut envelope = Framed::new(id);
        envelope.add_json("event", event);
        let wire = Bytes::from(envelope.into_bytes());
        let head = RecordHead {
            endpoint: Endpoint::Envelope,
            encoding: Encoding::Identity,
            project,
            received: now,
            id: *id.as_bytes(),
            address: None,
            user_agent: None,
            limited: 0,
        };
        let answer = self.submit(head, wire.clone(), wire, None)?;
        answer.blocking_recv().unwrap_or(Err(CommitError::Stopped))
    }

    fn submit(
        &self,
        head: RecordHead,
        wire: Bytes,
        inflated: Bytes,
        runtime: Option<Handle>,
    ) -> Result<oneshot::Receiver<Result<(), CommitError>>, CommitError> {
        let (done, answer) = oneshot::channel();
        let submission = Submission { head, wire, inflated, done, runtime };
        let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = sender.as_ref().ok_or(CommitError::Stopped)?;
        sender.try_send(submission).map_err(|error| match error {
            TrySendError::Full(_) => CommitError::Full,
            TrySendError::Disconnected(_) => CommitError::Stopped,
        })?;
        Ok(answer)
    }

    /// Commits what was handed in, refuses the rest. Blocks.
    pub(crate) fn stop(&self) {
        self.sender.lock().unwrap_or_else(PoisonError::into_inner).take();
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(thread) = thread {
            // A panic in the thread was reported by the panic hook; stopping goes on.
            let _ = thread.join();
        }
    }
}

/// What the thread works with.
struct Spool {
    log: Arc<Log>,
    queue: Arc<Queue>,
    metrics: Arc<Metrics>,
    fault: Arc<Fault>,
    is_full: bool,
}

fn run(receiver: &Receiver<Submission>, spool: &mut Spool) {
    let mut batch = Vec::new();
    let mut broken_since_try: Option<Instant> = None;
    loop {
        let first = match broken_since_try {
            // Tried again also while nobody sends: who watches the server's health may hold senders back.
            Some(_) => receiver.recv_timeout(RETRY),
            None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match first {
            Ok(first) => gather(&mut batch, first, receiver),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        if broken_since_try.is_some_and(|tried| tried.elapsed() >= RETRY) {
            broken_since_try = if spool.begin_anew() { None } else { Some(Instant::now()) };
        }
        if broken_since_try.is_some() {
            refuse(batch.drain(..));
        } else if !batch.is_empty() && !spool.commit(&mut batch) {
            broken_since_try = Some(Instant::now());
        }
    }
}

fn gather(batch: &mut Vec<Submission>, first: Submission, receiver: &Receiver<Submission>) {
    let mut bytes = first.wire.len();
    batch.push(first);
    while bytes < MAX_BATCH_BYTES
        && let Ok(next) = receiver.try_recv()
    {
        bytes += next.wire.len();
        batch.push(next);
    }
}

fn refuse(submissions: impl Iterator<Item = Submission>) {
    for submission in submissions {
        // A client that has gone needs no answer.
        let _ = submission.done.send(Err(CommitError::Full));
    }
}

impl Spool {
    /// False when the disk failed: nothing may be accepted before [`Spool::begin_anew`].
    fn commit(&mut self, batch: &mut Vec<Submission>) -> bool {
        let mut appended = Vec::with_capacity(batch.len());
        let was_full = std::mem::take(&mut self.is_full);
        let mut sound = true;
        let heads: Vec<Vec<u8>> = batch.iter().map(|submission| submission.head.encode()).collect();
        let positions = self.append_all(&heads, batch);
        for ((place, submission), head) in batch.drain(..).enumerate().zip(&heads) {
            let position = positions.get(place).map(|position| Ok(*position));
            match position.unwrap_or_else(|| self.log.append(&[head, &submission.wire])) {
                Ok(position) => appended.push((position, submission)),
                Err(error) => {
                    if !error.is_full() && !error.is_too_large() {
                        self.fault.set(format!("spool: {error}"));
                        sound = false;
                    } else if !was_full && !self.is_full {
                        // Said when it begins, not for each of thousands of refusals.
                        crate::log::error(format_args!("spool: {error}; clients are told to come back"));
                    }
                    self.is_full = true;
                    refuse(std::iter::once(submission));
                }
            }
        }
        if appended.is_empty() {
            return sound;
        }
        let began = Instant::now();
        let synced = fail_point().and_then(|()| self.log.sync().map_err(|error| error.to_string()));
        self.metrics.committed(began.elapsed());
        self.metrics.spool_bytes.store(self.log.bytes(), Ordering::Relaxed);
        if let Err(error) = synced {
            self.fault.set(format!("spool: {error}"));
            refuse(appended.into_iter().map(|(_, submission)| submission));
            return false;
        }
        let mut runtime = None;
        let (jobs, waiting): (Vec<Job>, Vec<_>) = appended
            .into_iter()
            .map(|(position, submission)| {
                let job = Job { position, head: submission.head, inflated: submission.inflated };
                runtime = submission.runtime;
                (job, submission.done)
            })
            .unzip();
        self.queue.push(jobs);
        answer(runtime, waiting);
        sound
    }

    /// Where the first records are that could be written together. What failed for one of those behind, each is told when it is
    /// tried by itself.
    fn append_all(&self, heads: &[Vec<u8>], batch: &[Submission]) -> Vec<Position> {
        let records = heads.iter().zip(batch).map(|(head, submission)| [&head[..], &submission.wire[..]]);
        let records: Vec<[&[u8]; 2]> = records.collect();
        let mut positions = Vec::with_capacity(records.len());
        // The error comes again.
        let _ = self.log.append_all(&records, &mut positions);
        positions
    }

    /// Leaves the segment that failed behind. Nothing in it was confirmed without an earlier sync that succeeded.
    fn begin_anew(&self) -> bool {
        let begun = fail_point().and_then(|()| self.log.begin_anew().map_err(|error| error.to_string()));
        match begun {
            Ok(()) => {
                self.fault.clear();
                true
            }
            Err(error) => {
                self.fault.set(format!("spool: {error}"));
                false
            }
        }
    }
}

/// Says to all that their records are durable. From within the runtime, which is woken once then and not once for each.
fn answer(runtime: Option<Handle>, waiting: Vec<oneshot::Sender<Result<(), CommitError>>>) {
    let answer = move || {
        for done in waiting {
            // A client that has gone needs no answer.
            let _ = done.send(Ok(()));
        }
    };
    match runtime {
        Some(runtime) => drop(runtime.spawn(async move { answer() })),
        None => answer(),
    }
}

/// Debug builds fail to sync while the file named here exists, so that a test can see what a failing disk does.
fn fail_point() -> Result<(), String> {
    #[cfg(debug_assertions)]
    if std::env::var_os("WATCHPOST_TEST_FAIL_SYNC").is_some_and(|file| std::path::Path::new(&file).exists()) {
        return Err("cannot make the log durable: asked to fail".to_owned());
    }
    Ok(())
}

/// How often a spool that failed is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// Requests that may wait for a commit; more are told to come back.
const MAX_WAITING: usize = 4_096;
const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;
