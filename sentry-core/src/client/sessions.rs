//! Sessions, and what is told of a process that is gone.

use std::sync::Arc;

use super::{Client, snapshot};
use crate::crash::Crash;
use crate::hook::Hint;
use crate::protocol::{Event, Exception, Level, Map, Mechanism, SessionStatus, SessionUpdate};
use crate::scope::{Scopes, SharedScope};
use crate::session::{Counting, Ending, RequestSession, Sessions, Vanished};
use crate::text::Text;

impl Client {
    /// Begins a session of this run, after the end of the one before. With the option `auto_session_tracking` one has
    /// begun by itself. Without a `release` there are no sessions.
    pub fn start_session(&self, scopes: Scopes<'_>) {
        if self.is_enabled() {
            self.sessions.start(snapshot(scopes).user());
        }
    }

    /// Ends the session of this run: it went well.
    pub fn end_session(&self, scopes: Scopes<'_>) {
        if self.is_enabled() {
            self.sessions.end(SessionStatus::Exited, snapshot(scopes).user());
        }
    }

    /// The application goes to the background. After 30 s there, its session is over, as of now; also if the system
    /// ends the process meanwhile.
    pub fn pause_session(&self) {
        if self.is_enabled() {
            self.sessions.pause();
        }
    }

    /// The application comes back: its session goes on, or the next begins.
    pub fn resume_session(&self, scopes: Scopes<'_>) {
        if self.is_enabled() {
            self.sessions.resume(snapshot(scopes).user());
        }
    }

    /// Begins the session of one request, in whose isolation scope errors are then counted by themselves. The first
    /// makes requests the sessions, see [`sessions_by_request`](Self::sessions_by_request). For integrations with
    /// servers; `None` if no sessions are tracked. Requests are counted by minute and sent every 60 s.
    pub fn start_request_session(&self, isolation: &SharedScope) -> Option<RequestSession> {
        self.request_sessions()?.request(isolation, self.clock.now())
    }

    /// Where requests are counted, if they are.
    pub(crate) fn request_sessions(&self) -> Option<&Arc<Sessions>> {
        Some(&self.sessions).filter(|sessions| self.is_enabled() && sessions.counts_requests())
    }

    /// Says that the application serves requests: each of them is a session, and the run itself is none, unless it
    /// has been sent as one before.
    pub fn sessions_by_request(&self) {
        if self.is_enabled() {
            self.sessions.by_request();
        }
    }

    /// Says that the process is about to end and that this was reported, so that the next start does not report it
    /// as killed. For what catches crashes.
    pub fn announce_end(&self) {
        if let Some(transport) = &self.transport {
            transport.forget_last_words();
        }
    }

    /// Reports the processes that crashed or vanished, then begins a session of its own.
    pub(super) fn begin_sessions(&self) {
        let Some(transport) = self.transport.as_ref().filter(|_| self.is_enabled()) else { return };
        let recorder = self.options.crash_recorder();
        transport.take_vanished(&mut |mut vanished| {
            let mut has_crashed = false;
            if let Some(recorder) = recorder.filter(|_| !vanished.process.is_empty()) {
                let process = vanished.process.clone();
                recorder.take(&self.options, Some(&process), &mut |crash| {
                    has_crashed = true;
                    self.report_crash(crash, Some(&mut vanished));
                });
            }
            if !has_crashed {
                self.report(vanished);
            }
        });
        if let Some(recorder) = recorder {
            recorder.take(&self.options, None, &mut |crash| self.report_crash(crash, None));
            recorder.watch(&self.options);
        }
        self.sessions.begin();
    }

    /// A crash that was recorded: its event, with what its process left behind, and what became of its session.
    fn report_crash(&self, crash: Crash, vanished: Option<&mut Vanished>) {
        let Crash { mut event, hint, .. } = crash;
        let update = vanished.and_then(|vanished| {
            let at = event.timestamp.unwrap_or_else(|| self.clock.now());
            vanished.ending = Ending::Crashed(at);
            if event.breadcrumbs.is_empty() {
                event.breadcrumbs = std::mem::take(&mut vanished.words.breadcrumbs);
            }
            // Should there be two records of one process, its session ends once.
            let update = Sessions::of_vanished(vanished, self.clock.now());
            vanished.words.session = None;
            update
        });
        self.capture_elsewhere(event, &hint, update);
    }

    fn report(&self, mut vanished: Vanished) {
        let update = Sessions::of_vanished(&mut vanished, self.clock.now());
        let wanted = vanished.words.report_killed && self.options.report_killed();
        if wanted && vanished.ending == Ending::Silent {
            let event = self.killed(vanished);
            self.capture_elsewhere(event, &Hint::default(), update);
        } else {
            self.sessions.send_update(update);
        }
    }

    /// Captures an event about another process. Scopes of their own: what this process has set says nothing about that
    /// one.
    fn capture_elsewhere(&self, event: Event, hint: &Hint, update: Option<SessionUpdate>) {
        let nobody = SharedScope::new();
        let scopes = Scopes { global: &nobody, isolation: &nobody, current: &nobody };
        self.capture_counting(event, hint, scopes, Counting::Elsewhere(update.map(Box::new)));
    }

    /// The event about a process that was killed, with what it left: its release and environment, not ours.
    fn killed(&self, vanished: Vanished) -> Event {
        let words = vanished.words;
        let mechanism = Mechanism {
            ty: Text::from_static("auto.process.killed"),
            handled: Some(false),
            synthetic: Some(true),
            ..Mechanism::default()
        };
        let exception = Exception {
            ty: Some(Text::from_static("ProcessKilled")),
            value: Some(Text::from_static(
                "the process was killed: it ended without a word, as by SIGKILL or for lack of memory",
            )),
            mechanism: Some(mechanism),
            ..Exception::default()
        };
        let mut app = Map::new();
        app.insert("app_start_time".into(), words.started.to_rfc3339().into());
        let mut event = Event {
            event_id: Some(words.event_id),
            // The last sign of life; nobody knows how much longer it lived.
            timestamp: Some(words.written.min(self.clock.now())),
            level: Some(Level::Fatal),
            release: words.release,
            environment: Some(words.environment),
            breadcrumbs: words.breadcrumbs,
            ..Event::exception(vec![exception])
        };
        event.contexts.insert(Text::from_static("app"), Arc::new(app));
        event
    }
}
