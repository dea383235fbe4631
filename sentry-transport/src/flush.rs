//! How threads that wait for the outbox to empty meet the worker that empties it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Tickets: a caller draws one, the worker answers all drawn before its pass began. Any number of callers may wait.
#[derive(Debug, Default)]
pub(crate) struct FlushGate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    requested: u64,
    answered: u64,
    /// The worker's last answer: did everything get out?
    emptied: bool,
    stopped: bool,
}

impl FlushGate {
    /// Draws a ticket.
    pub(crate) fn request(&self) -> u64 {
        let mut state = self.lock();
        state.requested += 1;
        state.requested
    }

    /// The newest ticket, if it is still unanswered.
    pub(crate) fn open_ticket(&self) -> Option<u64> {
        let state = self.lock();
        (state.requested > state.answered).then_some(state.requested)
    }

    /// The worker's answer to this ticket and all before.
    pub(crate) fn answer(&self, ticket: u64, emptied: bool) {
        let mut state = self.lock();
        state.answered = state.answered.max(ticket);
        state.emptied = emptied;
        self.changed.notify_all();
    }

    /// The worker is gone: nobody will answer any more.
    pub(crate) fn stopped(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }

    /// True once the worker is gone.
    pub(crate) fn has_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for the answer to a ticket; false if it does not come in time.
    pub(crate) fn wait(&self, ticket: u64, timeout: Duration) -> bool {
        let state = self.wait_while(timeout, |state| state.answered < ticket && !state.stopped);
        state.answered >= ticket && state.emptied
    }

    /// Waits for the end of the worker; false if it does not come in time.
    pub(crate) fn wait_stopped(&self, timeout: Duration) -> bool {
        self.wait_while(timeout, |state| !state.stopped).stopped
    }

    fn wait_while(&self, timeout: Duration, unready: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        // Far enough for "for ever", and within what the system's clock can add.
        let deadline = Instant::now() + timeout.min(Duration::from_secs(86_400 * 365));
        let mut state = self.lock();
        while unready(&state) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = match self.changed.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
        state
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
