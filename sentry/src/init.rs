//! From options to a running client.

use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use watchpost_core::{Client, ClientOptions, Result, SdkInfo, SdkPackage, Text};
use watchpost_transport::client_builder;

use crate::{integrations, tracing_api};

static CLIENT: ArcSwapOption<Client> = ArcSwapOption::const_empty();

/// The name and version of the package that is being built, for
/// [`ClientOptions::with_release`](crate::ClientOptions::with_release): `shop@1.2.3`.
///
/// ```
/// let options = watchpost::ClientOptions::new().with_release(watchpost::release_name!());
/// assert!(options.release().is_some_and(|release| release.starts_with("watchpost@")));
/// ```
#[macro_export]
macro_rules! release_name {
    () => {
        concat!(env!("CARGO_PKG_NAME"), "@", env!("CARGO_PKG_VERSION"))
    };
}

/// What [`init`] takes: a DSN, options, or both.
pub trait IntoOptions {
    /// The options.
    ///
    /// # Errors
    /// When the DSN is none.
    fn into_options(self) -> Result<ClientOptions>;
}

impl IntoOptions for ClientOptions {
    fn into_options(self) -> Result<ClientOptions> {
        Ok(self)
    }
}

impl IntoOptions for &str {
    fn into_options(self) -> Result<ClientOptions> {
        ClientOptions::new().with_dsn(self)
    }
}

impl IntoOptions for String {
    fn into_options(self) -> Result<ClientOptions> {
        self.as_str().into_options()
    }
}

impl IntoOptions for (&str, ClientOptions) {
    fn into_options(self) -> Result<ClientOptions> {
        self.1.with_dsn(self.0)
    }
}

/// Starts reporting. What the options leave open comes from `SENTRY_DSN`, `SENTRY_RELEASE`, `SENTRY_ENVIRONMENT`,
/// `SENTRY_SAMPLE_RATE`, `SENTRY_TRACES_SAMPLE_RATE`, `SENTRY_DEBUG`, `SENTRY_KEEP_ALIVE` and `SENTRY_SPOTLIGHT`, the
/// trace from `SENTRY_TRACE` and `SENTRY_BAGGAGE`, proxies from `HTTPS_PROXY` and its like. Without a DSN everything
/// works and nothing is sent. Keep the guard until the end of `main`.
///
/// # Errors
/// When the DSN is none, or a variable has a value that its option cannot have; the error names the option and the
/// variable, and shows a right value.
///
/// ```
/// let error = watchpost::init("errors.example.com").unwrap_err();
/// assert!(error.is_dsn());
/// ```
pub fn init(options: impl IntoOptions) -> Result<Guard> {
    let options = complete(options.into_options()?)?;
    let client = client_builder(options).build();
    tracing_api::continue_from_env(&client);
    let guard = install(client);
    #[cfg(feature = "panic")]
    integrations::panic::install();
    Ok(guard)
}

/// The client of the last [`init`].
pub fn client() -> Option<Arc<Client>> {
    #[cfg(feature = "testing")]
    if let Some(sandbox) = crate::scopes::local().sandbox {
        return Some(Arc::clone(&sandbox.client));
    }
    CLIENT.load_full()
}

/// Calls `f` with the client, without touching its reference count.
pub(crate) fn with_client<R>(f: impl FnOnce(&Client) -> R) -> Option<R> {
    with_shared_client(|client| f(client))
}

/// The same for what keeps the client.
pub(crate) fn with_shared_client<R>(f: impl FnOnce(&Arc<Client>) -> R) -> Option<R> {
    #[cfg(feature = "testing")]
    if let Some(sandbox) = crate::scopes::local().sandbox {
        return Some(f(&sandbox.client));
    }
    CLIENT.load().as_ref().map(f)
}

pub(crate) fn install(client: Arc<Client>) -> Guard {
    crate::scopes::prepare();
    if let Some(old) = CLIENT.swap(Some(Arc::clone(&client))) {
        // What the old client captured is in its spool; it need not be waited for.
        old.close(Some(Duration::ZERO));
    }
    Guard(client)
}

/// Waits at its end until everything has left, for at most the `shutdown_timeout` option (2 s).
#[derive(Debug)]
#[must_use = "dropped at once, it closes the client at once: bind it to `_guard`"]
pub struct Guard(Arc<Client>);

impl Guard {
    /// True if captures can lead anywhere: there is a DSN.
    pub fn is_enabled(&self) -> bool {
        self.0.is_enabled()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.close(None);
        #[cfg(feature = "crash")]
        if CLIENT.load().as_ref().is_some_and(|current| Arc::ptr_eq(current, &self.0)) {
            integrations::crash::uninstall();
        }
    }
}

/// Environment variables, the SDK's name, and what is known about the machine.
fn complete(mut options: ClientOptions) -> Result<ClientOptions> {
    options = options.with_variables(|name| std::env::var(name).ok())?;
    let version = Text::from_static(env!("CARGO_PKG_VERSION"));
    let package = SdkPackage { name: Text::from_static("cargo:watchpost"), version: version.clone() };
    let sdk = SdkInfo {
        name: Text::from_static("watchpost.rust"),
        version,
        integrations: integrations::enabled(),
        packages: vec![package],
        ..SdkInfo::default()
    };
    options = options.with_sdk(sdk).with_platform(Text::from_static("rust"));
    #[cfg(feature = "backtrace")]
    {
        options = options.with_resolver(Arc::new(integrations::backtrace::FrameResolver));
    }
    #[cfg(feature = "crash")]
    {
        options = integrations::crash::add(options);
    }
    #[cfg(feature = "contexts")]
    {
        options = integrations::contexts::add(options);
    }
    Ok(options)
}
