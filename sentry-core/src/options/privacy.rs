//! Options of privacy: what is collected, and what is masked before it is stored.

use std::sync::Arc;

use super::ClientOptions;
use super::data_collection::{DataCollection, MaxRequestBodySize, ScrubPatterns};
use crate::pipeline::Scrubber;
use crate::text::Text;

/// The settings, and the rules that are made of them.
#[derive(Debug, Clone, Default)]
pub(super) struct PrivacyOptions {
    send_default_pii: Option<bool>,
    data_collection: Option<DataCollection>,
    sanitize_fields: Vec<Text>,
    scrub_patterns: ScrubPatterns,
    max_request_body_size: MaxRequestBodySize,
    scrubber: Arc<Scrubber>,
}

impl PrivacyOptions {
    fn compile(&mut self) {
        let pii = self.send_default_pii.unwrap_or(false);
        let given = self.data_collection.as_ref();
        let scrubber = Scrubber::new(given, pii, &self.sanitize_fields, self.scrub_patterns);
        self.scrubber = Arc::new(scrubber.with_max_body(self.max_request_body_size));
    }
}

impl ClientOptions {
    /// True lets integrations collect personal data: user, address, cookies, bodies. The older and coarser form of
    /// [`with_data_collection`](Self::with_data_collection), which wins where both are given.
    #[must_use]
    pub fn with_send_default_pii(mut self, value: bool) -> Self {
        self.privacy.send_default_pii = Some(value);
        self.privacy.compile();
        self
    }

    /// The value of `send_default_pii`.
    pub fn send_default_pii(&self) -> bool {
        self.privacy.send_default_pii.unwrap_or(false)
    }

    /// What is collected, kind by kind. Wins over `send_default_pii`. Kinds that are switched off here are also
    /// taken out of requests, breadcrumbs and frames that are handed in.
    #[must_use]
    pub fn with_data_collection(mut self, value: DataCollection) -> Self {
        self.privacy.data_collection = Some(value);
        self.privacy.compile();
        self
    }

    /// What is collected in the end: `data_collection`, else what `send_default_pii` stands for. Integrations ask
    /// this and nothing else.
    pub fn data_collection(&self) -> &DataCollection {
        self.privacy.scrubber.collection()
    }

    /// Keys whose values are masked wherever they stand, also in what the application set itself and inside of JSON,
    /// forms, query strings, addresses and cookies. A key matches when it contains one of them, in any case.
    #[must_use]
    pub fn with_sanitize_fields(mut self, value: Vec<Text>) -> Self {
        self.privacy.sanitize_fields = value;
        self.privacy.compile();
        self
    }

    /// The value of `sanitize_fields`.
    pub fn sanitize_fields(&self) -> &[Text] {
        &self.privacy.sanitize_fields
    }

    /// Secrets that are told by their looks and masked in every text; none by default.
    #[must_use]
    pub fn with_scrub_patterns(mut self, value: ScrubPatterns) -> Self {
        self.privacy.scrub_patterns = value;
        self.privacy.compile();
        self
    }

    /// The value of `scrub_patterns`.
    pub fn scrub_patterns(&self) -> ScrubPatterns {
        self.privacy.scrub_patterns
    }

    /// The largest request body that is sent; 10,000 bytes by default. A larger one is left out.
    #[must_use]
    pub fn with_max_request_body_size(mut self, value: MaxRequestBodySize) -> Self {
        self.privacy.max_request_body_size = value;
        self.privacy.compile();
        self
    }

    /// The value of `max_request_body_size`.
    pub fn max_request_body_size(&self) -> MaxRequestBodySize {
        self.privacy.max_request_body_size
    }

    /// The rules of masking.
    pub(crate) fn scrubber(&self) -> &Scrubber {
        &self.privacy.scrubber
    }

    /// Says what cannot both hold; once, when the client is made.
    pub(crate) fn explain_privacy(&self) {
        if self.privacy.data_collection.is_some() && self.privacy.send_default_pii.is_some() {
            let line = "`data_collection` and `send_default_pii` are both given: `data_collection` decides";
            self.diagnostics().say(|| line.to_owned());
        }
    }
}
