//! The verbs of the unified API. None of them fails, blocks on the network or panics.

use std::cell::Cell;
use std::error::Error;
use std::time::Duration;

use watchpost_core::{
    Breadcrumb, Client, Event, EventId, Hint, Level, Map, Stacktrace, Text, TransactionSource, User, Value,
};

use crate::error_chain;
use crate::init::{client, with_client};
use crate::scopes::{isolation_scope, with_all, with_isolation};

thread_local! {
    static LAST: Cell<Option<EventId>> = const { Cell::new(None) };
}

/// Reports an error with its sources. The id of the event, or `None` if it was dropped.
///
/// ```
/// if let Err(error) = "x".parse::<u32>() {
///     watchpost::capture_error(&error);
/// }
/// ```
pub fn capture_error<E: Error + ?Sized>(error: &E) -> Option<EventId> {
    capture_chain(error, || None)
}

/// Reports an error with the backtrace that it noted when it was made. One that is disabled (`RUST_BACKTRACE`) is
/// replaced by the caller's.
///
/// ```
/// let here = std::backtrace::Backtrace::force_capture();
/// let error = "12x".parse::<u32>().unwrap_err();
/// watchpost::capture_error_with_backtrace(&error, &here);
/// ```
#[cfg(feature = "backtrace")]
pub fn capture_error_with_backtrace<E: Error + ?Sized>(
    error: &E,
    backtrace: &std::backtrace::Backtrace,
) -> Option<EventId> {
    capture_chain(error, || crate::integrations::std_backtrace::stacktrace(backtrace))
}

/// The event that [`capture_error`] would report, but for the stack trace: to be changed and captured by
/// [`capture_event`].
///
/// ```
/// let error = "12x".parse::<u32>().unwrap_err();
/// let mut event = watchpost::event_from_error(&error);
/// event.tags.insert("order".into(), "1002".into());
/// watchpost::capture_event(event);
/// ```
pub fn event_from_error<E: Error + ?Sized>(error: &E) -> Event {
    let mut chain = error_chain::exceptions(error);
    if let Some(caught) = chain.last_mut() {
        let mechanism = caught.mechanism.get_or_insert_default();
        mechanism.ty = Text::from_static("generic");
        mechanism.handled = Some(true);
    }
    Event::exception(chain)
}

/// `own` is the error's stack trace, if it has one: else it is the caller's.
pub(crate) fn capture_chain<E: Error + ?Sized>(
    error: &E,
    own: impl FnOnce() -> Option<Stacktrace>,
) -> Option<EventId> {
    with_client(|client| {
        if !client.is_enabled() {
            return None;
        }
        let mut event = event_from_error(error);
        if let Some(caught) = event.exception.last_mut() {
            caught.stacktrace = own();
            #[cfg(feature = "backtrace")]
            {
                caught.stacktrace = caught.stacktrace.take().or_else(crate::integrations::backtrace::stored);
            }
        }
        send(client, event)
    })
    .flatten()
}

/// Captures an event of this crate's own making, with the scopes of this thread.
pub(crate) fn send(client: &Client, event: Event) -> Option<EventId> {
    #[cfg(feature = "debug-images")]
    let event = {
        let mut event = event;
        crate::integrations::debug_images::add(&mut event);
        event
    };
    remember(with_all(|scopes| client.capture_event(event, &Hint::default(), scopes)))
}

/// Reports a message; without a level it takes the scopes', else `info`.
///
/// ```
/// use watchpost::Level;
/// watchpost::capture_message("the day was closed", None);
/// watchpost::capture_message("the ledger is empty", Level::Warning);
/// ```
pub fn capture_message(text: impl Into<Text>, level: impl Into<Option<Level>>) -> Option<EventId> {
    let (text, level) = (text.into(), level.into());
    let captured = with_client(|client| {
        #[cfg(feature = "backtrace")]
        if client.options().attach_stacktrace() {
            let mut thread = crate::integrations::thread::current();
            thread.stacktrace = crate::integrations::backtrace::stored();
            let level = level.unwrap_or(Level::Info);
            return send(client, Event { threads: vec![thread], ..Event::message(text, level) });
        }
        with_all(|scopes| client.capture_message(text, level, scopes))
    });
    remember(captured.flatten())
}

/// Reports an event that the caller made.
///
/// ```
/// use watchpost::{Event, Level};
/// let event = Event { logger: Some("ledger".into()), ..Event::message("it does not add up", Level::Error) };
/// watchpost::capture_event(event);
/// ```
pub fn capture_event(event: Event) -> Option<EventId> {
    let captured =
        with_client(|client| with_all(|scopes| client.capture_event(event, &Hint::default(), scopes)));
    remember(captured.flatten())
}

/// The id of the last event that this thread captured.
pub fn last_event_id() -> Option<EventId> {
    LAST.with(Cell::get)
}

/// Adds a breadcrumb to the isolation scope.
///
/// ```
/// use watchpost::{Breadcrumb, Level};
/// watchpost::add_breadcrumb(Breadcrumb {
///     category: Some("cart".into()),
///     message: Some("put in an order".into()),
///     level: Some(Level::Info),
///     data: [("order", 1002.into())].into(),
///     ..Breadcrumb::default()
/// });
/// ```
pub fn add_breadcrumb(mut crumb: Breadcrumb) {
    with_client(|client| {
        if client.admit_breadcrumb(&mut crumb, Hint::none()) {
            with_isolation(|scope| client.push_breadcrumb(&mut crumb, scope));
        }
    });
}

/// Sets a tag on the isolation scope.
pub fn set_tag(key: impl Into<Text>, value: impl Into<Text>) {
    let (key, value) = (key.into(), value.into());
    isolation_scope().update(|scope| scope.set_tag(key, value));
}

/// Removes a tag from the isolation scope.
pub fn remove_tag(key: &str) {
    isolation_scope().update(|scope| scope.remove_tag(key));
}

/// Sets an extra value on the isolation scope.
pub fn set_extra(key: impl Into<String>, value: impl Into<Value>) {
    let (key, value) = (key.into(), value.into());
    isolation_scope().update(|scope| scope.set_extra(key, value));
}

/// Replaces a context of the isolation scope; `None` removes it.
///
/// ```
/// use watchpost::{Map, Value};
/// let ledger = Map::from_iter([("rows".to_owned(), Value::from(42))]);
/// watchpost::set_context("ledger", ledger);
/// watchpost::set_context("ledger", None);
/// ```
pub fn set_context(key: impl Into<Text>, value: impl Into<Option<Map>>) {
    let (key, value) = (key.into(), value.into());
    isolation_scope().update(|scope| match value {
        Some(map) => scope.set_context(key, map),
        None => scope.remove_context(&key),
    });
}

/// Replaces the user of the isolation scope; `None` forgets it.
///
/// ```
/// use watchpost::User;
/// watchpost::set_user(User { id: Some("7".into()), ..User::default() });
/// watchpost::set_user(None);
/// ```
pub fn set_user(user: impl Into<Option<User>>) {
    let user = user.into();
    isolation_scope().update(|scope| scope.set_user(user));
}

/// Overrides the level of events without one.
pub fn set_level(level: impl Into<Option<Level>>) {
    let level = level.into();
    isolation_scope().update(|scope| scope.set_level(level));
}

/// Overrides the grouping of events without a fingerprint; `{{ default }}` stands for the usual grouping.
///
/// ```
/// watchpost::set_fingerprint(["{{ default }}", "ledger"]);
/// ```
pub fn set_fingerprint<T: Into<Text>>(parts: impl IntoIterator<Item = T>) {
    let parts = parts.into_iter().map(Into::into).collect();
    isolation_scope().update(|scope| scope.set_fingerprint(parts));
}

/// Names the route or task of the isolation scope, and the active transaction.
pub fn set_transaction_name(name: impl Into<Text>) {
    let name = name.into();
    if let Some(span) = crate::current_span() {
        span.set_transaction_name(&name, TransactionSource::Custom);
    }
    isolation_scope().update(|scope| scope.set_transaction(Some(name)));
}

/// True if captures can lead anywhere.
pub fn is_enabled() -> bool {
    with_client(watchpost_core::Client::is_enabled).unwrap_or(false)
}

/// Waits until everything captured has left, for at most `timeout`; true if it has.
///
/// ```
/// use std::time::Duration;
/// assert!(watchpost::flush(Duration::from_secs(2)));
/// ```
pub fn flush(timeout: Duration) -> bool {
    client().is_none_or(|client| client.flush(timeout))
}

/// Flushes for at most `timeout` and stops reporting.
pub fn close(timeout: Duration) -> bool {
    client().is_none_or(|client| client.close(Some(timeout)))
}

pub(crate) fn remember(id: Option<EventId>) -> Option<EventId> {
    if id.is_some() {
        let _ = LAST.try_with(|last| last.set(id));
    }
    id
}
