//! From a client's options to a client with its transport: the same in every language.

use std::sync::Arc;

use watchpost_core::{
    Backpressure, Client, ClientBuilder, ClientOptions, ClientReports, Clock, Diagnostics, SystemClock,
    Transport,
};

use crate::builder::spotlight;
use crate::config::Diagnostic;
use crate::spotlight::SpotlightOnly;
use crate::transport::HttpTransport;

/// A client that reports to where its options say, with everything that it shares with its transport.
///
/// Without a DSN it gets no transport and does nothing; or, with Spotlight on, one that leads to the sidecar alone, and
/// then everything is sampled and personal data are collected, as nothing leaves the developer's machine.
pub fn client_builder(options: ClientOptions) -> ClientBuilder {
    let mut options = with_debug_output(options);
    if options.dsn().is_none() && options.transport().spotlight.url().is_some() {
        options = match options.clone().with_sample_rate(1.0) {
            Ok(all) => all,
            Err(_) => options,
        };
        options = options.with_send_default_pii(true);
    }
    let reports = Arc::new(ClientReports::default());
    let backpressure = Arc::new(Backpressure::default());
    let transport = transport(&options, &reports, &backpressure);
    let builder = Client::builder(options).reports(reports).backpressure(backpressure);
    match transport {
        Some(transport) => builder.transport(transport),
        None => builder,
    }
}

/// What the option `debug` stands for: diagnostic lines on standard error, unless they go somewhere already.
#[must_use]
pub fn with_debug_output(options: ClientOptions) -> ClientOptions {
    if !options.debug() || options.diagnostics().is_heard() {
        return options;
    }
    options.with_diagnostics(Diagnostics::to(Arc::new(|line| {
        use std::io::Write;
        // Asked for by `debug`; a closed standard error is nobody's problem.
        let _ = writeln!(std::io::stderr(), "[watchpost] {line}");
    })))
}

fn transport(
    options: &ClientOptions,
    reports: &Arc<ClientReports>,
    backpressure: &Arc<Backpressure>,
) -> Option<Arc<dyn Transport>> {
    let sdk = options.sdk();
    let diagnostics = options.diagnostics().clone();
    let diagnostic: Arc<dyn Fn(&str) + Send + Sync> =
        Arc::new(move |line| diagnostics.say(|| line.to_owned()));
    let Some(dsn) = options.dsn() else {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let spotlight = spotlight(options.transport(), &clock, &Diagnostic(Some(diagnostic)))?;
        return Some(Arc::new(SpotlightOnly(spotlight)));
    };
    let mut builder = HttpTransport::builder(dsn.clone())
        .sdk(sdk.name.as_str(), sdk.version.as_str())
        .client_reports(Arc::clone(reports))
        .send_client_reports(options.send_client_reports())
        .on_hold(options.require_consent())
        .backpressure(Arc::clone(backpressure))
        .mark_sigterm(options.mark_sigterm())
        .diagnostic(diagnostic);
    if let Some(folder) = options.storage_dir() {
        builder = builder.storage_dir(folder);
    }
    Some(Arc::new(builder.options(options.transport().clone()).build()))
}
