//! The options that are functions.

use watchpost_core::{BreadcrumbHook, ErrorSampler, EventHook};

use super::HostOptions;

/// Options that are functions; a host takes them out before it hands over the rest.
pub(super) const FUNCTIONS: [&str; 11] = [
    "before_send",
    "before_breadcrumb",
    "before_send_transaction",
    "before_send_span",
    "before_send_log",
    "before_send_metric",
    "before_send_check_in",
    "before_send_feedback",
    "event_processor",
    "error_sampler",
    "traces_sampler",
];

impl HostOptions {
    /// A `before_send` hook.
    #[must_use]
    pub fn with_before_send(mut self, hook: EventHook) -> Self {
        self.client = self.client.with_before_send_hook(hook);
        self
    }

    /// A `before_breadcrumb` hook.
    #[must_use]
    pub fn with_before_breadcrumb(mut self, hook: BreadcrumbHook) -> Self {
        self.client = self.client.with_before_breadcrumb_hook(hook);
        self
    }

    /// An event processor that holds for all of the client's events.
    #[must_use]
    pub fn with_event_processor(mut self, processor: EventHook) -> Self {
        self.client = self.client.with_event_processor(processor);
        self
    }

    /// An `error_sampler`.
    #[must_use]
    pub fn with_error_sampler(mut self, sampler: ErrorSampler) -> Self {
        self.client = self.client.with_error_sampler_hook(sampler);
        self
    }
}
