//! A request as a session, where nobody may ever ask for its scope.

use super::RequestSession;
use super::aggregates::Health;
use crate::client::Client;
use crate::fork::generation;
use crate::protocol::Timestamp;
use crate::scope::SharedScope;

/// One request under way, for hosts that make its scope when somebody asks for it. Most requests end without a word to the SDK:
/// such a one is a number when it ends, and costs neither an allocation nor a lock before.
///
/// | state | since | what counts |
/// |---|---|---|
/// | not counted | its begin, without tracking; its end | nothing |
/// | waiting | its begin | the status at its end, and whether it crashed |
/// | followed | [`with_scope`](Self::with_scope) | also errors that are captured in its scope or forks of it, and its user |
///
/// It is a plain value. Who shares it between threads takes it out of its place, changes it there, where no lock is held, and
/// puts it back.
///
/// It counts for the client that is there when it [finishes](Self::finish): the one with which it began may have been replaced,
/// and has delivered its counts then. In a forked child it counts nothing, as it is the parent's request.
#[derive(Debug, Default)]
#[must_use = "the request is counted by `finish`"]
pub struct CountedRequest(State);

#[derive(Debug, Default)]
enum State {
    #[default]
    NotCounted,
    Waiting {
        started: Timestamp,
        generation: u64,
        health: Health,
    },
    Followed(RequestSession),
}

impl CountedRequest {
    /// Begins now, and makes requests the sessions of `client`; not counted if that tracks none.
    pub fn begin(client: &Client) -> Self {
        let Some(sessions) = client.request_sessions() else { return Self::default() };
        sessions.by_request();
        Self::since(client.now())
    }

    /// The same for a host that kept only when it began, until now; it calls
    /// [`sessions_by_request`](Client::sessions_by_request) when the first one begins.
    pub fn since(started: Timestamp) -> Self {
        Self(State::Waiting { started, generation: generation(), health: Health::Healthy })
    }

    /// Its isolation scope is there now, in which errors count towards it by themselves. Nothing changes if it had one.
    pub fn with_scope(self, client: &Client, isolation: &SharedScope) -> Self {
        let State::Waiting { started, generation: begun, health } = self.0 else { return self };
        let sessions = client.request_sessions().filter(|_| begun == generation());
        let Some(session) = sessions.and_then(|sessions| sessions.request(isolation, started)) else {
            return Self::default();
        };
        session.worsen(health);
        Self(State::Followed(session))
    }

    /// An error that nobody handled ended it.
    pub fn mark_crashed(&mut self) {
        match &mut self.0 {
            State::NotCounted => {}
            State::Waiting { health, .. } => *health = Health::Crashed,
            State::Followed(session) => session.mark_crashed(),
        }
    }

    /// Counts it for `client`. It was answered with this HTTP status, of which those from 500 on are errors; 0 if it was not.
    ///
    /// Whose request it was is known by its scope: a host that knows of a user makes that before.
    pub fn finish(self, client: &Client, status: u16) {
        let sessions = client.request_sessions();
        match self.0 {
            State::NotCounted => {}
            State::Waiting { started, generation: begun, health } => {
                if let Some(sessions) = sessions.filter(|_| begun == generation()) {
                    sessions.count_request(started, None, health.max(Health::of_status(status)));
                }
            }
            State::Followed(session) => {
                session.answered(status);
                session.count_for(sessions);
            }
        }
    }
}
