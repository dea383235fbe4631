//! What the process would leave behind, and what is said of those that left something.

use super::last_words::{Ending, LastWords, Vanished};
use super::{Sessions, State, trail};
use crate::protocol::{Breadcrumb, SessionStatus, SessionUpdate, Timestamp};

impl Sessions {
    /// Adds to what would be reported of a process that is killed.
    pub(crate) fn leave_trail(&self, crumb: &Breadcrumb) {
        let now = self.clock.now();
        let max = self.options.max_breadcrumbs();
        let (write, due) = self.with(|state| {
            if state.words.is_none() {
                return (false, None);
            }
            let write = state.trail.add(crumb.clone(), max, now);
            (write, state.trail.due())
        });
        if write {
            self.note();
        } else if let Some(due) = due {
            self.remind(due);
        }
    }

    /// The client closes: nothing that happens to the process from now on is its session's affair.
    pub(crate) fn finish(&self) {
        self.end(SessionStatus::Exited, None);
        self.send_aggregates();
        let had_words = self.with(|state| state.words.take().is_some());
        if let Some(transport) = self.transport.as_ref().filter(|_| had_words) {
            transport.forget_last_words();
        }
    }

    /// The user does not agree: there was no session, and nothing is left behind.
    pub(crate) fn forget(&self) {
        self.with(|state| {
            let State { generation, revision, .. } = *state;
            *state = State { generation, revision, ..State::default() };
        });
        if let Some(transport) = &self.transport {
            transport.forget_last_words();
        }
    }

    /// What is to be sent about a process that is gone.
    pub(crate) fn of_vanished(vanished: &mut Vanished, now: Timestamp) -> Option<SessionUpdate> {
        let words = &mut vanished.words;
        let (release, environment) = (words.release.clone()?, words.environment.clone());
        let live = words.session.as_mut()?;
        let (status, at) = match (vanished.ending, live.paused) {
            (Ending::Crashed(at), _) => {
                live.errors += 1;
                (SessionStatus::Crashed, at)
            }
            (_, Some(paused)) => (SessionStatus::Exited, paused),
            (Ending::Announced(at), None) => (SessionStatus::Exited, at),
            (Ending::Silent, None) => (SessionStatus::Abnormal, now),
        };
        Some(live.update(status, at, &release, &environment))
    }

    /// Hands what this process would leave behind to the transport. After what it says was sent, never before.
    pub(crate) fn note(&self) {
        let Some(transport) = &self.transport else { return };
        let now = self.clock.now();
        let report_killed = self.options.report_killed();
        let words = self.with(|state| {
            let (event_id, started) = state.words?;
            state.revision += 1;
            Some(LastWords {
                revision: state.revision,
                event_id,
                started,
                written: now,
                release: self.options.release().cloned(),
                environment: self.options.environment().clone(),
                session: state.live.clone(),
                report_killed,
                breadcrumbs: if report_killed { state.trail.take(now) } else { Vec::new() },
            })
        });
        match words {
            Some(mut words) if words.session.is_some() || report_killed => {
                words.breadcrumbs = trail::fit(words.breadcrumbs, &self.options);
                transport.keep_last_words(&words);
            }
            Some(_) => transport.forget_last_words(),
            None => {}
        }
    }
}
