//! How a client is set up.

mod data_collection;
mod environment;
mod filters;
mod integrations;
mod privacy;
mod privacy_values;
mod sessions;
mod signals;
mod tracing;
mod transport;

pub use self::data_collection::{Collect, CollectBodies, DataCollection, MaxRequestBodySize, ScrubPatterns};
use self::environment::Said;
use self::integrations::Added;
use self::sessions::SessionOptions;
pub use self::transport::{Compression, Spotlight, TransportOptions};

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use crate::diagnostics::Diagnostics;
use crate::dsn::Dsn;
use crate::error::{Error, Result};
use crate::hook::{BreadcrumbHook, EventHook, Hint, HookOutcome};
use crate::protocol::{Breadcrumb, Context, Event, Map, Modules, SdkInfo};
use crate::text::Text;

/// The settings of a client. Setters take and return the options; those that can refuse a value say which option it
/// was and show a right one. Defaults are the published configuration spec's (1.0.0).
#[derive(Clone)]
pub struct ClientOptions {
    dsn: Option<Dsn>,
    said: Said,
    release: Option<Text>,
    environment: Text,
    dist: Option<Text>,
    server_name: Option<Text>,
    sample_rate: f64,
    max_breadcrumbs: usize,
    attach_stacktrace: bool,
    debug: bool,
    privacy: privacy::PrivacyOptions,
    send_client_reports: bool,
    shutdown_timeout: Duration,
    storage_dir: Option<PathBuf>,
    in_app_include: Vec<Text>,
    in_app_exclude: Vec<Text>,
    filters: filters::FilterOptions,
    before_send: Option<EventHook>,
    before_breadcrumb: Option<BreadcrumbHook>,
    event_processors: Vec<EventHook>,
    transaction_processors: Vec<(EventHook, fn() -> bool)>,
    processors_read_frames: bool,
    diagnostics: Diagnostics,
    sdk: SdkInfo,
    added: Added,
    platform: Text,
    contexts: BTreeMap<Text, Context>,
    modules: Modules,
    transport: TransportOptions,
    signals: signals::SignalsOptions,
    tracing: self::tracing::TracingOptions,
    pub(crate) sessions: SessionOptions,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            dsn: None,
            said: Said::default(),
            release: None,
            environment: Text::from_static("production"),
            dist: None,
            server_name: None,
            sample_rate: 1.0,
            max_breadcrumbs: 100,
            attach_stacktrace: false,
            debug: false,
            privacy: privacy::PrivacyOptions::default(),
            send_client_reports: true,
            shutdown_timeout: Duration::from_secs(2),
            storage_dir: None,
            in_app_include: Vec::new(),
            in_app_exclude: Vec::new(),
            filters: filters::FilterOptions::default(),
            before_send: None,
            before_breadcrumb: None,
            event_processors: Vec::new(),
            transaction_processors: Vec::new(),
            processors_read_frames: false,
            diagnostics: Diagnostics::default(),
            sdk: SdkInfo {
                name: Text::from_static("watchpost.core"),
                version: Text::from_static(env!("CARGO_PKG_VERSION")),
                ..SdkInfo::default()
            },
            added: Added::default(),
            platform: Text::from_static("other"),
            contexts: BTreeMap::new(),
            modules: Modules::default(),
            transport: TransportOptions::default(),
            signals: signals::SignalsOptions::default(),
            tracing: self::tracing::TracingOptions::default(),
            sessions: SessionOptions::default(),
        }
    }
}

/// A setter that cannot refuse, and the getter of the same field.
macro_rules! plain {
    ($($(#[$doc:meta])* $set:ident / $get:ident: $take:ty => $give:ty, |$value:ident| $store:expr, |$field:ident| $read:expr;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $set(mut self, $value: $take) -> Self {
                self.$get = $store;
                self
            }

            #[doc = concat!("The value of `", stringify!($get), "`.")]
            pub fn $get(&self) -> $give {
                let $field = &self.$get;
                $read
            }
        )*
    };
}

impl ClientOptions {
    /// The defaults: no DSN, so nothing is sent.
    pub fn new() -> Self {
        Self::default()
    }

    plain! {
        /// The build of the release.
        with_dist / dist: impl Into<Text> => Option<&Text>, |value| trimmed(value), |field| field.as_ref();
        /// The name of the host.
        with_server_name / server_name: impl Into<Text> => Option<&Text>, |value| trimmed(value), |field| field.as_ref();
        /// How many breadcrumbs are kept; 100 by default, 0 keeps none.
        with_max_breadcrumbs / max_breadcrumbs: usize => usize, |value| value, |field| *field;
        /// True adds the caller's stack trace to messages.
        with_attach_stacktrace / attach_stacktrace: bool => bool, |value| value, |field| *field;
        /// False keeps counts of dropped items to ourselves.
        with_send_client_reports / send_client_reports: bool => bool, |value| value, |field| *field;
        /// How long `close` and a normal exit may wait; 2 s by default.
        with_shutdown_timeout / shutdown_timeout: Duration => Duration, |value| value, |field| *field;
        /// The folder of the spool; chosen by the transport if `None`.
        with_storage_dir / storage_dir: Option<PathBuf> => Option<&Path>, |value| value, |field| field.as_deref();
        /// Module prefixes that are the application's own; beats `in_app_exclude`.
        with_in_app_include / in_app_include: Vec<Text> => &[Text], |value| value, |field| field;
        /// Module prefixes that are not the application's own.
        with_in_app_exclude / in_app_exclude: Vec<Text> => &[Text], |value| value, |field| field;
        /// Where the SDK speaks about itself; nowhere by default.
        with_diagnostics / diagnostics: Diagnostics => &Diagnostics, |value| value, |field| field;
        /// The SDK's name on the wire.
        with_sdk / sdk: SdkInfo => &SdkInfo, |value| value, |field| field;
        /// The packages that the application is made of, for errors and messages that do not name their own.
        with_modules / modules: Modules => &Modules, |value| value, |field| field;
        /// The platform of events that have none of their own.
        with_platform / platform: impl Into<Text> => &Text, |value| value.into(), |field| field;
    }

    /// Where events go.
    ///
    /// # Errors
    /// When the text is no DSN. An empty text is none at all: the client does nothing.
    pub fn with_dsn(mut self, dsn: &str) -> Result<Self> {
        self.said.note(Said::DSN);
        self.dsn = if dsn.trim().is_empty() { None } else { Some(Dsn::from_str(dsn)?) };
        Ok(self)
    }

    /// The version of the application, like `shop@1.2.3`.
    #[must_use]
    pub fn with_release(mut self, value: impl Into<Text>) -> Self {
        self.said.note(Said::RELEASE);
        self.release = trimmed(value);
        self
    }

    /// The value of `release`.
    pub fn release(&self) -> Option<&Text> {
        self.release.as_ref()
    }

    /// Where it runs; `production` by default, also for an empty text.
    #[must_use]
    pub fn with_environment(mut self, value: impl Into<Text>) -> Self {
        self.said.note(Said::ENVIRONMENT);
        self.environment = trimmed(value).unwrap_or(Text::from_static("production"));
        self
    }

    /// The value of `environment`.
    pub fn environment(&self) -> &Text {
        &self.environment
    }

    /// True says on standard error what the SDK drops and why, unless [`with_diagnostics`](Self::with_diagnostics)
    /// names another place. The host does the saying.
    #[must_use]
    pub fn with_debug(mut self, value: bool) -> Self {
        self.said.note(Said::DEBUG);
        self.debug = value;
        self
    }

    /// The value of `debug`.
    pub fn debug(&self) -> bool {
        self.debug
    }

    /// The share of error events that is sent, from 0 to 1; 1 by default.
    ///
    /// # Errors
    /// When it is outside that range.
    pub fn with_sample_rate(mut self, rate: f64) -> Result<Self> {
        if !(0.0..=1.0).contains(&rate) {
            let text = format!("{rate} is not between 0 and 1; 0.25 sends a quarter of all errors");
            return Err(Error::option("sample_rate", text));
        }
        self.said.note(Said::SAMPLE_RATE);
        self.sample_rate = rate;
        Ok(self)
    }

    /// A function that sees each event last, may change it, and drops it with `None`.
    #[must_use]
    pub fn with_before_send(
        self,
        hook: impl Fn(Event, &Hint) -> Option<Event> + Send + Sync + 'static,
    ) -> Self {
        self.with_before_send_hook(std::sync::Arc::new(move |event, hint: &Hint| Ok(hook(event, hint))))
    }

    /// As [`with_before_send`](Self::with_before_send), for hosts whose hooks can fail.
    #[must_use]
    pub fn with_before_send_hook(mut self, hook: EventHook) -> Self {
        self.before_send = Some(hook);
        self
    }

    /// A function that sees each breadcrumb first, may change it, and drops it with `None`.
    #[must_use]
    pub fn with_before_breadcrumb(
        self,
        hook: impl Fn(Breadcrumb, &Hint) -> Option<Breadcrumb> + Send + Sync + 'static,
    ) -> Self {
        let hook = move |crumb, hint: &Hint| -> HookOutcome<Breadcrumb> { Ok(hook(crumb, hint)) };
        self.with_before_breadcrumb_hook(std::sync::Arc::new(hook))
    }

    /// As [`with_before_breadcrumb`](Self::with_before_breadcrumb), for hosts whose hooks can fail.
    #[must_use]
    pub fn with_before_breadcrumb_hook(mut self, hook: BreadcrumbHook) -> Self {
        self.before_breadcrumb = Some(hook);
        self
    }

    /// A function that sees each event after the scopes' processors; they run in the order of registration.
    #[must_use]
    pub fn with_event_processor(mut self, processor: EventHook) -> Self {
        self.processors_read_frames = true;
        self.with_blind_event_processor(processor)
    }

    /// The same for a processor that looks at neither frames nor breadcrumbs of errors: what is stored as it was
    /// captured need not be made for it, see [`Scope::add_blind_event_processor`](crate::Scope::add_blind_event_processor).
    #[must_use]
    pub fn with_blind_event_processor(mut self, processor: EventHook) -> Self {
        self.event_processors.push(processor);
        self
    }

    /// A function that sees each transaction after all processors of events, if `is_wanted` says so when it ends.
    #[must_use]
    pub fn with_transaction_processor(mut self, processor: EventHook, is_wanted: fn() -> bool) -> Self {
        self.transaction_processors.push((processor, is_wanted));
        self
    }

    /// An object under `contexts` that every event gets unless it has its own: `os`, `runtime`, `device`.
    #[must_use]
    pub fn with_context(mut self, key: impl Into<Text>, value: Map) -> Self {
        self.contexts.insert(key.into(), value.into());
        self
    }

    /// Where events go; `None` means that the client does nothing.
    pub fn dsn(&self) -> Option<&Dsn> {
        self.dsn.as_ref()
    }

    /// The share of error events that is sent.
    pub fn sample_rate(&self) -> f64 {
        self.sample_rate
    }

    pub(crate) fn before_send(&self) -> Option<&EventHook> {
        self.before_send.as_ref()
    }

    pub(crate) fn before_breadcrumb(&self) -> Option<&BreadcrumbHook> {
        self.before_breadcrumb.as_ref()
    }

    pub(crate) fn event_processors(&self) -> &[EventHook] {
        &self.event_processors
    }

    /// Those of transactions alone that are wanted now.
    pub(crate) fn transaction_processors(&self) -> impl Iterator<Item = &EventHook> {
        self.transaction_processors.iter().filter(|(_, is_wanted)| is_wanted()).map(|(hook, _)| hook)
    }

    /// True if one of them may look at frames.
    pub(crate) fn processors_read_frames(&self) -> bool {
        self.processors_read_frames
    }

    pub(crate) fn contexts(&self) -> &BTreeMap<Text, Context> {
        &self.contexts
    }
}

impl fmt::Debug for ClientOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientOptions")
            .field("dsn", &self.dsn.as_ref().map(ToString::to_string))
            .field("release", &self.release)
            .field("environment", &self.environment)
            .field("sample_rate", &self.sample_rate)
            .field("max_breadcrumbs", &self.max_breadcrumbs)
            .field("storage_dir", &self.storage_dir)
            .field("before_send", &self.before_send.is_some())
            .field("before_breadcrumb", &self.before_breadcrumb.is_some())
            .field("tracing", &self.tracing)
            .field("sdk", &self.sdk.name)
            .finish_non_exhaustive()
    }
}

/// Text without blanks around it; nothing if nothing is left.
fn trimmed(text: impl Into<Text>) -> Option<Text> {
    let text = text.into().shared();
    let inner = text.trim();
    if inner.is_empty() {
        None
    } else if inner.len() == text.len() {
        Some(text)
    } else {
        Some(inner.into())
    }
}
