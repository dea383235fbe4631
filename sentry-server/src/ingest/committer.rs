//! Group commit: one fsync in flight, and whatever arrives meanwhile shares the next one.

use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Instant;

use axum::body::Bytes;
use tokio::sync::oneshot;
use watchpost_spool::Log;

use super::record::RecordHead;
use crate::digest::{Job, Queue};
use crate::metrics::Metrics;

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
}

impl Committer {
    pub(crate) fn start(log: Arc<Log>, queue: Arc<Queue>, metrics: Arc<Metrics>) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(MAX_WAITING);
        let thread = std::thread::Builder::new()
            .name("spool-commit".to_owned())
            .spawn(move || run(&receiver, &log, &queue, &metrics))?;
        Ok(Self { sender: Mutex::new(Some(sender)), thread: Mutex::new(Some(thread)) })
    }

    /// Returns when the record is durable.
    pub(crate) async fn commit(
        &self,
        head: RecordHead,
        wire: Bytes,
        inflated: Bytes,
    ) -> Result<(), CommitError> {
        let (done, answer) = oneshot::channel();
        let submission = Submission { head, wire, inflated, done };
        {
            let sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
            let sender = sender.as_ref().ok_or(CommitError::Stopped)?;
            sender.try_send(submission).map_err(|error| match error {
                TrySendError::Full(_) => CommitError::Full,
                TrySendError::Disconnected(_) => CommitError::Stopped,
            })?;
        }
        answer.await.unwrap_or(Err(CommitError::Stopped))
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

fn run(receiver: &Receiver<Submission>, log: &Log, queue: &Queue, metrics: &Metrics) {
    let mut batch = Vec::new();
    let mut is_full = false;
    while let Ok(first) = receiver.recv() {
        let mut bytes = first.wire.len();
        batch.push(first);
        while bytes < MAX_BATCH_BYTES
            && let Ok(next) = receiver.try_recv()
        {
            bytes += next.wire.len();
            batch.push(next);
        }
        commit(&mut batch, log, queue, metrics, &mut is_full);
    }
}

fn commit(batch: &mut Vec<Submission>, log: &Log, queue: &Queue, metrics: &Metrics, is_full: &mut bool) {
    let mut appended = Vec::with_capacity(batch.len());
    let was_full = std::mem::take(is_full);
    for submission in batch.drain(..) {
        match log.append(&[&submission.head.encode(), &submission.wire]) {
            Ok(position) => appended.push((position, submission)),
            Err(error) => {
                // Said when it begins, not for each of thousands of refusals.
                if !was_full && !*is_full {
                    crate::log::error(format_args!("spool: {error}; clients are told to come back"));
                }
                *is_full = true;
                let _ = submission.done.send(Err(CommitError::Full));
            }
        }
    }
    if appended.is_empty() {
        return;
    }
    let began = Instant::now();
    let synced = log.sync();
    metrics.committed(began.elapsed());
    metrics.spool_bytes.store(log.bytes(), Ordering::Relaxed);
    match synced {
        Ok(_) => {
            let (jobs, answers): (Vec<Job>, Vec<_>) = appended
                .into_iter()
                .map(|(position, submission)| {
                    let job = Job { position, head: submission.head, inflated: submission.inflated };
                    (job, submission.done)
                })
                .unzip();
            queue.push(jobs);
            for done in answers {
                // A client that has gone needs no answer.
                let _ = done.send(Ok(()));
            }
        }
        Err(error) => {
            crate::log::error(format_args!("spool: {error}; nothing is accepted until a restart"));
            for (_, submission) in appended {
                let _ = submission.done.send(Err(CommitError::Full));
            }
        }
    }
}

/// Requests that may wait for a commit; more are told to come back.
const MAX_WAITING: usize = 4_096;
const MAX_BATCH_BYTES: usize = 64 * 1024 * 1024;
