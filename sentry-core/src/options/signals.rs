//! Options of logs, metrics, check-ins, feedback and attachments, and of the user's consent.

use std::sync::Arc;

use super::ClientOptions;
use crate::hook::{CheckInHook, EventHook, Hint, LogHook, MetricHook};
use crate::protocol::{CheckIn, Event, Log, Metric};

/// The part of [`ClientOptions`] that this file is about.
#[derive(Clone)]
pub(super) struct SignalsOptions {
    enable_logs: bool,
    enable_metrics: bool,
    require_consent: bool,
    max_attachment_size: u64,
    before_send_log: Option<LogHook>,
    before_send_metric: Option<MetricHook>,
    before_send_check_in: Option<CheckInHook>,
    before_send_feedback: Option<EventHook>,
}

impl Default for SignalsOptions {
    fn default() -> Self {
        Self {
            enable_logs: false,
            enable_metrics: true,
            require_consent: false,
            max_attachment_size: 20 * 1024 * 1024,
            before_send_log: None,
            before_send_metric: None,
            before_send_check_in: None,
            before_send_feedback: None,
        }
    }
}

/// A setter and the getter of the same field.
macro_rules! plain {
    ($($(#[$doc:meta])* $set:ident / $get:ident: $type:ty;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $set(mut self, value: $type) -> Self {
                self.signals.$get = value;
                self
            }

            #[doc = concat!("The value of `", stringify!($get), "`.")]
            pub fn $get(&self) -> $type {
                self.signals.$get
            }
        )*
    };
}

/// A hook as a function that cannot fail, as one that can, and as the client asks for it.
macro_rules! hooks {
    ($($(#[$doc:meta])* $set:ident, $set_hook:ident, $get:ident: $item:ty => $hook:ty;)*) => {
        $(
            $(#[$doc])*
            #[must_use]
            pub fn $set(self, hook: impl Fn($item) -> Option<$item> + Send + Sync + 'static) -> Self {
                self.$set_hook(Arc::new(move |item| Ok(hook(item))))
            }

            #[doc = concat!("As [`", stringify!($set), "`](Self::", stringify!($set), "), for hosts whose hooks can fail.")]
            #[must_use]
            pub fn $set_hook(mut self, hook: $hook) -> Self {
                self.signals.$get = Some(hook);
                self
            }

            pub(crate) fn $get(&self) -> Option<&$hook> {
                self.signals.$get.as_ref()
            }
        )*
    };
}

impl ClientOptions {
    plain! {
        /// True sends what is written to the structured log; false by default.
        with_enable_logs / enable_logs: bool;
        /// False sends no metrics; true by default.
        with_enable_metrics / enable_metrics: bool;
        /// True collects nothing until [`Client::set_consent`](crate::Client::set_consent) says that the user agrees:
        /// nothing is sent, written to disk or kept, and nothing is counted. False by default.
        with_require_consent / require_consent: bool;
        /// The largest attachment that is sent, in bytes; 20 MiB by default. A larger one is dropped and counted.
        with_max_attachment_size / max_attachment_size: u64;
    }

    hooks! {
        /// A function that sees each log line last, may change it, and drops it with `None`.
        with_before_send_log, with_before_send_log_hook, before_send_log: Log => LogHook;
        /// A function that sees each metric last, may change it, and drops it with `None`.
        with_before_send_metric, with_before_send_metric_hook, before_send_metric: Metric => MetricHook;
        /// A function that sees each check-in last, may change it, and drops it with `None`.
        with_before_send_check_in, with_before_send_check_in_hook, before_send_check_in: CheckIn => CheckInHook;
    }

    /// A function that sees each feedback last, may change it, and drops it with `None`. `before_send` never does.
    #[must_use]
    pub fn with_before_send_feedback(
        self,
        hook: impl Fn(Event, &Hint) -> Option<Event> + Send + Sync + 'static,
    ) -> Self {
        self.with_before_send_feedback_hook(Arc::new(move |event, hint: &Hint| Ok(hook(event, hint))))
    }

    /// As [`with_before_send_feedback`](Self::with_before_send_feedback), for hosts whose hooks can fail.
    #[must_use]
    pub fn with_before_send_feedback_hook(mut self, hook: EventHook) -> Self {
        self.signals.before_send_feedback = Some(hook);
        self
    }

    pub(crate) fn before_send_feedback(&self) -> Option<&EventHook> {
        self.signals.before_send_feedback.as_ref()
    }
}
