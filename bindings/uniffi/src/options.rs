//! The options of `init` as a record.

use watchpost_bindings::{HostOptions, NameStyle};
use watchpost_core::{Map, Result, Value};

/// What an application may set. What is absent comes from the environment (`SENTRY_DSN` ...), else has its default.
#[derive(Debug, Clone, Default, PartialEq, uniffi::Record)]
pub struct HostSettings {
    /// Where events go.
    #[uniffi(default)]
    pub dsn: Option<String>,
    /// The version of the app.
    #[uniffi(default)]
    pub release: Option<String>,
    /// Where it runs.
    #[uniffi(default)]
    pub environment: Option<String>,
    /// The build of the release.
    #[uniffi(default)]
    pub dist: Option<String>,
    /// The name of the host.
    #[uniffi(default)]
    pub server_name: Option<String>,
    /// The share of errors that is sent, from 0 to 1.
    #[uniffi(default)]
    pub sample_rate: Option<f64>,
    /// How many breadcrumbs are kept.
    #[uniffi(default)]
    pub max_breadcrumbs: Option<i64>,
    /// Adds the caller's stack trace to messages.
    #[uniffi(default)]
    pub attach_stacktrace: Option<bool>,
    /// Lets integrations collect personal data.
    #[uniffi(default)]
    pub send_default_pii: Option<bool>,
    /// Reports the counts of what was dropped.
    #[uniffi(default)]
    pub send_client_reports: Option<bool>,
    /// How long a stop may wait, in milliseconds.
    #[uniffi(default)]
    pub shutdown_timeout_ms: Option<i64>,
    /// The folder that keeps events until they are delivered.
    #[uniffi(default)]
    pub storage_dir: Option<String>,
    /// False keeps everything in memory.
    #[uniffi(default)]
    pub spool: Option<bool>,
    /// Prefixes that are the app's own.
    #[uniffi(default)]
    pub in_app_include: Option<Vec<String>>,
    /// Prefixes that are not.
    #[uniffi(default)]
    pub in_app_exclude: Option<Vec<String>>,
    /// Errors to drop.
    #[uniffi(default)]
    pub ignore_errors: Option<Vec<String>>,
    /// Speaks on standard error.
    #[uniffi(default)]
    pub debug: Option<bool>,
}

impl HostSettings {
    pub(crate) fn parse(self) -> Result<HostOptions> {
        let given: [(&str, Option<Value>); 17] = [
            ("dsn", self.dsn.map(Value::from)),
            ("release", self.release.map(Value::from)),
            ("environment", self.environment.map(Value::from)),
            ("dist", self.dist.map(Value::from)),
            ("serverName", self.server_name.map(Value::from)),
            // JSON has no NaN: its name is refused with the same words as any other wrong value.
            (
                "sampleRate",
                self.sample_rate.map(|n| if n.is_finite() { n.into() } else { n.to_string().into() }),
            ),
            ("maxBreadcrumbs", self.max_breadcrumbs.map(Value::from)),
            ("attachStacktrace", self.attach_stacktrace.map(Value::from)),
            ("sendDefaultPii", self.send_default_pii.map(Value::from)),
            ("sendClientReports", self.send_client_reports.map(Value::from)),
            ("shutdownTimeout", self.shutdown_timeout_ms.map(Value::from)),
            ("storageDir", self.storage_dir.map(Value::from)),
            ("spool", self.spool.map(Value::from)),
            ("inAppInclude", self.in_app_include.map(Value::from)),
            ("inAppExclude", self.in_app_exclude.map(Value::from)),
            ("ignoreErrors", self.ignore_errors.map(Value::from)),
            ("debug", self.debug.map(Value::from)),
        ];
        let given: Map =
            given.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect();
        HostOptions::parse(given, NameStyle::Camel, |name| std::env::var(name).ok())
    }
}
