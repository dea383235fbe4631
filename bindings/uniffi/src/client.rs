//! The client as an object.

use std::sync::Arc;
use std::time::Duration;

use watchpost_bindings::{HostClient, HostIdentity, TestSetup, global_scope, guard, parse};
use watchpost_core::{EventId, Hint, Map, Scopes, Text};

use crate::breadcrumb::HostBreadcrumb;
use crate::error::HostError;
use crate::hook::Hooks;
use crate::level::HostLevel;
use crate::options::HostSettings;
use crate::scope::Scope;

/// Captures events by its options. All methods may be called from any thread, and none panics.
#[derive(Debug, uniffi::Object)]
pub struct Client(HostClient);

/// What the wrapper knows about itself and its host.
#[derive(Debug, Clone, Default, uniffi::Record)]
pub struct Identity {
    /// `watchpost.kotlin` or `watchpost.swift`.
    pub sdk_name: String,
    /// `maven:dev.watchpost:watchpost` and the like.
    #[uniffi(default)]
    pub package: Option<String>,
    /// The integrations that are switched on.
    #[uniffi(default = [])]
    pub integrations: Vec<String>,
    /// `java` or `cocoa`.
    pub platform: String,
    /// The name of the machine.
    #[uniffi(default)]
    pub server_name: Option<String>,
    /// `runtime`, `os`, `device`: a JSON object of objects.
    #[uniffi(default)]
    pub contexts_json: Option<String>,
}

/// What makes a client of the conformance vectors repeat.
#[derive(Debug, Clone, Copy, uniffi::Record)]
pub struct TestClock {
    /// Where the clock stands, in seconds since 1970.
    pub now_seconds: f64,
    /// What ids and draws follow from.
    pub seed: u64,
}

#[uniffi::export]
impl Client {
    /// A client that reports to the DSN of the settings; without one it does nothing.
    ///
    /// # Errors
    /// When an option has a wrong value.
    #[uniffi::constructor]
    pub fn start(settings: HostSettings, hooks: Hooks, identity: Identity) -> Result<Arc<Self>, HostError> {
        guarded(|| {
            let options = hooks.apply(settings.parse()?);
            Ok(Arc::new(Self(HostClient::start(options, identity.into_host()?))))
        })
    }

    /// A client that repeats and records, for the conformance vectors. Empties the scope of the process.
    ///
    /// # Errors
    /// When an option has a wrong value.
    #[uniffi::constructor]
    pub fn start_testing(
        settings: HostSettings,
        hooks: Hooks,
        clock: TestClock,
    ) -> Result<Arc<Self>, HostError> {
        guarded(|| {
            let options = hooks.apply(settings.parse()?);
            let _ = global_scope().replace(watchpost_core::Scope::new());
            Ok(Arc::new(Self(HostClient::start_testing(
                options,
                TestSetup::new(clock.now_seconds, clock.seed),
            ))))
        })
    }

    /// Captures an event from JSON; its id, or `None` if it was dropped.
    ///
    /// # Errors
    /// When the text is no event.
    pub fn capture_event(
        &self,
        event_json: String,
        isolation: &Scope,
        current: &Scope,
    ) -> Result<Option<String>, HostError> {
        guarded(|| {
            Ok(text(self.0.capture_event_json(&event_json, &Hint::default(), scopes(isolation, current))?))
        })
    }

    /// Captures a message; without a level it takes the scopes', else `info`.
    ///
    /// # Errors
    /// Only when something in here is broken.
    pub fn capture_message(
        &self,
        message: String,
        level: Option<HostLevel>,
        isolation: &Scope,
        current: &Scope,
    ) -> Result<Option<String>, HostError> {
        let level = level.map(HostLevel::name);
        guarded(|| Ok(text(self.0.capture_message(&message, level, scopes(isolation, current))?)))
    }

    /// Adds a breadcrumb to a scope, through the hook.
    ///
    /// # Errors
    /// When its data is no JSON object.
    pub fn add_breadcrumb(&self, breadcrumb: HostBreadcrumb, scope: &Scope) -> Result<(), HostError> {
        guarded(|| {
            self.0.add_breadcrumb(breadcrumb.into_core()?, &Hint::default(), scope.host().shared());
            Ok(())
        })
    }

    /// True if a capture can lead anywhere.
    pub fn is_enabled(&self) -> bool {
        self.0.client().is_enabled()
    }

    /// True if messages are to carry the caller's stack trace.
    pub fn attaches_stacktrace(&self) -> bool {
        self.0.options().client.attach_stacktrace()
    }

    /// True if the options or the environment ask for diagnostic lines.
    pub fn is_debug(&self) -> bool {
        self.0.options().client.debug()
    }

    /// Waits until everything has left, for at most that long, else for the shutdown timeout; true if it has.
    pub fn flush(&self, timeout_ms: Option<u64>) -> bool {
        guard(|| self.0.flush(timeout_ms.map(Duration::from_millis))).unwrap_or(false)
    }

    /// Flushes and stops; later captures do nothing.
    pub fn shutdown(&self, timeout_ms: Option<u64>) -> bool {
        guard(|| self.0.close(timeout_ms.map(Duration::from_millis))).unwrap_or(false)
    }

    /// Vectors only: takes the recorded envelopes, as a JSON list.
    pub fn take_recorded(&self) -> String {
        self.0.take_recorded_json()
    }

    /// Vectors only: takes the counts of dropped items, as a JSON list.
    pub fn take_discarded(&self) -> String {
        self.0.take_discarded_json()
    }

    /// Vectors only: what is derived from the DSN, as a JSON object.
    pub fn dsn_facts(&self) -> String {
        self.0.dsn_json()
    }

    /// Vectors only: moves the clock.
    pub fn advance_clock(&self, by_ms: u64) {
        self.0.advance_clock(Duration::from_millis(by_ms));
    }
}

impl Identity {
    fn into_host(self) -> watchpost_core::Result<HostIdentity> {
        let contexts = self
            .contexts_json
            .map(|json| parse::<std::collections::BTreeMap<String, Map>>("contexts", &json));
        let contexts = contexts.transpose()?.unwrap_or_default();
        Ok(HostIdentity {
            sdk_name: self.sdk_name.into(),
            sdk_version: Text::from(env!("CARGO_PKG_VERSION")),
            package: self.package.map(Into::into),
            integrations: self.integrations.into_iter().map(Into::into).collect(),
            platform: self.platform.into(),
            server_name: self.server_name.map(Into::into),
            contexts: contexts.into_iter().map(|(key, value)| (key.into(), value)).collect(),
        })
    }
}

fn scopes<'a>(isolation: &'a Scope, current: &'a Scope) -> Scopes<'a> {
    Scopes { global: global_scope(), isolation: isolation.host().shared(), current: current.host().shared() }
}

fn text(id: Option<EventId>) -> Option<String> {
    id.map(|id| id.to_string())
}

fn guarded<T>(entry: impl FnOnce() -> watchpost_core::Result<T>) -> Result<T, HostError> {
    guard(entry).ok_or_else(HostError::panicked)?.map_err(Into::into)
}
