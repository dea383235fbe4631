//! Options that decide which errors are sent.

use std::fmt;
use std::sync::Arc;

use super::ClientOptions;
use crate::hook::{ErrorSampler, Hint, HookFailure};
use crate::protocol::Event;
use crate::tracing::Pattern;

#[derive(Clone, Default)]
pub(super) struct FilterOptions {
    ignore_errors: Vec<Pattern>,
    error_sampler: Option<ErrorSampler>,
}

impl fmt::Debug for FilterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterOptions")
            .field("ignore_errors", &self.ignore_errors)
            .field("error_sampler", &self.error_sampler.is_some())
            .finish()
    }
}

impl ClientOptions {
    /// Errors and messages that are dropped: by a type's full name, by text that occurs in `type: value` or in the
    /// message, or by a regular expression that matches the type, the value, `type: value` or the message. Of a chain of exceptions the one that was caught
    /// counts.
    ///
    /// ```
    /// use watchpost_core::{ClientOptions, Pattern};
    ///
    /// let options = ClientOptions::new()
    ///     .with_ignore_errors([Pattern::from("BrokenPipe"), Pattern::regex(r"^timeout after \d+ s$")?]);
    /// # let _ = options;
    /// # Ok::<(), watchpost_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_ignore_errors<P: Into<Pattern>>(mut self, rules: impl IntoIterator<Item = P>) -> Self {
        self.filters.ignore_errors = rules.into_iter().map(Into::into).collect();
        self
    }

    /// The value of `ignore_errors`.
    pub fn ignore_errors(&self) -> &[Pattern] {
        &self.filters.ignore_errors
    }

    /// A function that gives the share of errors like this one that is sent, from 0 to 1. Wins over `sample_rate`, and
    /// sees the event as it would be sent, before secrets are removed.
    #[must_use]
    pub fn with_error_sampler(self, sampler: impl Fn(&Event, &Hint) -> f64 + Send + Sync + 'static) -> Self {
        let sampler =
            move |event: &Event, hint: &Hint| -> Result<f64, HookFailure> { Ok(sampler(event, hint)) };
        self.with_error_sampler_hook(Arc::new(sampler))
    }

    /// As [`with_error_sampler`](Self::with_error_sampler), for hosts whose samplers can fail.
    #[must_use]
    pub fn with_error_sampler_hook(mut self, sampler: ErrorSampler) -> Self {
        self.filters.error_sampler = Some(sampler);
        self
    }

    pub(crate) fn error_sampler(&self) -> Option<&ErrorSampler> {
        self.filters.error_sampler.as_ref()
    }
}
