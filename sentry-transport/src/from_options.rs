//! From a client's options to its transport: the same in every language.

use std::sync::Arc;

use watchpost_core::{ClientOptions, ClientReports};

use crate::builder::HttpTransportBuilder;
use crate::transport::HttpTransport;

impl HttpTransport {
    /// A builder with everything that the options say: DSN, SDK name, storage folder, client reports, diagnostics.
    /// `None` without a DSN, when there is nothing to transport.
    pub fn from_options(
        options: &ClientOptions,
        reports: Arc<ClientReports>,
    ) -> Option<HttpTransportBuilder> {
        let sdk = options.sdk();
        let diagnostics = options.diagnostics().clone();
        let mut builder = Self::builder(options.dsn()?.clone())
            .sdk(sdk.name.as_str(), sdk.version.as_str())
            .client_reports(reports)
            .send_client_reports(options.send_client_reports())
            .diagnostic(Arc::new(move |line| diagnostics.say(|| line.to_owned())));
        if let Some(folder) = options.storage_dir() {
            builder = builder.storage_dir(folder);
        }
        Some(builder)
    }
}
