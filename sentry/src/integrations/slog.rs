//! A drain for `slog`, in front of the one that the application has.
//!
//! ```
//! use slog::{Drain as _, Logger, error, info, o};
//! use watchpost::integrations::slog::WatchpostDrain;
//!
//! // `Discard` stands for whatever drain there was, from slog-term for instance.
//! let root = Logger::root(WatchpostDrain::wrapping(slog::Discard).fuse(), o!("shop" => "main"));
//!
//! info!(root, "a breadcrumb");
//! error!(root, "an event: the order cannot be booked"; "order" => 1002);
//! ```
//!
//! Unless a filter says otherwise, critical records and errors become events and breadcrumbs, warnings and information
//! breadcrumbs; with `enable_logs` all of them are lines of the structured log as well. The values of a logger are on all
//! of its records. What the SDK's own sending thread and hooks log is passed on, but never captured.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};

use slog::{Drain, KV, Key, OwnedKVList, Serializer};
use watchpost_core::{Level, LogLevel, Map, Text, Value};

use super::Route;
use super::record::{Record, by_level, may_route, route};
use crate::shown::display;

type Filter = Box<dyn Fn(slog::Level) -> Route + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// Routes records to the SDK and passes every one of them on.
pub struct WatchpostDrain<D> {
    next: D,
    filter: Filter,
}

impl<D: Drain> WatchpostDrain<D> {
    /// A drain in front of `next`, which gets every record of the levels that it is enabled for.
    pub fn wrapping(next: D) -> Self {
        Self { next, filter: Box::new(|own| by_level(level(own))) }
    }

    /// Decides where records go, in the place of the levels. Called for every record: it should be quick. A panic in
    /// it reaches whoever logs.
    #[must_use]
    pub fn with_filter(
        mut self,
        filter: impl Fn(slog::Level) -> Route + Send + Sync + UnwindSafe + RefUnwindSafe + 'static,
    ) -> Self {
        self.filter = Box::new(filter);
        self
    }
}

impl<D: Drain<Ok = ()>> Drain for WatchpostDrain<D> {
    type Ok = ();
    type Err = D::Err;

    fn log(&self, record: &slog::Record<'_>, values: &OwnedKVList) -> Result<(), D::Err> {
        let to = if may_route(record.module()) { (self.filter)(record.level()) } else { Route::NONE };
        route(to, || Record {
            level: level(record.level()),
            log_level: log_level(record.level()),
            target: record.module().into(),
            message: display(record.msg()).into(),
            fields: fields(record, values),
            exception: Vec::new(),
            file: Some(Text::from_static(record.file())),
            line: Some(record.line()),
            module: Some(Text::from_static(record.module())),
            origin: "auto.log.slog",
        });
        if self.next.is_enabled(record.level()) { self.next.log(record, values) } else { Ok(()) }
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        self.next.is_enabled(level) || (self.filter)(level) != Route::NONE
    }
}

impl<D: fmt::Debug> fmt::Debug for WatchpostDrain<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchpostDrain").field("next", &self.next).finish_non_exhaustive()
    }
}

fn level(level: slog::Level) -> Level {
    match level {
        slog::Level::Critical => Level::Fatal,
        slog::Level::Error => Level::Error,
        slog::Level::Warning => Level::Warning,
        slog::Level::Info => Level::Info,
        slog::Level::Debug | slog::Level::Trace => Level::Debug,
    }
}

fn log_level(level: slog::Level) -> LogLevel {
    match level {
        slog::Level::Critical => LogLevel::Fatal,
        slog::Level::Error => LogLevel::Error,
        slog::Level::Warning => LogLevel::Warn,
        slog::Level::Info => LogLevel::Info,
        slog::Level::Debug => LogLevel::Debug,
        slog::Level::Trace => LogLevel::Trace,
    }
}

/// The record's own values win over those of its logger, and those of a logger over its parent's.
fn fields(record: &slog::Record<'_>, values: &OwnedKVList) -> Map {
    let mut collect = Collect(Map::new());
    // A value that fails has given what it could. Each list begins with what was added last.
    let _ = record.kv().serialize(record, &mut collect);
    let _ = values.serialize(record, &mut collect);
    collect.0
}

struct Collect(Map);

impl Collect {
    fn put(&mut self, key: Key, value: impl Into<Value>) -> slog::Result {
        if !self.0.contains_key(key) {
            self.0.insert(key.to_owned(), value.into());
        }
        Ok(())
    }
}

/// Everything else comes as text.
macro_rules! emit {
    ($($name:ident: $kind:ty,)*) => {
        $(fn $name(&mut self, key: Key, value: $kind) -> slog::Result {
            self.put(key, value)
        })*
    };
}

impl Serializer for Collect {
    emit! {
        emit_bool: bool,
        emit_i8: i8,
        emit_i16: i16,
        emit_i32: i32,
        emit_i64: i64,
        emit_isize: isize,
        emit_u8: u8,
        emit_u16: u16,
        emit_u32: u32,
        emit_u64: u64,
        emit_usize: usize,
        emit_f32: f32,
        emit_f64: f64,
        emit_str: &str,
    }

    fn emit_none(&mut self, key: Key) -> slog::Result {
        self.put(key, Value::Null)
    }

    fn emit_unit(&mut self, key: Key) -> slog::Result {
        self.put(key, Value::Null)
    }

    fn emit_arguments(&mut self, key: Key, value: &fmt::Arguments<'_>) -> slog::Result {
        self.put(key, display(value))
    }
}
