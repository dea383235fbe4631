//! From a client's options to a client with its transport: the same in every language.

use std::sync::Arc;

use watchpost_core::{
    Backpressure, Client, ClientBuilder, ClientOptions, ClientReports, Clock, SystemClock, Transport,
};

use crate::builder::spotlight;
use crate::config::Diagnostic;
use crate::spotlight::SpotlightOnly;
use crate::transport::HttpTransport;

/// A client that reports to where its options say, with everything that it shares with its transport.
///
/// Without a DSN it gets no transport and does nothing; or, with Spotlight on, one that leads to the sidecar alone, and
/// then everything is sampled and personal data are collected, as nothing leaves the developer's machine.
pub fn client_builder(mut options: ClientOptions) -> ClientBuilder {
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
