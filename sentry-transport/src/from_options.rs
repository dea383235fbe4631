//! From a client's options to a client with its transport: the same in every language.

use std::sync::Arc;

use watchpost_core::{Backpressure, Client, ClientBuilder, ClientOptions, ClientReports, Transport};

use crate::transport::HttpTransport;

/// A client that reports to where its options say, with everything that it shares with its transport. Without a DSN
/// it gets no transport and does nothing.
pub fn client_builder(options: ClientOptions) -> ClientBuilder {
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
    let mut builder = HttpTransport::builder(options.dsn()?.clone())
        .sdk(sdk.name.as_str(), sdk.version.as_str())
        .client_reports(Arc::clone(reports))
        .send_client_reports(options.send_client_reports())
        .on_hold(options.require_consent())
        .backpressure(Arc::clone(backpressure))
        .mark_sigterm(options.mark_sigterm())
        .diagnostic(Arc::new(move |line| diagnostics.say(|| line.to_owned())));
    if let Some(folder) = options.storage_dir() {
        builder = builder.storage_dir(folder);
    }
    Some(Arc::new(builder.options(options.transport().clone()).build()))
}
