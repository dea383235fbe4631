//! Options that decide which errors are sent.

use std::fmt;
use std::sync::Arc;

use super::ClientOptions;
use crate::hook::{ErrorSampler, Hint, HookFailure};
use crate::protocol::Event;

#[derive(Clone, Default)]
pub(super) struct FilterOptions {
    error_sampler: Option<ErrorSampler>,
}

impl fmt::Debug for FilterOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FilterOptions").field("error_sampler", &self.error_sampler.is_some()).finish()
    }
}

impl ClientOptions {
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
