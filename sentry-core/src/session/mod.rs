//! Release health: one session per run of the application, or one per request; and what a process leaves behind.

mod aggregates;
mod counted;
mod health;
mod held;
mod last_words;
mod notes;
mod request;
mod requests;
mod trail;

pub(crate) use self::aggregates::Health;
pub use self::counted::CountedRequest;
pub(crate) use self::health::{Counting, of_event};
pub(crate) use self::held::Held;
pub(crate) use self::last_words::distinct_id;
pub use self::last_words::{Ending, LastWords, LiveSession, Vanished};
pub use self::request::RequestSession;
pub(crate) use self::request::RequestState;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use self::aggregates::Aggregates;
use self::held::HeldBack;
use self::trail::Trail;
use crate::client::Due;
use crate::clock::Clock;
use crate::envelope::{Envelope, EnvelopeHeader, Item, ItemType};
use crate::fork::{ForkLock, generation};
use crate::options::ClientOptions;
use crate::protocol::{EventId, SessionStatus, SessionUpdate, Timestamp, User};
use crate::rng::Rng;
use crate::transport::Transport;

/// How long a healthy session is kept to ourselves: most processes live shorter, or turn out to serve requests.
const FIRST_NEWS: Duration = Duration::from_secs(60);

/// How long an application may be in the background before its session is over. Source: sessions, published spec.
const PAUSE: Duration = Duration::from_secs(30);

/// The sessions of one client. Everything mutable starts over in a forked child, which has no session of its own
/// unless it starts one: the run of the application is the parent's.
#[derive(Debug)]
pub(crate) struct Sessions {
    options: ClientOptions,
    transport: Option<Arc<dyn Transport>>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    /// Requests are the sessions; the run itself is none. Holds in a forked child, too.
    by_request: AtomicBool,
    state: ForkLock<State>,
}

#[derive(Debug, Default)]
struct State {
    generation: u64,
    /// The session of this run, until it ends.
    live: Option<LiveSession>,
    /// The session ended in the background, and the next begins when the application comes back.
    asleep: bool,
    aggregates: Aggregates,
    held_back: HeldBack,
    trail: Trail,
    words: Option<(EventId, Timestamp)>,
    revision: u64,
}

impl Sessions {
    pub(crate) fn new(
        options: ClientOptions,
        transport: Option<Arc<dyn Transport>>,
        clock: Arc<dyn Clock>,
        rng: Arc<dyn Rng>,
    ) -> Self {
        let by_request = AtomicBool::new(false);
        Self { options, transport, clock, rng, by_request, state: ForkLock::default() }
    }

    /// What a client does first: its run is a session, if that is wanted.
    pub(crate) fn begin(&self) {
        if self.options.report_killed() {
            let now = self.clock.now();
            let id = EventId::random(&*self.rng);
            self.with(|state| state.words = Some((id, now)));
        }
        // With a consent that is given again, requests may be the sessions already.
        if self.options.auto_session_tracking() && !self.by_request.load(Ordering::Relaxed) {
            self.start(None);
        }
        if self.options.report_killed() {
            self.note();
        }
    }

    /// Begins a session, after the end of the one before. Nothing without a release.
    pub(crate) fn start(&self, user: Option<&User>) {
        if self.options.release().is_none() || self.transport.is_none() {
            return;
        }
        self.end(SessionStatus::Exited, user);
        let now = self.clock.now();
        let ids = [EventId::random(&*self.rng), EventId::random(&*self.rng)];
        let mut live = LiveSession::new(ids[0], now);
        live.identify(user, self.options.send_default_pii());
        self.with(|state| {
            state.live = Some(live);
            state.asleep = false;
            state.words.get_or_insert((ids[1], now));
        });
        self.note();
        self.remind(now.after(FIRST_NEWS));
    }

    /// Ends the session, if there is one.
    pub(crate) fn end(&self, status: SessionStatus, user: Option<&User>) {
        let now = self.clock.now();
        let update = self.with(|state| {
            state.asleep = false;
            let mut live = state.live.take()?;
            live.identify(user, self.options.send_default_pii());
            let at = live.paused.unwrap_or(now);
            self.update(&mut live, status, at)
        });
        self.send_update(update);
    }

    /// The application goes to the background.
    pub(crate) fn pause(&self) {
        let now = self.clock.now();
        let paused = self.with(|state| {
            let live = state.live.as_mut().filter(|live| live.paused.is_none());
            live.map(|live| live.paused = Some(now)).is_some()
        });
        if paused {
            self.note();
            self.remind(now.after(PAUSE));
        }
    }

    /// The application comes back: its session goes on, or the next begins.
    pub(crate) fn resume(&self, user: Option<&User>) {
        let now = self.clock.now();
        let begins = self.with(|state| match state.live.as_mut() {
            Some(live) => match live.paused.take_if(|at| now.since(*at) < PAUSE) {
                Some(_) => false,
                None => live.paused.is_some(),
            },
            None => state.asleep,
        });
        if begins { self.start(user) } else { self.note() }
    }

    /// True if events are to be looked at for the sake of a session of the run.
    pub(crate) fn is_live(&self) -> bool {
        self.with(|state| state.live.is_some())
    }

    /// An event that no filter dropped: what is to be sent about its session, in the same envelope or alone.
    pub(crate) fn observe(
        &self,
        health: Health,
        user: Option<&User>,
        request: Option<&RequestState>,
    ) -> Option<SessionUpdate> {
        if health == Health::Healthy {
            return None;
        }
        if let Some(request) = request {
            request.worsen(health);
            return None;
        }
        let now = self.clock.now();
        self.with(|state| {
            let live = state.live.as_mut()?;
            live.identify(user, self.options.send_default_pii());
            live.errors += 1;
            if health == Health::Crashed {
                let mut live = state.live.take()?;
                return self.update(&mut live, SessionStatus::Crashed, now);
            }
            // That it is unhealthy is news once; the number of errors goes with its end.
            if live.errors == 1 { self.update(live, SessionStatus::Ok, now) } else { None }
        })
    }

    /// Keeps what a session needs to know about an event whose hook answers later.
    pub(crate) fn hold(&self, event: Option<EventId>, held: Held) {
        if let Some(event) = event {
            self.with(|state| state.held_back.put(event, held));
        }
    }

    /// The same, once the hook has answered.
    pub(crate) fn take_held(&self, event: Option<EventId>) -> Option<Held> {
        self.with(|state| state.held_back.take(event?))
    }

    /// An update that travels without its event.
    pub(crate) fn send_update(&self, update: Option<SessionUpdate>) {
        if let Some(item) = update.as_ref().and_then(item) {
            self.send(item);
            self.note();
        }
    }

    /// Sends what is due. When the next is due.
    pub(crate) fn send_due(&self, due: Due) -> Option<Timestamp> {
        let now = self.clock.now();
        let (update, counts, write) = self.with(|state| {
            let update = self.due_update(state, due, now);
            let counts = state.aggregates.due().is_some_and(|at| due.includes(at));
            (update, counts, state.trail.due().is_some_and(|at| due.includes(at)))
        });
        if counts {
            self.send_aggregates();
        }
        match update {
            Some(update) => self.send_update(Some(update)),
            None if write => self.note(),
            None => {}
        }
        self.with(|state| {
            let live = state.live.as_ref();
            let first = live.filter(|live| live.sent == 0).map(|live| live.started.after(FIRST_NEWS));
            let paused = live.and_then(|live| live.paused).map(|at| at.after(PAUSE));
            [first, paused, state.aggregates.due(), state.trail.due()].into_iter().flatten().min()
        })
    }

    fn due_update(&self, state: &mut State, due: Due, now: Timestamp) -> Option<SessionUpdate> {
        let live = state.live.as_mut()?;
        if let Some(paused) = live.paused.filter(|at| now.since(*at) >= PAUSE) {
            let mut live = state.live.take()?;
            state.asleep = true;
            return self.update(&mut live, SessionStatus::Exited, paused);
        }
        let is_news = live.sent == 0 && due.includes(live.started.after(FIRST_NEWS));
        if is_news { self.update(live, SessionStatus::Ok, now) } else { None }
    }

    fn update(&self, live: &mut LiveSession, status: SessionStatus, now: Timestamp) -> Option<SessionUpdate> {
        Some(live.update(status, now, self.options.release()?, self.options.environment()))
    }

    fn send(&self, item: Item) {
        if let Some(transport) = &self.transport {
            let header = EnvelopeHeader { sdk: Some(self.options.sdk_now()), ..EnvelopeHeader::default() };
            transport.send(Envelope { header, items: vec![item] });
        }
    }

    fn remind(&self, at: Timestamp) {
        if let Some(transport) = &self.transport {
            transport.remind(at);
        }
    }

    fn with<R>(&self, f: impl FnOnce(&mut State) -> R) -> R {
        self.state.with(|state| {
            if state.generation != generation() {
                *state = State { generation: generation(), ..State::default() };
            }
            f(state)
        })
    }
}

/// The item that carries an update.
pub(crate) fn item(update: &SessionUpdate) -> Option<Item> {
    Some(Item::new(ItemType::Session, serde_json::to_vec(update).ok()?))
}
