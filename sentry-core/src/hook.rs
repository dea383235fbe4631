//! Functions of the application that the core calls, and what their failures mean.

use std::any::Any;
use std::cell::Cell;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::attachment::Attachment;
use crate::diagnostics::Diagnostics;
use crate::fork::ForkLock;
use crate::protocol::{Breadcrumb, CheckIn, Event, Log, Metric};

/// What a hook answers: the item, perhaps changed; `None` to drop it; or that it failed, which also drops it.
pub type HookOutcome<T> = Result<Option<T>, HookFailure>;
/// A `before_send` hook or an event processor. Called on the capturing thread, with no lock held. It may block, at the
/// caller's expense. A capture from inside a hook is refused.
pub type EventHook = Arc<dyn Fn(Event, &Hint) -> HookOutcome<Event> + Send + Sync>;
/// A `before_breadcrumb` hook. The same rules as for [`EventHook`].
pub type BreadcrumbHook = Arc<dyn Fn(Breadcrumb, &Hint) -> HookOutcome<Breadcrumb> + Send + Sync>;
/// A `before_send_log` hook. The same rules as for [`EventHook`].
pub type LogHook = Arc<dyn Fn(Log) -> HookOutcome<Log> + Send + Sync>;
/// A `before_send_metric` hook. The same rules as for [`EventHook`].
pub type MetricHook = Arc<dyn Fn(Metric) -> HookOutcome<Metric> + Send + Sync>;
/// A `before_send_check_in` hook. The same rules as for [`EventHook`].
pub type CheckInHook = Arc<dyn Fn(CheckIn) -> HookOutcome<CheckIn> + Send + Sync>;

/// A hook threw, panicked or answered with the wrong type: the item is dropped and counted as if the hook had said
/// so (callback failure, published hooks spec 1.1.0).
#[derive(Debug)]
pub struct HookFailure {
    /// What went wrong, for the one diagnostic line.
    pub message: String,
    deferred: bool,
}

impl HookFailure {
    /// A failure with the host's own words.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), deferred: false }
    }

    /// The hook will answer later (a promise): the item is neither sent nor counted now. Of `before_send`,
    /// `before_send_transaction` and event processors of errors and transactions; from another hook it is a failure. The host
    /// holds the event, calls the hooks that come after, and hands the answer to
    /// [`Client::resume_event`](crate::Client::resume_event), or says with
    /// [`Client::drop_deferred`](crate::Client::drop_deferred) that there is none.
    pub fn deferred() -> Self {
        Self { message: "it answers later".to_owned(), deferred: true }
    }

    pub(crate) fn is_deferred(&self) -> bool {
        self.deferred
    }
}

/// An `error_sampler`: the share of errors like this one that is sent, from 0 to 1. Called on the capturing thread, after
/// every other hook. A failure is as if it were not set.
pub type ErrorSampler = Arc<dyn Fn(&Event, &Hint) -> Result<f64, HookFailure> + Send + Sync>;

/// What a hook may look at beside the item: the host's original object, like the exception.
#[derive(Default)]
pub struct Hint {
    original: Option<Box<dyn Any + Send + Sync>>,
    attachments: Vec<Attachment>,
    /// What hooks have added.
    added: ForkLock<Vec<Attachment>>,
}

impl Hint {
    /// A hint with nothing in it, that need not be made.
    pub fn none() -> &'static Self {
        static NONE: Hint =
            Hint { original: None, attachments: Vec::new(), added: ForkLock::new(Vec::new()) };
        &NONE
    }

    /// A hint that carries the host's original object.
    pub fn with_original(original: impl Any + Send + Sync) -> Self {
        Self { original: Some(Box::new(original)), ..Self::default() }
    }

    /// The same with a file that goes with this one event.
    #[must_use]
    pub fn with_attachment(mut self, attachment: Attachment) -> Self {
        self.attachments.push(attachment);
        self
    }

    /// The files that go with this one event.
    pub fn attachments(&self) -> &[Attachment] {
        &self.attachments
    }

    /// Adds a file that goes with this one event. For hooks, which see the hint before anything is read or sent.
    pub fn add_attachment(&self, attachment: Attachment) {
        // That one is everybody's, and goes with no event.
        if !std::ptr::eq(self, Self::none()) {
            self.added.with(|added| added.push(attachment));
        }
    }

    /// The files that hooks have added.
    pub(crate) fn added(&self) -> Vec<Attachment> {
        self.added.with(|added| added.clone())
    }

    /// The host's original object, if it is a `T`.
    pub fn original<T: Any>(&self) -> Option<&T> {
        self.original.as_ref()?.downcast_ref()
    }
}

impl fmt::Debug for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hint").field("original", &self.original.is_some()).finish()
    }
}

thread_local! {
    static IN_HOOK: Cell<bool> = const { Cell::new(false) };
}

/// True while this thread runs a hook: captures are refused, so that a hook cannot call itself for ever.
pub fn in_hook() -> bool {
    IN_HOOK.with(Cell::get)
}

/// Calls a hook; a panic becomes a failure.
pub(crate) fn call<T>(hook: impl FnOnce() -> HookOutcome<T>) -> HookOutcome<T> {
    struct Leave(bool);
    impl Drop for Leave {
        fn drop(&mut self) {
            IN_HOOK.with(|flag| flag.set(self.0));
        }
    }
    let _leave = Leave(IN_HOOK.with(|flag| flag.replace(true)));
    catch_unwind(AssertUnwindSafe(hook)).unwrap_or_else(|panic| Err(HookFailure::new(panic_text(&*panic))))
}

/// Runs foreign code that is no hook, like a `Display`, by the same rules: a panic ends here (`None`) and is no event, and
/// what it captures itself is refused.
pub fn contain<T>(code: impl FnOnce() -> T) -> Option<T> {
    call(|| Ok(Some(code()))).ok().flatten()
}

/// What a filter hook (`before_*`, a processor) decided.
#[derive(Debug)]
pub(crate) enum Verdict<T> {
    /// Go on with this.
    Keep(T),
    /// It said no, or it failed, which is the same: the caller counts the drop as the hook's.
    Drop,
    /// The host answers later; nothing is sent or counted now.
    Later,
}

/// Calls a filter hook by the rules that hold for all of them: a panic, an error or an answer of the wrong type drops
/// the item and says one line with the hook's name (callback failure, published hooks spec 1.1.0).
pub(crate) fn filter<T>(
    name: &str,
    diagnostics: &Diagnostics,
    hook: impl FnOnce() -> HookOutcome<T>,
) -> Verdict<T> {
    match call(hook) {
        Ok(Some(item)) => Verdict::Keep(item),
        Ok(None) => Verdict::Drop,
        Err(failure) if failure.is_deferred() => Verdict::Later,
        Err(failure) => {
            diagnostics.say(|| format!("{name} failed, its item is dropped: {}", failure.message));
            Verdict::Drop
        }
    }
}

/// Calls a sampler: a failure, or a rate that is none, is as if the sampler were not set, and says one line.
pub(crate) fn sample(
    name: &str,
    diagnostics: &Diagnostics,
    hook: impl FnOnce() -> Result<f64, HookFailure>,
) -> Option<f64> {
    match call(|| hook().map(Some)) {
        Ok(Some(rate)) if (0.0..=1.0).contains(&rate) => Some(rate),
        Ok(rate) => {
            let rate = rate.unwrap_or(f64::NAN);
            diagnostics.say(|| {
                format!("{name} answered with {rate}, which is no rate between 0 and 1; it is ignored")
            });
            None
        }
        Err(failure) => {
            diagnostics.say(|| format!("{name} failed, it is ignored: {}", failure.message));
            None
        }
    }
}

/// The words of a panic.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("it panicked: {}", text.unwrap_or("(no message)"))
}
