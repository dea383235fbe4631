//! What is accepted and waits to be digested: bodies in memory up to a bound, beyond it only their place on disk.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use axum::body::Bytes;
use watchpost_spool::Position;

use crate::ingest::RecordHead;
use crate::metrics::Metrics;

/// One accepted request with its inflated body.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) position: Position,
    pub(crate) head: RecordHead,
    pub(crate) inflated: Bytes,
}

/// The next piece of work, in spool order.
#[derive(Debug)]
pub(crate) enum Work {
    Jobs(Vec<Job>),
    /// Records to be read from the spool: from the first position up to, not including, the second.
    Replay(Position, Position),
}

/// A queue with one feeder; any thread may push, in spool order.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    changed: Condvar,
    max_bytes: usize,
    metrics: Arc<Metrics>,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    /// Inflated bytes in memory, those being digested included.
    bytes: usize,
    /// Records pushed and not finished; what is replayed at the start counts as one until it is done.
    unfinished: usize,
    closed: bool,
}

#[derive(Debug)]
enum Entry {
    Memory(Job),
    Disk { from: Position, before: Position },
}

impl Queue {
    pub(crate) fn new(max_bytes: usize, metrics: Arc<Metrics>) -> Self {
        Self { state: Mutex::default(), changed: Condvar::new(), max_bytes, metrics }
    }

    /// Adds durable records. Never blocks and never refuses: what does not fit is read from disk later.
    pub(crate) fn push(&self, jobs: Vec<Job>) {
        let mut state = self.state();
        for job in jobs {
            if state.bytes + job.inflated.len() <= self.max_bytes {
                state.bytes += job.inflated.len();
                state.unfinished += 1;
                state.entries.push_back(Entry::Memory(job));
            } else if let Some(Entry::Disk { before, .. }) = state.entries.back_mut() {
                *before = job.position.just_after();
            } else {
                state.unfinished += 1;
                let before = job.position.just_after();
                state.entries.push_back(Entry::Disk { from: job.position, before });
            }
        }
        self.publish(&state);
        drop(state);
        self.changed.notify_all();
    }

    /// Adds what an earlier process accepted and did not finish.
    pub(crate) fn push_replay(&self, from: Position, before: Position) {
        let mut state = self.state();
        state.unfinished += 1;
        state.entries.push_back(Entry::Disk { from, before });
        self.publish(&state);
        drop(state);
        self.changed.notify_all();
    }

    /// Waits for work; `None` when the queue is closed and empty.
    pub(crate) fn take(&self, max_jobs: usize, max_bytes: usize) -> Option<Work> {
        let mut state = self.state();
        loop {
            match state.entries.front() {
                Some(Entry::Disk { from, before }) => {
                    let work = Work::Replay(*from, *before);
                    state.entries.pop_front();
                    return Some(work);
                }
                Some(Entry::Memory(_)) => {
                    return Some(Work::Jobs(take_jobs(&mut state, max_jobs, max_bytes)));
                }
                None if state.closed => return None,
                None => state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }

    /// Says that pushed entries are stored for good.
    pub(crate) fn finish(&self, entries: usize, bytes: usize) {
        let mut state = self.state();
        state.unfinished = state.unfinished.saturating_sub(entries);
        state.bytes = state.bytes.saturating_sub(bytes);
        self.publish(&state);
        drop(state);
        self.changed.notify_all();
    }

    /// Blocks until everything pushed so far is stored.
    pub(crate) fn wait_until_finished(&self) {
        let mut state = self.state();
        while state.unfinished > 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Lets `take` end once the queue is empty.
    pub(crate) fn close(&self) {
        self.state().closed = true;
        self.changed.notify_all();
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.state().closed
    }

    fn publish(&self, state: &State) {
        self.metrics.queue_bytes.store(state.bytes as u64, Ordering::Relaxed);
        self.metrics.queue_records.store(state.unfinished as u64, Ordering::Relaxed);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn take_jobs(state: &mut State, max_jobs: usize, max_bytes: usize) -> Vec<Job> {
    let mut jobs = Vec::new();
    let mut bytes = 0;
    while jobs.len() < max_jobs && bytes < max_bytes {
        match state.entries.pop_front() {
            Some(Entry::Memory(job)) => {
                bytes += job.inflated.len();
                jobs.push(job);
            }
            Some(other) => {
                state.entries.push_front(other);
                break;
            }
            None => break,
        }
    }
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Encoding, Endpoint};

    fn job(position: u64, bytes: usize) -> Job {
        Job {
            position: Position::from_u64(position),
            head: RecordHead {
                endpoint: Endpoint::Envelope,
                encoding: Encoding::Identity,
                project: 1,
                received: 0,
                id: [0; 16],
                address: None,
                user_agent: None,
                limited: 0,
            },
            inflated: Bytes::from(vec![0; bytes]),
        }
    }

    #[test]
    fn what_does_not_fit_becomes_one_stretch_of_disk_in_order() {
        let queue = Queue::new(100, Arc::default());
        queue.push(vec![job(10, 60), job(20, 60), job(30, 60), job(40, 30)]);
        queue.push(vec![job(50, 60)]);
        let Some(Work::Jobs(jobs)) = queue.take(10, 1_000) else { panic!("jobs first") };
        assert_eq!(jobs.len(), 1);
        let Some(Work::Replay(from, before)) = queue.take(10, 1_000) else { panic!("then disk") };
        assert_eq!((from.as_u64(), before), (20, Position::from_u64(30).just_after()));
        let Some(Work::Jobs(jobs)) = queue.take(10, 1_000) else { panic!("then memory again") };
        assert_eq!(jobs[0].position.as_u64(), 40);
        let Some(Work::Replay(from, _)) = queue.take(10, 1_000) else { panic!("then disk again") };
        assert_eq!(from.as_u64(), 50);
        queue.finish(4, 90);
        queue.wait_until_finished();
        queue.close();
        assert!(queue.take(1, 1).is_none());
    }
}
