//! Copies for a Spotlight sidecar: a pipeline of its own beside the real one.
//!
//! Source: Spotlight, published spec. A sidecar is a tool on a developer's machine: copies are never written to disk and
//! never counted as lost, and nothing waits for them but the end of a `flush`, briefly.

use std::collections::VecDeque;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use watchpost_core::{
    Clock, Envelope, ForkLock, Transport, UploadRequest, UploadResponse, UploadResult, Uploader, generation,
};

use crate::config::Diagnostic;
use crate::outgoing::splice_header;
use crate::signals::spawn_deaf;
use crate::worker::mark_worker_thread;

/// What may wait; older copies make room for newer ones.
const MAX_BYTES: usize = 4 << 20;

/// The pause after the first failure, and the longest one.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));

/// How long a `flush` waits for copies at most: a sidecar is near, or it is not there.
const FLUSH: Duration = Duration::from_millis(500);

/// Makes the uploader of the copies, on their thread.
type MakeUploader = dyn Fn() -> Result<Arc<dyn Uploader>, String> + Send + Sync;

/// Sends a copy of every envelope to a sidecar, from a thread of its own.
pub(crate) struct Spotlight {
    shared: Arc<Shared>,
    /// A forked child makes its own: its parent's copies, and their thread, are the parent's.
    line: ForkLock<Option<(u64, Arc<Line>)>>,
}

struct Shared {
    url: String,
    clock: Arc<dyn Clock>,
    diagnostic: Diagnostic,
    make: Box<MakeUploader>,
}

/// What waits.
#[derive(Debug, Default)]
struct Line {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Waiting {
    copies: VecDeque<Vec<u8>>,
    bytes: usize,
    busy: bool,
    /// When the last attempt failed, nothing is sent before this.
    pause_until: Option<Instant>,
    closed: bool,
}

impl Spotlight {
    pub(crate) fn new(
        url: String,
        clock: Arc<dyn Clock>,
        diagnostic: Diagnostic,
        make: Box<MakeUploader>,
    ) -> Self {
        Self { shared: Arc::new(Shared { url, clock, diagnostic, make }), line: ForkLock::default() }
    }

    /// Takes a copy. Costs one encoding; waits for nothing.
    pub(crate) fn copy(&self, envelope: &Envelope) {
        let mut bytes = Vec::new();
        envelope.encode(&mut bytes);
        let line = self.line();
        let mut waiting = line.lock();
        if waiting.closed || bytes.len() > MAX_BYTES {
            return;
        }
        waiting.bytes += bytes.len();
        waiting.copies.push_back(bytes);
        while waiting.bytes > MAX_BYTES
            && let Some(oldest) = waiting.copies.pop_front()
        {
            waiting.bytes -= oldest.len();
        }
        line.changed.notify_all();
    }

    /// Waits for copies under way, for a moment at most, and not while the sidecar cannot be reached.
    pub(crate) fn flush(&self, timeout: Duration) {
        let Some(line) = self.current() else { return };
        let deadline = Instant::now() + timeout.min(FLUSH);
        let mut waiting = line.lock();
        while (waiting.busy || !waiting.copies.is_empty()) && waiting.pause_until.is_none() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            waiting = line.sleep(waiting, Some(left));
        }
    }

    /// Ends the thread after the request under way. Later copies are forgotten.
    pub(crate) fn close(&self) {
        if let Some(line) = self.current() {
            line.lock().closed = true;
            line.changed.notify_all();
        }
    }

    fn current(&self) -> Option<Arc<Line>> {
        self.line.with(|line| line.as_ref().filter(|line| line.0 == generation()).map(|line| line.1.clone()))
    }

    /// This generation's line, with its thread.
    fn line(&self) -> Arc<Line> {
        if let Some(line) = self.current() {
            return line;
        }
        let fresh = Arc::new(Line::default());
        let candidate = fresh.clone();
        let line = self.line.with(move |line| match line {
            Some((born, line)) if *born == generation() => line.clone(),
            stale => {
                // The parent's is leaked: its locks may be held by threads that do not exist here.
                std::mem::forget(stale.replace((generation(), candidate.clone())));
                candidate
            }
        });
        if Arc::ptr_eq(&line, &fresh) {
            let (shared, own) = (self.shared.clone(), line.clone());
            if let Err(error) = spawn_deaf("watchpost-spotlight", move || shared.run(&own)) {
                self.shared.diagnostic.say(|| format!("no thread for Spotlight: {error}"));
                line.lock().closed = true;
            }
        }
        line
    }
}

impl Drop for Spotlight {
    fn drop(&mut self) {
        self.close();
    }
}

impl fmt::Debug for Spotlight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spotlight").field("url", &self.shared.url).finish_non_exhaustive()
    }
}

impl Shared {
    fn run(&self, line: &Line) {
        mark_worker_thread();
        let mut uploader = None;
        let (mut pause, mut complained) = (PAUSES.0, false);
        while let Some(copy) = line.next() {
            match self.post(&mut uploader, &copy) {
                Ok(()) => {
                    (pause, complained) = (PAUSES.0, false);
                    line.done(copy.len());
                }
                Err(why) => {
                    if !complained {
                        self.diagnostic.say(|| format!("Spotlight cannot be reached at {}: {why}", self.url));
                    }
                    complained = true;
                    line.failed(copy, pause);
                    pause = (pause * 2).min(PAUSES.1);
                }
            }
        }
    }

    fn post(&self, uploader: &mut Option<Arc<dyn Uploader>>, copy: &[u8]) -> Result<(), String> {
        let uploader = match uploader {
            Some(uploader) => uploader,
            None => uploader.insert((self.make)()?),
        };
        let mut body = Vec::with_capacity(copy.len() + 64);
        splice_header(copy, self.clock.now(), None, &mut body);
        let headers = vec![("content-type".to_owned(), "application/x-sentry-envelope".to_owned())];
        let request = UploadRequest { url: self.url.clone(), headers, body };
        match uploader.upload(request) {
            // Whatever it answers: there is no use in saying it again.
            UploadResult::Response(UploadResponse { .. }) => Ok(()),
            UploadResult::Unreachable(why) | UploadResult::Interrupted(why) => Err(why),
        }
    }
}

impl Line {
    /// The next copy, when there is one and no pause; `None` at the end.
    fn next(&self) -> Option<Vec<u8>> {
        let mut waiting = self.lock();
        loop {
            if waiting.closed {
                return None;
            }
            let pause = waiting.pause_until.map(|until| until.saturating_duration_since(Instant::now()));
            match pause {
                Some(left) if !left.is_zero() => waiting = self.sleep(waiting, Some(left)),
                _ if waiting.copies.is_empty() => waiting = self.sleep(waiting, None),
                _ => {
                    waiting.busy = true;
                    return waiting.copies.pop_front();
                }
            }
        }
    }

    fn done(&self, bytes: usize) {
        let mut waiting = self.lock();
        waiting.bytes = waiting.bytes.saturating_sub(bytes);
        (waiting.busy, waiting.pause_until) = (false, None);
        self.changed.notify_all();
    }

    fn failed(&self, copy: Vec<u8>, pause: Duration) {
        let mut waiting = self.lock();
        waiting.copies.push_front(copy);
        (waiting.busy, waiting.pause_until) = (false, Some(Instant::now() + pause));
        self.changed.notify_all();
    }

    fn sleep<'a>(&self, waiting: MutexGuard<'a, Waiting>, time: Option<Duration>) -> MutexGuard<'a, Waiting> {
        match time {
            Some(time) => match self.changed.wait_timeout(waiting, time) {
                Ok((waiting, _)) => waiting,
                Err(poisoned) => poisoned.into_inner().0,
            },
            None => self.changed.wait(waiting).unwrap_or_else(PoisonError::into_inner),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A transport that leads to a sidecar alone: there is no DSN.
#[derive(Debug)]
pub(crate) struct SpotlightOnly(pub(crate) Spotlight);

impl Transport for SpotlightOnly {
    fn send(&self, envelope: Envelope) {
        self.0.copy(&envelope);
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.0.flush(timeout);
        true
    }

    fn close(&self, timeout: Duration) -> bool {
        self.0.flush(timeout);
        self.0.close();
        true
    }
}
