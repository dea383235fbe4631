//! A layer for `tracing-subscriber`.
//!
//! ```
//! use tracing_subscriber::prelude::*;
//!
//! tracing_subscriber::registry().with(watchpost::integrations::tracing::layer()).init();
//!
//! tracing::info!(order = 1002, "a breadcrumb");
//! tracing::error!(order = 1002, "an event: the order cannot be booked");
//! ```
//!
//! Unless a filter says otherwise, errors become events and breadcrumbs, warnings and information breadcrumbs; with
//! `enable_logs` all three are lines of the structured log as well. An event
//! with a field that is an error (`error = &failure as &dyn std::error::Error`) carries its chain. Spans of level `INFO`
//! and above are spans of the active span, or transactions where there is none, if tracing is on; their fields are
//! attributes, and `sentry.op` and `sentry.name` say operation and name. What the SDK's own sending thread and hooks say
//! is never captured.

mod fields;
mod spans;

use std::fmt;
use std::sync::Arc;

use tracing_core::span::{Attributes, Id, Record as Values};
use tracing_core::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use watchpost_core::{Level, LogLevel, Text};

use self::fields::Fields;
use super::Route;
use super::record::{Record, by_level, may_route, route};

/// The layer, with the filters by level.
pub fn layer() -> WatchpostLayer {
    WatchpostLayer {
        event_filter: Arc::new(|metadata| by_level(level(*metadata.level()))),
        span_filter: Arc::new(spans::by_level),
    }
}

/// Routes the events and spans of `tracing` to the SDK.
#[derive(Clone)]
pub struct WatchpostLayer {
    event_filter: Arc<dyn Fn(&Metadata<'_>) -> Route + Send + Sync>,
    span_filter: Arc<dyn Fn(&Metadata<'_>) -> bool + Send + Sync>,
}

impl WatchpostLayer {
    /// Decides where events go, in the place of the levels. Called for every event: it should be quick.
    #[must_use]
    pub fn with_event_filter(
        mut self,
        filter: impl Fn(&Metadata<'_>) -> Route + Send + Sync + 'static,
    ) -> Self {
        self.event_filter = Arc::new(filter);
        self
    }

    /// Decides which spans are spans of ours. Called for every span: it should be quick.
    #[must_use]
    pub fn with_span_filter(
        mut self,
        filter: impl Fn(&Metadata<'_>) -> bool + Send + Sync + 'static,
    ) -> Self {
        self.span_filter = Arc::new(filter);
        self
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for WatchpostLayer {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let metadata = attributes.metadata();
        if may_route(metadata.target()) && (self.span_filter)(metadata) {
            spans::start(attributes, id, &context);
        }
    }

    fn on_record(&self, id: &Id, values: &Values<'_>, context: Context<'_, S>) {
        spans::record(id, values, &context);
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        spans::enter(id, &context);
    }

    fn on_exit(&self, id: &Id, _context: Context<'_, S>) {
        spans::exit(id);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        spans::close(&id, &context);
    }

    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let metadata = event.metadata();
        if !may_route(metadata.target()) {
            return;
        }
        route((self.event_filter)(metadata), || {
            let mut fields = Fields::default();
            event.record(&mut fields);
            Record {
                level: level(*metadata.level()),
                log_level: log_level(*metadata.level()),
                target: metadata.target().into(),
                message: fields.message.unwrap_or_else(|| metadata.name().to_owned()).into(),
                fields: fields.other,
                exception: fields.error,
                file: metadata.file().map(Text::from),
                line: metadata.line(),
                module: metadata.module_path().map(Text::from),
                origin: "auto.log.tracing",
            }
        });
    }
}

impl fmt::Debug for WatchpostLayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WatchpostLayer").finish_non_exhaustive()
    }
}

fn level(level: tracing_core::Level) -> Level {
    match level {
        tracing_core::Level::ERROR => Level::Error,
        tracing_core::Level::WARN => Level::Warning,
        tracing_core::Level::INFO => Level::Info,
        _ => Level::Debug,
    }
}

fn log_level(level: tracing_core::Level) -> LogLevel {
    match level {
        tracing_core::Level::ERROR => LogLevel::Error,
        tracing_core::Level::WARN => LogLevel::Warn,
        tracing_core::Level::INFO => LogLevel::Info,
        tracing_core::Level::DEBUG => LogLevel::Debug,
        tracing_core::Level::TRACE => LogLevel::Trace,
    }
}
