//! The options of logs, metrics, check-ins, feedback, attachments and consent.

use std::sync::Arc;

use watchpost_core::{ClientOptions, Result};

use super::{Given, HostOptions};
use crate::hook::{HostHook, check_in_hook, event_hook, log_hook, metric_hook};

/// The client's options with this one, if it is one of these.
pub(super) fn set(client: ClientOptions, option: &Given<'_>) -> Result<ClientOptions> {
    Ok(match option.name {
        "enable_logs" => client.with_enable_logs(option.flag()?),
        "enable_metrics" => client.with_enable_metrics(option.flag()?),
        "require_consent" => client.with_require_consent(option.flag()?),
        "max_attachment_size" => client.with_max_attachment_size(option.count("20971520")? as u64),
        _ => client,
    })
}

impl HostOptions {
    /// A `before_send_log` hook.
    #[must_use]
    pub fn with_before_send_log(mut self, hook: Arc<dyn HostHook>) -> Self {
        self.client = self.client.with_before_send_log_hook(log_hook(hook));
        self
    }

    /// A `before_send_metric` hook.
    #[must_use]
    pub fn with_before_send_metric(mut self, hook: Arc<dyn HostHook>) -> Self {
        self.client = self.client.with_before_send_metric_hook(metric_hook(hook));
        self
    }

    /// A `before_send_check_in` hook.
    #[must_use]
    pub fn with_before_send_check_in(mut self, hook: Arc<dyn HostHook>) -> Self {
        self.client = self.client.with_before_send_check_in_hook(check_in_hook(hook));
        self
    }

    /// A `before_send_feedback` hook.
    #[must_use]
    pub fn with_before_send_feedback(mut self, hook: Arc<dyn HostHook>) -> Self {
        self.client = self.client.with_before_send_feedback_hook(event_hook(hook));
        self
    }
}
