//! Transactions and spans of the thread or future at hand.

use std::ops::Deref;
use std::sync::Arc;

use watchpost_core::{Client, Label, Span, SpanOptions, TraceHeaders, TransactionOptions};

use crate::init::{with_client, with_shared_client};
use crate::scopes;

/// Starts a transaction and makes it the active span until the guard is dropped, which ends and sends it.
///
/// Names that live for ever cost nothing; a transaction that is not sampled then allocates nothing.
///
/// ```
/// let transaction = watchpost::start_transaction("import ledger", "task");
/// {
///     let span = watchpost::start_span("db.query", "SELECT balance FROM ledger");
///     span.set_data("rows", 42);
/// }
/// transaction.set_status(watchpost::SpanStatus::Ok);
/// ```
pub fn start_transaction(name: impl Into<Label<'static>>, op: impl Into<Label<'static>>) -> SpanGuard {
    start_transaction_with(TransactionOptions::new(name, op))
}

/// Starts a transaction and makes it the active span until the guard is dropped.
///
/// ```
/// use watchpost::{TransactionOptions, TransactionSource};
/// let options = TransactionOptions::new("/orders/{id}", "http.server").source(TransactionSource::Route);
/// let _transaction = watchpost::start_transaction_with(options.attribute("http.request.method", "GET"));
/// ```
pub fn start_transaction_with(options: TransactionOptions) -> SpanGuard {
    SpanGuard::enter(start_transaction_detached(options))
}

/// Starts a transaction that is not the active span of anything; its owner ends it by `finish`.
///
/// ```
/// use watchpost::TransactionOptions;
/// let transaction = watchpost::start_transaction_detached(TransactionOptions::new("import ledger", "task"));
/// std::thread::spawn(move || watchpost::with_span(&transaction, || transaction.finish())).join().unwrap();
/// ```
pub fn start_transaction_detached(options: TransactionOptions) -> Span {
    let started =
        with_shared_client(|client| scopes::with_all(|scopes| client.start_transaction(options, scopes)));
    started.unwrap_or_else(Span::disabled)
}

/// Starts a span inside the active one and makes it the active one until the guard is dropped, which ends it. Where no
/// span is active it starts a transaction of that name.
///
/// The guard may be kept across an `await` in a future that has scopes of its own
/// ([`ScopeFutureExt`](crate::ScopeFutureExt)); in any other, use [`in_span`](crate::ScopeFutureExt::in_span).
///
/// ```
/// let span = watchpost::start_span("cache.get", "rates");
/// span.set_data("cache.hit", true);
/// span.finish();
/// ```
pub fn start_span<'a>(op: impl Into<Label<'static>>, description: impl Into<Label<'a>>) -> SpanGuard {
    match SpanGuard::unsent() {
        Some(guard) => guard,
        None => start_span_with(SpanOptions::new(op, description)),
    }
}

/// Starts a span inside the active one, as [`start_span`] does.
pub fn start_span_with(options: SpanOptions<'_>) -> SpanGuard {
    match scopes::span() {
        Some(parent) => {
            let span = parent.start_child_with(options);
            if span.is_same(&parent) { SpanGuard { span, entered: None } } else { SpanGuard::enter(span) }
        }
        None => start_transaction_with(options.into_transaction()),
    }
}

/// Runs `f` in a span of its own: an operation, like `db.query`, and a description.
///
/// ```
/// let rows = watchpost::trace("db.query", "SELECT 1", |span| {
///     span.set_data("rows", 1);
///     1
/// });
/// # assert_eq!(rows, 1);
/// ```
pub fn trace<'a, R>(
    op: impl Into<Label<'static>>,
    description: impl Into<Label<'a>>,
    f: impl FnOnce(&Span) -> R,
) -> R {
    let span = start_span(op, description);
    f(&span)
}

/// Runs `f` with `span` as the active one, and does not end it.
///
/// ```
/// if let Some(parent) = watchpost::current_span() {
///     let span = parent.start_child("task", "close the day");
///     watchpost::with_span(&span, || watchpost::capture_message("belongs to the span", None));
///     span.finish();
/// }
/// ```
pub fn with_span<R>(span: &Span, f: impl FnOnce() -> R) -> R {
    struct Back<'a>(&'a Span, Option<Span>);
    impl Drop for Back<'_> {
        fn drop(&mut self) {
            scopes::restore_span(self.0, self.1.take());
        }
    }
    let _back = Back(span, scopes::set_span(Some(span.clone())));
    f()
}

/// The active span of this thread or future.
pub fn current_span() -> Option<Span> {
    scopes::span()
}

/// Continues the trace that another service sent along, for all that happens in this isolation scope: names and values
/// of headers, or of a message's metadata. Without a trace in there a new one starts.
///
/// ```
/// watchpost::isolate(|| {
///     watchpost::continue_trace([("sentry-trace", "771a43a4192642f0b136d5159a501700-b7ad6b7169203331-1")]);
///     let _transaction = watchpost::start_transaction("GET /orders", "http.server");
/// });
/// ```
pub fn continue_trace<K: AsRef<str>, V: AsRef<str>>(headers: impl IntoIterator<Item = (K, V)>) {
    with_client(|client| client.continue_trace(headers, &crate::isolation_scope()));
}

/// A transaction that continues the trace in these headers, to be given to [`start_transaction_with`].
///
/// ```
/// let headers = [("sentry-trace", "771a43a4192642f0b136d5159a501700-b7ad6b7169203331-1")];
/// let options = watchpost::continue_from_headers("book an order", "queue.process", headers);
/// let _transaction = watchpost::start_transaction_with(options);
/// ```
pub fn continue_from_headers<K: AsRef<str>, V: AsRef<str>>(
    name: impl Into<Label<'static>>,
    op: impl Into<Label<'static>>,
    headers: impl IntoIterator<Item = (K, V)>,
) -> TransactionOptions {
    let options = TransactionOptions::new(name, op);
    match with_client(|client| client.incoming_trace(headers)).flatten() {
        Some(trace) => options.continuing(trace),
        None => options,
    }
}

/// What takes the trace along to wherever the caller sends it; `None` before [`init`](crate::init).
pub fn get_trace_data() -> Option<TraceHeaders> {
    with_client(|client| scopes::with_all(|scopes| client.trace_headers(None, scopes)))
}

/// The trace headers for a request to `url` that has the header `baggage` already or not; `None` if the option
/// `trace_propagation_targets` says that it is to carry none.
///
/// ```
/// if let Some(headers) = watchpost::outgoing_headers("https://rates.example.com/eur", None) {
///     for (name, value) in headers.iter() {
///         println!("{name}: {value}");
///     }
/// }
/// ```
pub fn outgoing_headers(url: &str, baggage: Option<&str>) -> Option<TraceHeaders> {
    with_client(|client| scopes::with_all(|scopes| client.headers_for(url, baggage, scopes))).flatten()
}

/// Runs `f` in a trace of its own; no span of the caller is active in there.
///
/// ```
/// watchpost::start_new_trace(|| {
///     let _transaction = watchpost::start_transaction("clean up", "task");
/// });
/// ```
pub fn start_new_trace<R>(f: impl FnOnce() -> R) -> R {
    let mut local = scopes::local();
    local.current = local.current.fork();
    local.current.set_span(None);
    with_client(|client| client.start_new_trace(&local.current));
    scopes::enter(local, f)
}

/// Continues the trace of the process that started this one.
pub(crate) fn continue_from_env(client: &Arc<Client>) {
    let carriers = ["SENTRY_TRACE", "SENTRY_BAGGAGE"];
    let found: Vec<_> = carriers.iter().filter_map(|name| Some((*name, std::env::var(name).ok()?))).collect();
    if let Some(trace) = client.incoming_trace(found) {
        scopes::process().update(|scope| scope.set_propagation(Some(trace)));
    }
}

/// A span that is active while the guard lives, and ends with it. Everything else is the [`Span`]'s.
#[derive(Debug)]
#[must_use = "dropped at once, the span ends at once: bind it to `_span`"]
pub struct SpanGuard {
    span: Span,
    /// The span that was active before; nothing if this one is not active itself.
    entered: Option<Option<Span>>,
}

impl SpanGuard {
    /// Ends the span now.
    pub fn finish(self) {}

    /// Inside of a span that is not sent: nothing is made of what the span would be, and the active one stays it.
    fn unsent() -> Option<Self> {
        scopes::unsent_child().map(|span| Self { span, entered: None })
    }

    fn enter(span: Span) -> Self {
        let before = scopes::set_span(Some(span.clone()));
        Self { span, entered: Some(before) }
    }
}

impl Deref for SpanGuard {
    type Target = Span;

    fn deref(&self) -> &Span {
        &self.span
    }
}

impl Drop for SpanGuard {
    fn drop(&mut self) {
        if let Some(before) = self.entered.take() {
            scopes::restore_span(&self.span, before);
            self.span.finish();
        }
    }
}
