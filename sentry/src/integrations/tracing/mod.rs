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
//! Unless a filter says otherwise, errors become events and breadcrumbs, warnings and information breadcrumbs. An event
//! with a field that is an error (`error = &failure as &dyn std::error::Error`) carries its chain. What the SDK's own
//! sending thread and hooks say is never captured.

mod fields;

use std::fmt;
use std::sync::Arc;

use tracing_core::{Event, Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};
use tracing_subscriber::registry::LookupSpan;
use watchpost_core::{Level, Text};

use self::fields::Fields;
use super::Route;
use super::record::{Record, by_level, may_route, route};

/// The layer, with the filters by level.
pub fn layer() -> WatchpostLayer {
    WatchpostLayer { event_filter: Arc::new(|metadata| by_level(level(*metadata.level()))) }
}

/// Routes the events of `tracing` to the SDK.
#[derive(Clone)]
pub struct WatchpostLayer {
    event_filter: Arc<dyn Fn(&Metadata<'_>) -> Route + Send + Sync>,
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
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for WatchpostLayer {
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
