//! The hooks of a client, in the forms that the core takes.

use std::cell::Cell;
use std::sync::Arc;

use watchpost_bindings::{HostHook, HostOptions, error_sampler, span_hook, traces_sampler};
use watchpost_core::Hint;

use crate::call::{Dispatcher, Hook, breadcrumb_hook, dispatch, event_hook, with_dispatcher};

impl Hook {
    const ALL: [Self; 11] = [
        Self::Processors,
        Self::BeforeSend,
        Self::BeforeBreadcrumb,
        Self::TracesSampler,
        Self::BeforeSendTransaction,
        Self::BeforeSendSpan,
        Self::BeforeSendLog,
        Self::BeforeSendMetric,
        Self::BeforeSendCheckIn,
        Self::BeforeSendFeedback,
        Self::ErrorSampler,
    ];
}

/// The options with the hooks of these numbers.
pub(crate) fn with_hooks(options: HostOptions, numbers: &[u32]) -> HostOptions {
    let hooks = Hook::ALL.into_iter().filter(|hook| numbers.contains(&(*hook as u32)));
    let mut options = hooks.fold(options, with_hook);
    // The processors of JavaScript's scopes: those of the moment when a transaction ends. An error brings them along in its
    // own scopes.
    let processors = event_hook(Hook::Processors);
    options.client = options.client.with_transaction_processor(processors, || PROCESSORS.with(Cell::get));
    options
}

fn with_hook(mut options: HostOptions, hook: Hook) -> HostOptions {
    let host = Arc::new(Dispatched(hook));
    match hook {
        Hook::Processors => options,
        Hook::BeforeSend => options.with_before_send(event_hook(hook)),
        Hook::BeforeBreadcrumb => options.with_before_breadcrumb(breadcrumb_hook(hook)),
        Hook::TracesSampler => options.with_traces_sampler(traces_sampler(host)),
        Hook::BeforeSendTransaction => options.with_before_send_transaction(event_hook(hook)),
        Hook::BeforeSendSpan => options.with_before_send_span(span_hook(host)),
        Hook::BeforeSendLog => options.with_before_send_log(host),
        Hook::BeforeSendMetric => options.with_before_send_metric(host),
        Hook::BeforeSendCheckIn => options.with_before_send_check_in(host),
        Hook::BeforeSendFeedback => options.with_before_send_feedback(host),
        Hook::ErrorSampler => {
            options.client = options.client.with_error_sampler_hook(error_sampler(host));
            options
        }
    }
}

thread_local! {
    /// There are processors for the transaction that ends on this thread.
    static PROCESSORS: Cell<bool> = const { Cell::new(false) };
}

/// Ends a span, with the hooks that the dispatcher knows; `processors` says whether scopes have any.
pub(crate) fn while_ending<T>(
    dispatcher: Option<&Dispatcher<'_>>,
    processors: bool,
    end: impl FnOnce() -> T,
) -> T {
    struct Restore(bool);
    impl Drop for Restore {
        fn drop(&mut self) {
            PROCESSORS.with(|flag| flag.set(self.0));
        }
    }
    let _restore = Restore(PROCESSORS.with(|flag| flag.replace(processors)));
    with_dispatcher(dispatcher, end)
}

/// A hook that the dispatcher of the call under way knows.
struct Dispatched(Hook);

impl HostHook for Dispatched {
    fn call(&self, item: String, _hint: &Hint) -> Result<Option<String>, String> {
        let answer = dispatch(self.0, item).map_err(|failure| failure.message)?;
        match answer.as_deref().map(|answer| answer.split_at_checked(1)) {
            Some(Some(("!", why))) => Err(why.to_owned()),
            Some(Some(("?", _))) => Err("it answered with a promise".to_owned()),
            _ => Ok(answer),
        }
    }
}
