//! How threads that wait for their captures to leave meet the worker that sends them.

use std::collections::VecDeque;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use watchpost_core::Flushed;

use crate::queue::Mark;

/// So many may wait without a thread of their own.
const MOST_LATER: usize = 64;

/// Tickets: a caller draws one for all that waits at that moment, the worker answers them in order. Any number of
/// callers may wait.
#[derive(Debug, Default)]
pub(crate) struct FlushGate {
    state: Mutex<State>,
    changed: Condvar,
}

/// What one caller waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ticket {
    number: u64,
    /// Everything before it is to leave.
    pub(crate) mark: Mark,
}

#[derive(Debug, Default)]
struct State {
    drawn: u64,
    open: VecDeque<Ticket>,
    /// Answers that nobody has fetched yet.
    answers: Vec<(u64, bool)>,
    /// Those who do not wait but want to be called.
    later: Vec<Later>,
    /// Since when the worker waits for the server's answer to a request.
    under_way: Option<Instant>,
    stopped: bool,
}

struct Later {
    number: u64,
    flushed: Flushed,
}

impl Later {
    fn call(self, emptied: bool) {
        // A panic of theirs is not the worker's.
        let _ = catch_unwind(AssertUnwindSafe(|| (self.flushed)(emptied)));
    }
}

impl fmt::Debug for Later {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Later").field("number", &self.number).finish_non_exhaustive()
    }
}

impl State {
    fn draw(&mut self, mark: Mark) -> Ticket {
        self.drawn += 1;
        let ticket = Ticket { number: self.drawn, mark };
        self.open.push_back(ticket);
        ticket
    }
}

impl FlushGate {
    /// Draws a ticket for everything before the mark.
    pub(crate) fn request(&self, mark: Mark) -> Ticket {
        self.lock().draw(mark)
    }

    /// Draws a ticket whose answer goes to `flushed`; gives it back when too many wait like this.
    pub(crate) fn request_later(&self, mark: Mark, flushed: Flushed) -> Result<(), Flushed> {
        let mut state = self.lock();
        if state.later.len() >= MOST_LATER || state.stopped {
            return Err(flushed);
        }
        let number = state.draw(mark).number;
        state.later.push(Later { number, flushed });
        Ok(())
    }

    /// The oldest ticket without an answer.
    pub(crate) fn open_ticket(&self) -> Option<Ticket> {
        self.lock().open.front().copied()
    }

    /// The worker's answer to a ticket: did everything get out?
    pub(crate) fn answer(&self, ticket: Ticket, emptied: bool) {
        let mut state = self.lock();
        let before = state.open.len();
        state.open.retain(|open| open.number != ticket.number);
        // Whoever drew it may have stopped waiting.
        if state.open.len() == before {
            return;
        }
        if let Some(at) = state.later.iter().position(|later| later.number == ticket.number) {
            let later = state.later.swap_remove(at);
            drop(state);
            return later.call(emptied);
        }
        state.answers.push((ticket.number, emptied));
        // Whoever wakes finds the lock free.
        drop(state);
        self.changed.notify_all();
    }

    /// A request leaves, or its answer is here.
    pub(crate) fn set_under_way(&self, yes: bool) {
        self.lock().under_way = yes.then(Instant::now);
    }

    /// True if the request under way has been without an answer for this long.
    pub(crate) fn has_waited(&self, patience: Duration) -> bool {
        self.lock().under_way.is_some_and(|since| since.elapsed() >= patience)
    }

    /// The worker is gone: nobody will answer any more.
    pub(crate) fn stopped(&self) {
        let mut state = self.lock();
        state.stopped = true;
        let later = std::mem::take(&mut state.later);
        drop(state);
        self.changed.notify_all();
        later.into_iter().for_each(|later| later.call(false));
    }

    /// True once the worker is gone.
    pub(crate) fn has_stopped(&self) -> bool {
        self.lock().stopped
    }

    /// Waits for the answer to a ticket; false if it does not come in time. With `patience`, gives up as soon as the
    /// server has left one request without an answer for that long.
    pub(crate) fn wait(&self, ticket: Ticket, timeout: Duration, patience: Option<Duration>) -> bool {
        let deadline = deadline(timeout);
        let mut state = self.lock();
        loop {
            if let Some(at) = state.answers.iter().position(|(number, _)| *number == ticket.number) {
                return state.answers.swap_remove(at).1;
            }
            let mut left = deadline.saturating_duration_since(Instant::now());
            if let Some(patience) = patience {
                // Nothing tells when a request leaves: look again by the time at which one could be too old.
                let waited = state.under_way.map_or(Duration::ZERO, |since| since.elapsed());
                left = left.min(patience.saturating_sub(waited));
            }
            if left.is_zero() || state.stopped {
                state.open.retain(|open| open.number != ticket.number);
                return false;
            }
            state = self.sleep(state, left);
        }
    }

    /// Waits for the end of the worker; false if it does not come in time.
    pub(crate) fn wait_stopped(&self, timeout: Duration) -> bool {
        let deadline = deadline(timeout);
        let mut state = self.lock();
        while !state.stopped {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            state = self.sleep(state, left);
        }
        state.stopped
    }

    fn sleep<'a>(&self, state: MutexGuard<'a, State>, time: Duration) -> MutexGuard<'a, State> {
        match self.changed.wait_timeout(state, time) {
            Ok((state, _)) => state,
            Err(poisoned) => poisoned.into_inner().0,
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Far enough for "for ever", and within what the system's clock can add.
fn deadline(timeout: Duration) -> Instant {
    Instant::now() + timeout.min(Duration::from_secs(86_400 * 365))
}
