//! The client: from a capture to the transport.

mod attachments;
mod buffers;
mod builder;
mod check_ins;
mod consent;
mod deferred;
mod feedback;
mod held;
mod last_trace;
mod outgoing;
mod sessions;
mod signals;
mod span_stream;
mod tracing;
mod unsampled;

pub(crate) use self::buffers::Due;
pub use self::builder::ClientBuilder;
use self::outgoing::Outgoing;
pub(crate) use self::tracing::ActiveTrace;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::backpressure::Backpressure;
use crate::client_reports::ClientReports;
use crate::clock::Clock;
use crate::hook::{self, Hint, Verdict};
use crate::options::ClientOptions;
use crate::pipeline::{self, Given, Outcome, Preparation};
use crate::protocol::{Breadcrumb, Category, DiscardReason, Event, EventId, Level, LogEntry, Timestamp};
use crate::rng::Rng;
use crate::scope::{Layers, Scopes, SharedScope};
use crate::session::{Counting, Held, Sessions};
use crate::telemetry::Telemetry;
use crate::text::Text;
use crate::tracing::SpanBuffer;
use crate::transport::{Flushed, Transport};

/// Captures events by its options and hands them to its transport. Cheap to share behind an `Arc`.
///
/// No method panics, blocks on the network or returns an error: what cannot be sent is dropped and counted.
#[derive(Debug)]
pub struct Client {
    options: ClientOptions,
    transport: Option<Arc<dyn Transport>>,
    reports: Arc<ClientReports>,
    backpressure: Arc<Backpressure>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    closed: AtomicBool,
    telemetry: Telemetry,
    spans: SpanBuffer,
    deferred: deferred::Deferred,
    preparation: Preparation,
    last_trace: last_trace::LastTrace,
    /// False while the user has not agreed, where that is required.
    consent: AtomicBool,
    sessions: Arc<Sessions>,
}

impl Client {
    /// Starts to put a client together.
    pub fn builder(options: ClientOptions) -> ClientBuilder {
        ClientBuilder::new(options)
    }

    /// Captures an event, with the caller's scopes and what the hooks may look at beside it. Its id, or `None` if it
    /// was dropped.
    pub fn capture_event(&self, event: Event, hint: &Hint, scopes: Scopes<'_>) -> Option<EventId> {
        self.capture_counting(event, hint, scopes, Counting::Event)
    }

    fn capture_counting(
        &self,
        event: Event,
        hint: &Hint,
        scopes: Scopes<'_>,
        counting: Counting,
    ) -> Option<EventId> {
        let captured =
            catch_unwind(AssertUnwindSafe(|| self.capture(Box::new(event), hint, scopes, counting)));
        captured.unwrap_or_else(|panic| {
            self.options
                .diagnostics()
                .say(|| format!("capturing an event failed: {}", hook::panic_text(&*panic)));
            self.drop_error(DiscardReason::InternalSdkError)
        })
    }

    /// Captures a message; without a level of its own it takes the scopes', else `info`.
    pub fn capture_message(
        &self,
        text: impl Into<Text>,
        level: Option<Level>,
        scopes: Scopes<'_>,
    ) -> Option<EventId> {
        let logentry = Some(LogEntry::plain(text));
        let event = Event { logentry, level, ..Event::default() };
        self.capture_message_event(event, &Hint::default(), scopes)
    }

    /// The same for a message that the host has already made an event of, perhaps with a stack trace or a hint.
    pub fn capture_message_event(
        &self,
        mut event: Event,
        hint: &Hint,
        scopes: Scopes<'_>,
    ) -> Option<EventId> {
        if !self.is_enabled() {
            return None;
        }
        event.level.get_or_insert_with(|| snapshot(scopes).level().unwrap_or(Level::Info));
        self.capture_counting(event, hint, scopes, Counting::Nothing)
    }

    /// Adds a breadcrumb to `scope`, unless the hook drops it. Its time is filled in.
    pub fn add_breadcrumb(&self, mut crumb: Breadcrumb, hint: &Hint, scope: &SharedScope) {
        if self.admit_breadcrumb(&mut crumb, hint) {
            self.push_breadcrumb(&mut crumb, scope);
        }
    }

    /// The first half of [`add_breadcrumb`](Self::add_breadcrumb), which calls the hook; whether the second is to follow.
    /// For hosts that must not hold on to their scopes while a hook runs.
    pub fn admit_breadcrumb(&self, crumb: &mut Breadcrumb, hint: &Hint) -> bool {
        if self.options.max_breadcrumbs() == 0 || !self.is_enabled() || hook::in_hook() {
            return false;
        }
        crumb.timestamp.get_or_insert_with(|| self.clock.now());
        if let Some(before_breadcrumb) = self.options.before_breadcrumb() {
            let given = std::mem::take(crumb);
            let ask = || before_breadcrumb(given, hint);
            *crumb = match hook::filter("before_breadcrumb", self.options.diagnostics(), ask) {
                Verdict::Keep(crumb) => crumb,
                Verdict::Drop | Verdict::Later => return false,
            };
        }
        if self.options.report_killed() {
            self.sessions.leave_trail(crumb);
        }
        pipeline::bound::breadcrumb(crumb);
        true
    }

    /// The second half: the scope takes it, and leaves in its place what is to be freed, outside of every lock.
    pub fn push_breadcrumb(&self, crumb: &mut Breadcrumb, scope: &SharedScope) {
        scope.update(|scope| scope.push_breadcrumb(crumb, self.options.max_breadcrumbs()));
    }

    /// The settings.
    pub fn options(&self) -> &ClientOptions {
        &self.options
    }

    /// The counters of what was dropped.
    pub fn reports(&self) -> &Arc<ClientReports> {
        &self.reports
    }

    /// How far traces are sampled down at the moment.
    pub fn backpressure(&self) -> &Arc<Backpressure> {
        &self.backpressure
    }

    /// The client's clock.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// True if a capture can lead anywhere: there is a DSN and a transport, the client is not closed, and the user's
    /// consent is given or not required.
    pub fn is_enabled(&self) -> bool {
        let leads_somewhere =
            self.options.dsn().is_some() || self.options.transport().spotlight.url().is_some();
        leads_somewhere
            && self.transport.is_some()
            && !self.closed.load(Ordering::Relaxed)
            && self.has_consent()
    }

    /// True if frames that are not known yet may be stored as addresses: the transport fills them in.
    pub fn resolves_later(&self) -> bool {
        self.transport.as_ref().is_some_and(|transport| transport.resolves())
    }

    /// Waits until everything captured has left, for at most `timeout`; true if it has. The client stays usable.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.send_buffered(Due::All);
        self.transport.as_ref().is_none_or(|transport| transport.flush(timeout))
    }

    /// As [`flush`](Self::flush) without waiting: `flushed` gets the answer. Gives it back where this cannot be done, also
    /// while logs and the like are held back: writing them down is not for a thread that must not wait.
    ///
    /// # Errors
    /// None but `flushed` itself.
    pub fn flush_later(&self, flushed: Flushed) -> Result<(), Flushed> {
        let is_holding = self.send_buffered(Due::At(self.clock.now())).is_some();
        match &self.transport {
            Some(transport) if !is_holding => transport.flush_later(flushed),
            _ => Err(flushed),
        }
    }

    /// Flushes for at most `timeout`, or the `shutdown_timeout` option, and stops. Later captures do nothing.
    pub fn close(&self, timeout: Option<Duration>) -> bool {
        if self.closed.swap(true, Ordering::Relaxed) {
            return true;
        }
        self.sessions.finish();
        self.send_buffered(Due::All);
        let timeout = timeout.unwrap_or(self.options.shutdown_timeout());
        self.transport.as_ref().is_none_or(|transport| transport.close(timeout))
    }

    fn capture(
        &self,
        mut event: Box<Event>,
        hint: &Hint,
        scopes: Scopes<'_>,
        counting: Counting,
    ) -> Option<EventId> {
        pipeline::bound::event(&mut event);
        let transport = self.transport.as_ref().filter(|_| self.is_enabled())?;
        if hook::in_hook() {
            self.options.diagnostics().say(|| "a hook tried to capture; that is refused".to_owned());
            return self.drop_error(DiscardReason::BeforeSend);
        }
        if pipeline::is_ignored(&event, &self.options) {
            self.sessions.send_update(counting.elsewhere());
            return self.drop_error(DiscardReason::EventProcessor);
        }
        // Drawn first, so that draws do not depend on hooks; acted on at once if no session has to count the event.
        let is_kept = pipeline::is_sampled(&self.options, &*self.rng);
        let request = scopes.isolation.request_session();
        let is_elsewhere = matches!(counting, Counting::Elsewhere(_));
        let is_tracked = is_elsewhere || request.is_some() || self.sessions.is_live();
        if !is_kept && !is_tracked && !transport.copies_unsampled() {
            return self.drop_error(DiscardReason::SampleRate);
        }
        event.event_id.get_or_insert_with(|| EventId::random(&*self.rng));
        event.timestamp.get_or_insert_with(|| self.clock.now());
        let layers = snapshot(scopes);
        let trace = self.active_trace(scopes);
        if event.transaction.is_none()
            && let ActiveTrace::Span(span) = &trace
            && !layers.names_transaction()
        {
            event.transaction = Some(span.transaction_name()).filter(|name| !name.is_empty());
        }
        event.contexts.entry(Text::from_static("trace")).or_insert_with(|| self.trace_context(&trace));
        let is_seen = self.options.before_send().is_some()
            || self.options.error_sampler().is_some()
            || transport.copies_unsampled();
        let prepared = if is_seen { None } else { self.prepared(&event, &layers) };
        let given = Given { options: &self.options, layers: &layers, hint, prepared: prepared.as_deref() };
        let event_id = event.event_id;
        let held = Held { is_kept, counting, request };
        match pipeline::run(event, given) {
            Outcome::Send(event) => {
                let files = attachments::of_event(&layers, hint);
                let outgoing = Outgoing { event, prepared, trace: Some(&trace), files: &files };
                self.conclude(outgoing, hint, held, transport)
            }
            Outcome::Drop(reason) => {
                self.sessions.send_update(held.counting.elsewhere());
                self.drop_error(reason)
            }
            Outcome::Deferred => {
                if let Some(id) = event_id {
                    self.deferred.keep_files(id, attachments::of_event(&layers, hint));
                }
                if is_tracked || !is_kept {
                    self.sessions.hold(event_id, held);
                }
                event_id
            }
        }
    }

    fn drop_error(&self, reason: DiscardReason) -> Option<EventId> {
        self.reports.record(reason, Category::Error, 1);
        None
    }
}

fn snapshot(scopes: Scopes<'_>) -> Layers {
    Layers([scopes.global.snapshot(), scopes.isolation.snapshot(), scopes.current.snapshot()])
}
