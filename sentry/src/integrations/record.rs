//! What logging libraries have in common: a record, and where it goes.

use std::cell::Cell;
use std::ops::BitOr;

use watchpost_core::{
    AttributeValue, Attributes, Breadcrumb, Data, Event, Exception, Level, LogLevel, Map, Text, in_hook,
};

use crate::api;
use crate::init::with_client;
use crate::scopes;

/// Where a record of a logging library goes: to several places, joined with `|`, or to none.
///
/// ```
/// # use watchpost::integrations::Route;
/// let route = Route::BREADCRUMB | Route::EVENT;
/// assert!(route.contains(Route::EVENT) && !Route::NONE.contains(Route::EVENT));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route(u8);

impl Route {
    /// Nowhere.
    pub const NONE: Self = Self(0);
    /// To the breadcrumbs of the isolation scope.
    pub const BREADCRUMB: Self = Self(1);
    /// An event of its own.
    pub const EVENT: Self = Self(2);
    /// A line of the structured log, if `enable_logs` is on.
    pub const LOG: Self = Self(4);

    /// True if everything of `other` is in it.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl BitOr for Route {
    type Output = Self;

    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Errors are events and breadcrumbs of what follows, warnings and information are breadcrumbs, all three are lines of
/// the log, the rest is nothing.
pub(super) fn by_level(level: Level) -> Route {
    match level {
        Level::Fatal | Level::Error => Route::EVENT | Route::BREADCRUMB | Route::LOG,
        Level::Warning | Level::Info => Route::BREADCRUMB | Route::LOG,
        _ => Route::NONE,
    }
}

/// A record of any library.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) level: Level,
    /// The same in the words of logs, which know one more.
    pub(super) log_level: LogLevel,
    /// Who speaks, usually a module path.
    pub(super) target: Text,
    pub(super) message: Text,
    pub(super) fields: Map,
    /// The error that was logged, as a chain.
    pub(super) exception: Vec<Exception>,
    pub(super) file: Option<Text>,
    pub(super) line: Option<u32>,
    pub(super) module: Option<Text>,
    /// `auto.log.<library>`.
    pub(super) origin: &'static str,
}

thread_local! {
    static ROUTING: Cell<bool> = const { Cell::new(false) };
}

/// True if a record that is made now may be routed. Not while this thread routes another, runs a hook, or is the one
/// that sends: whatever the SDK and its libraries log there would come back to the SDK.
pub(super) fn may_route(target: &str) -> bool {
    let own = target.starts_with("watchpost") && matches!(target.as_bytes().get(9), None | Some(b':' | b'_'));
    !own && !ROUTING.try_with(Cell::get).unwrap_or(true)
        && !in_hook()
        && !watchpost_transport::is_worker_thread()
}

/// Takes a record where it belongs; `make` is only called if anybody listens.
pub(super) fn route(to: Route, make: impl FnOnce() -> Record) {
    if to == Route::NONE || !api::is_enabled() {
        return;
    }
    struct Done;
    impl Drop for Done {
        fn drop(&mut self) {
            let _ = ROUTING.try_with(|routing| routing.set(false));
        }
    }
    if ROUTING.try_with(|routing| routing.replace(true)).unwrap_or(true) {
        return;
    }
    let _done = Done;
    let record = make();
    let wants_line = to.contains(Route::LOG) && with_client(|client| client.logs_enabled()).unwrap_or(false);
    let line = wants_line.then(|| record.log_line());
    // The event first: it is not its own breadcrumb.
    let crumb = to.contains(Route::BREADCRUMB).then(|| record.breadcrumb());
    if to.contains(Route::EVENT) {
        with_client(|client| api::send(client, record.event(client.options().attach_stacktrace())));
    }
    if let Some((level, body, attributes)) = line {
        with_client(|client| scopes::with_all(|scopes| client.log(level, body, attributes, scopes)));
    }
    if let Some(crumb) = crumb {
        api::add_breadcrumb(crumb);
    }
}

impl Record {
    fn breadcrumb(&self) -> Breadcrumb {
        let mut data = Data::from(self.fields.clone());
        if let Some(error) = self.exception.last() {
            data.insert("error", error.value.as_deref().unwrap_or_default());
        }
        Breadcrumb {
            category: Some(self.target.clone()),
            message: Some(self.message.clone()),
            level: Some(self.level),
            origin: Some(Text::from_static(self.origin)),
            data,
            ..Breadcrumb::default()
        }
    }

    fn log_line(&self) -> (LogLevel, Text, Attributes) {
        let mut attributes = Attributes::new();
        let mut put = |key: &str, value: Option<AttributeValue>| {
            attributes.extend(value.map(|value| (Text::from(key), value)));
        };
        for (key, value) in &self.fields {
            put(key, AttributeValue::from_json(value));
        }
        let error = self.exception.last().and_then(|error| error.value.clone());
        put("exception.message", error.map(AttributeValue::String));
        put("sentry.origin", Some(AttributeValue::String(Text::from_static(self.origin))));
        put("logger.name", Some(AttributeValue::String(self.target.clone())));
        put("code.file.path", self.file.clone().map(AttributeValue::String));
        put("code.line.number", self.line.map(|line| AttributeValue::Integer(line.into())));
        (self.log_level, self.message.clone(), attributes)
    }

    fn event(mut self, with_stack: bool) -> Event {
        let mut context = std::mem::take(&mut self.fields);
        let place = [
            ("code.file.path", self.file.map(|file| file.as_str().into())),
            ("code.line.number", self.line.map(Into::into)),
            ("code.module", self.module.map(|module| module.as_str().into())),
        ];
        context.extend(place.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))));
        let mut event = Event::message(self.message, self.level);
        event.logger = Some(self.target);
        event.contexts.insert(Text::from_static("log"), context.into());
        if let Some(caught) = self.exception.last_mut() {
            let mechanism = caught.mechanism.get_or_insert_default();
            mechanism.ty = Text::from_static(self.origin);
            mechanism.handled = Some(true);
        }
        #[cfg(feature = "backtrace")]
        match self.exception.last_mut() {
            Some(caught) => caught.stacktrace = super::backtrace::stored(),
            None if with_stack => {
                let mut thread = super::thread::current();
                thread.stacktrace = super::backtrace::stored();
                event.threads.push(thread);
            }
            None => {}
        }
        #[cfg(not(feature = "backtrace"))]
        let _ = with_stack;
        event.exception = self.exception;
        event
    }
}
