//! A logger for the `log` crate, in front of the one that the application has.
//!
//! ```
//! use log::LevelFilter;
//! use watchpost::integrations::log::WatchpostLogger;
//! # struct Console;
//! # impl log::Log for Console {
//! #     fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
//! #     fn log(&self, _: &log::Record<'_>) {}
//! #     fn flush(&self) {}
//! # }
//!
//! // `Console` is whatever logger there was, from env_logger for instance.
//! log::set_boxed_logger(Box::new(WatchpostLogger::wrapping(Console)))?;
//! log::set_max_level(LevelFilter::Info);
//!
//! log::info!("a breadcrumb");
//! log::error!(order = 1002; "an event: the order cannot be booked");
//! # Ok::<(), log::SetLoggerError>(())
//! ```
//!
//! Unless a filter says otherwise, errors become events and breadcrumbs, warnings and information breadcrumbs; with
//! `enable_logs` all three are lines of the structured log as well. What
//! the SDK's own sending thread and hooks log is passed on, but never captured.

use std::fmt;

use log::kv::{self, VisitSource};
use log::{Log, Metadata};
use watchpost_core::{Level, LogLevel, Map, Text, Value};

use super::Route;
use super::record::{Record, by_level, may_route, route};
use crate::shown::display;

type Filter = Box<dyn Fn(&Metadata<'_>) -> Route + Send + Sync>;

/// Routes records to the SDK and passes every one of them on.
pub struct WatchpostLogger<L = Nowhere> {
    next: L,
    filter: Filter,
}

/// A logger that writes nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Nowhere;

impl WatchpostLogger {
    /// A logger that only feeds the SDK. Combine it with others by a logger that fans out.
    pub fn new() -> Self {
        Self::wrapping(Nowhere)
    }
}

impl Default for WatchpostLogger {
    fn default() -> Self {
        Self::new()
    }
}

impl<L: Log> WatchpostLogger<L> {
    /// A logger in front of `next`, which gets every record that it is `enabled` for.
    pub fn wrapping(next: L) -> Self {
        Self { next, filter: Box::new(|metadata| by_level(level(metadata.level()))) }
    }

    /// Decides where records go, in the place of the levels. Called for every record: it should be quick. A panic in
    /// it reaches whoever logs.
    #[must_use]
    pub fn with_filter(mut self, filter: impl Fn(&Metadata<'_>) -> Route + Send + Sync + 'static) -> Self {
        self.filter = Box::new(filter);
        self
    }

    fn route(&self, metadata: &Metadata<'_>) -> Route {
        if may_route(metadata.target()) { (self.filter)(metadata) } else { Route::NONE }
    }
}

impl<L: Log> Log for WatchpostLogger<L> {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.next.enabled(metadata) || self.route(metadata) != Route::NONE
    }

    fn log(&self, record: &log::Record<'_>) {
        let to = self.route(record.metadata());
        route(to, || Record {
            level: level(record.level()),
            log_level: log_level(record.level()),
            target: record.target().into(),
            message: display(record.args()).into(),
            fields: fields(record),
            exception: Vec::new(),
            file: record.file().map(Text::from),
            line: record.line(),
            module: record.module_path().map(Text::from),
            origin: "auto.log.log",
        });
        if self.next.enabled(record.metadata()) {
            self.next.log(record);
        }
    }

    fn flush(&self) {
        self.next.flush();
    }
}

impl Log for Nowhere {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        false
    }

    fn log(&self, _record: &log::Record<'_>) {}

    fn flush(&self) {}
}

impl<L: fmt::Debug> fmt::Debug for WatchpostLogger<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchpostLogger").field("next", &self.next).finish_non_exhaustive()
    }
}

fn level(level: log::Level) -> Level {
    match level {
        log::Level::Error => Level::Error,
        log::Level::Warn => Level::Warning,
        log::Level::Info => Level::Info,
        log::Level::Debug | log::Level::Trace => Level::Debug,
    }
}

fn log_level(level: log::Level) -> LogLevel {
    match level {
        log::Level::Error => LogLevel::Error,
        log::Level::Warn => LogLevel::Warn,
        log::Level::Info => LogLevel::Info,
        log::Level::Debug => LogLevel::Debug,
        log::Level::Trace => LogLevel::Trace,
    }
}

fn fields(record: &log::Record<'_>) -> Map {
    struct Collect(Map);

    impl<'kvs> VisitSource<'kvs> for Collect {
        fn visit_pair(&mut self, key: kv::Key<'kvs>, value: kv::Value<'kvs>) -> Result<(), kv::Error> {
            self.0.insert(key.as_str().to_owned(), shape(&value));
            Ok(())
        }
    }

    let mut collect = Collect(Map::new());
    // A source that fails half-way has given what it could.
    let _ = record.key_values().visit(&mut collect);
    collect.0
}

fn shape(value: &kv::Value<'_>) -> Value {
    if let Some(text) = value.to_borrowed_str() {
        return text.into();
    }
    let number = value.to_i64().map(Value::from).or_else(|| value.to_u64().map(Value::from));
    let number = number.or_else(|| value.to_f64().map(Value::from));
    number.or_else(|| value.to_bool().map(Value::from)).unwrap_or_else(|| display(value).into())
}
