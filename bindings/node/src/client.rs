//! The client as an object.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use napi::Result;
use napi::bindgen_prelude::AsyncTask;
use napi_derive::napi;
use watchpost_bindings::{
    HostClient, HostEnd, HostIdentity, HostOptions, NameStyle, TestSetup, global_scope, guard,
};
use watchpost_core::{Category, DiscardReason, Map, Text};

use crate::call::{Dispatcher, with_dispatcher};
use crate::error::{panicked, refused};
use crate::flush::{Flush, Listening};
use crate::hook::with_hooks;
use crate::stack::Stacks;

/// Captures events by its options. Belongs to the thread that made it.
#[napi]
#[derive(Debug)]
pub struct NativeClient {
    pub(crate) host: Arc<HostClient>,
    pub(crate) stacks: Rc<Stacks>,
    pub(crate) listening: RefCell<Option<Listening>>,
}

/// What JavaScript says about itself.
#[napi(object)]
#[derive(Debug, Default)]
pub struct Setup {
    /// The options of `init` but the functions, as JSON.
    pub options: String,
    /// The integrations that are switched on.
    pub integrations: Vec<String>,
    /// The name of the machine.
    pub server_name: String,
    /// `runtime`, `os`, `device`: a JSON object of objects.
    pub contexts: String,
    /// The folder of the package: its frames are not the application's.
    pub own_folder: String,
    /// The numbers of the hooks that there are.
    pub hooks: Vec<u32>,
}

#[napi]
impl NativeClient {
    /// A client that reports to the DSN of the options; without one it does nothing. What earlier processes left is
    /// reported now, through the hooks that the dispatcher knows.
    ///
    /// # Errors
    /// When an option cannot be used; the error names it and shows a right value.
    #[napi(factory)]
    pub fn start(
        setup: Setup,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Result<Self> {
        guard(|| {
            let identity = HostIdentity {
                sdk_name: Text::from_static("watchpost.node"),
                sdk_version: Text::from_static(env!("CARGO_PKG_VERSION")),
                package: Some(Text::from_static("npm:watchpost")),
                integrations: setup.integrations.iter().map(Text::from).collect(),
                platform: Text::from_static("node"),
                server_name: Some(setup.server_name.as_str()).filter(|name| !name.is_empty()).map(Text::from),
                contexts: contexts(&setup.contexts),
            };
            let options = options(&setup)?;
            let host = with_dispatcher(dispatcher.as_ref(), || HostClient::start(options, identity));
            Ok(Self::around(host, &setup))
        })
        .unwrap_or_else(|| Err(panicked()))
    }

    /// A client that repeats and records, for the conformance vectors. Empties the scope of the process.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    #[napi(factory)]
    pub fn start_testing(setup: Setup, now: f64, seed: u32) -> Result<Self> {
        guard(|| {
            let options = options(&setup)?;
            global_scope().replace(watchpost_core::Scope::new());
            let host = HostClient::start_testing(options, TestSetup::new(now, u64::from(seed)));
            Ok(Self::around(host, &setup))
        })
        .unwrap_or_else(|| Err(panicked()))
    }

    /// Vectors only: the client of the process that starts so many seconds after this one's ended as `how` says (`killed`,
    /// `announced`, `crashed`); `crash` is the event of the record, as JSON. Empties the scope of the process.
    ///
    /// # Errors
    /// As [`start`](Self::start), and when there is no such end.
    #[napi]
    pub fn restart_testing(
        &self,
        setup: Setup,
        seed: u32,
        how: String,
        seconds: f64,
        crash: Option<String>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Result<Self> {
        guard(|| {
            let options = options(&setup)?;
            global_scope().replace(watchpost_core::Scope::new());
            let after = Duration::try_from_secs_f64(seconds).unwrap_or_default();
            let end = HostEnd { how, after, crash };
            let next = || self.host.restart_testing(options, u64::from(seed), &end);
            let host = with_dispatcher(dispatcher.as_ref(), next).map_err(|error| refused(&error))?;
            Ok(Self::around(host, &setup))
        })
        .unwrap_or_else(|| Err(panicked()))
    }

    /// True if a capture can lead anywhere.
    #[napi(getter)]
    pub fn is_enabled(&self) -> bool {
        self.host.client().is_enabled()
    }

    /// True if transactions may be sent: there is a rate or a sampler.
    #[napi(getter)]
    pub fn is_tracing_on(&self) -> bool {
        self.host.options().client.is_tracing_on()
    }

    /// So many spans of a transaction may be told of at their ends alone.
    #[napi(getter)]
    pub fn max_unknown_spans(&self) -> u32 {
        u32::try_from(self.host.options().client.max_unknown_spans()).unwrap_or(u32::MAX)
    }

    /// True if breadcrumbs may wait until an event needs them.
    #[napi(getter)]
    pub fn holds_breadcrumbs(&self) -> bool {
        self.host.client().may_hold_breadcrumbs()
    }

    /// True if messages are to carry a stack trace.
    #[napi(getter)]
    pub fn attach_stacktrace(&self) -> bool {
        self.host.options().client.attach_stacktrace()
    }

    /// Milliseconds that `close` and a normal exit may wait.
    #[napi(getter)]
    pub fn shutdown_timeout(&self) -> f64 {
        self.host.options().client.shutdown_timeout().as_secs_f64() * 1000.0
    }

    /// The names of the integrations that are switched off.
    #[napi(getter)]
    pub fn disabled_integrations(&self) -> Vec<String> {
        self.host.options().disabled_integrations.iter().map(ToString::to_string).collect()
    }

    /// Waits until everything has left, for at most that many milliseconds, else for the shutdown timeout.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn flush(&self, timeout_ms: Option<f64>) -> AsyncTask<Flush> {
        AsyncTask::new(Flush { host: Arc::clone(&self.host), timeout: millis(timeout_ms), close: false })
    }

    /// Flushes and stops.
    #[napi(ts_return_type = "Promise<boolean>")]
    pub fn close(&self, timeout_ms: Option<f64>) -> AsyncTask<Flush> {
        AsyncTask::new(Flush { host: Arc::clone(&self.host), timeout: millis(timeout_ms), close: true })
    }

    /// Flushes and stops; JavaScript stands still meanwhile. For the `exit` event, where nothing else is possible.
    #[napi]
    pub fn close_now(&self) -> bool {
        guard(|| self.host.close(None)).unwrap_or(false)
    }

    /// Says whether the user agrees. What earlier processes left is reported once they do, through the hooks that the
    /// dispatcher knows.
    #[napi]
    pub fn set_consent(
        &self,
        given: bool,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) {
        guard(|| with_dispatcher(dispatcher.as_ref(), || self.host.set_consent(given)));
    }

    /// Says one diagnostic line.
    #[napi]
    pub fn say(&self, line: String) {
        guard(|| self.host.options().client.diagnostics().say(|| line));
    }

    /// Counts a dropped error: `true` for one that a hook dropped, `false` for one that was no event at all.
    #[napi]
    pub fn count_drop(&self, by_hook: bool) {
        let reason = if by_hook { DiscardReason::BeforeSend } else { DiscardReason::Invalid };
        self.host.client().reports().record(reason, Category::Error, 1);
    }

    /// Vectors only: takes the recorded envelopes, as a JSON list.
    #[napi]
    pub fn take_recorded(&self) -> String {
        self.host.take_recorded_json()
    }

    /// Vectors only: takes the counts of dropped items, as a JSON list.
    #[napi]
    pub fn take_discarded(&self) -> String {
        self.host.take_discarded_json()
    }

    /// Vectors only: what is derived from the DSN, as a JSON object.
    #[napi]
    pub fn dsn_facts(&self) -> String {
        self.host.dsn_json()
    }

    /// Vectors only: moves the clock.
    #[napi]
    pub fn advance_clock(&self, seconds: f64) {
        if let Ok(by) = Duration::try_from_secs_f64(seconds) {
            self.host.advance_clock(by);
        }
    }

    fn around(host: HostClient, setup: &Setup) -> Self {
        let stacks = Stacks::new(&setup.own_folder, host.options().include_source_context);
        Self { host: Arc::new(host), stacks: Rc::new(stacks), listening: RefCell::default() }
    }
}

fn options(setup: &Setup) -> Result<HostOptions> {
    let given: Map = serde_json::from_str(&setup.options).unwrap_or_default();
    let parsed = HostOptions::parse(given, NameStyle::Camel, |name| std::env::var(name).ok());
    Ok(with_hooks(parsed.map_err(|error| refused(&error))?, &setup.hooks))
}

fn contexts(json: &str) -> Vec<(Text, Map)> {
    let contexts: Vec<(String, Map)> = serde_json::from_str::<std::collections::BTreeMap<_, _>>(json)
        .unwrap_or_default()
        .into_iter()
        .collect();
    contexts.into_iter().map(|(name, context)| (name.into(), context)).collect()
}

fn millis(timeout: Option<f64>) -> Option<Duration> {
    timeout.map(|ms| Duration::try_from_secs_f64(ms.max(0.0) / 1000.0).unwrap_or(Duration::MAX))
}
