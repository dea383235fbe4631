//! Hooks: functions of the application that the core calls while it captures.
//!
//! A hook runs on the thread that captures, inside the call that captures, so no reference to it is ever kept: the
//! capturing call brings one JavaScript function, the dispatcher, which knows the hooks. Its answer is text:
//!
//! | answer | meaning |
//! |---|---|
//! | `null` | drop the item |
//! | starts with `{` | the item, perhaps changed |
//! | starts with `?` | the hook answers later (a promise) |
//! | starts with `!` | the hook failed; the rest says how |

use std::cell::Cell;
use std::sync::Arc;

use napi::bindgen_prelude::{FnArgs, FromNapiValue, Function, JsValue, Null};
use napi::{Either, sys};
use serde::Serialize;
use serde::de::DeserializeOwned;
use watchpost_bindings::parse;
use watchpost_core::{BreadcrumbHook, EventHook, HookFailure, HookOutcome};

use crate::attach::take_added;

/// The dispatcher: which hook, the item as JSON.
pub(crate) type Dispatcher<'env> = Function<'env, FnArgs<(u32, String)>, Either<String, Null>>;

/// Which hook the dispatcher is to call. The numbers are known to JavaScript.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hook {
    /// The event processors of the three scopes.
    Processors = 0,
    /// `beforeSend`.
    BeforeSend = 1,
    /// `beforeBreadcrumb`.
    BeforeBreadcrumb = 2,
    /// `tracesSampler`; its answer is a number.
    TracesSampler = 3,
    /// `beforeSendTransaction`.
    BeforeSendTransaction = 4,
    /// `beforeSendSpan`.
    BeforeSendSpan = 5,
    /// `beforeSendLog`.
    BeforeSendLog = 6,
    /// `beforeSendMetric`.
    BeforeSendMetric = 7,
    /// `beforeSendCheckIn`.
    BeforeSendCheckIn = 8,
    /// `beforeSendFeedback`.
    BeforeSendFeedback = 9,
    /// `errorSampler`; its answer is a number.
    ErrorSampler = 10,
}

thread_local! {
    /// The dispatcher of the capture under way on this thread.
    static CALL: Cell<Option<(sys::napi_env, sys::napi_value)>> = const { Cell::new(None) };
}

/// Runs a capture whose hooks go through `dispatcher`.
pub(crate) fn with_dispatcher<T>(dispatcher: Option<&Dispatcher<'_>>, capture: impl FnOnce() -> T) -> T {
    struct Restore(Option<(sys::napi_env, sys::napi_value)>);
    impl Drop for Restore {
        fn drop(&mut self) {
            CALL.with(|call| call.set(self.0));
        }
    }
    let handle = dispatcher.map(|function| (function.value().env, function.value().value));
    let _restore = Restore(CALL.with(|call| call.replace(handle)));
    capture()
}

/// The core's form of a hook on events.
pub(crate) fn event_hook(hook: Hook) -> EventHook {
    Arc::new(move |event, hint| {
        let outcome = through(hook, "event", &event.into_hook_form());
        take_added().into_iter().for_each(|attachment| hint.add_attachment(attachment));
        outcome
    })
}

/// The core's form of a hook on breadcrumbs.
pub(crate) fn breadcrumb_hook(hook: Hook) -> BreadcrumbHook {
    Arc::new(move |crumb, _| through(hook, "breadcrumb", &crumb))
}

fn through<T: Serialize + DeserializeOwned>(hook: Hook, name: &'static str, item: &T) -> HookOutcome<T> {
    let json = serde_json::to_string(item).map_err(|error| HookFailure::new(error.to_string()))?;
    let Some(answer) = dispatch(hook, json)? else { return Ok(None) };
    match answer.as_bytes().first() {
        Some(b'?') => Err(HookFailure::deferred()),
        Some(b'!') => Err(HookFailure::new(&answer[1..])),
        _ => parse(name, &answer).map(Some).map_err(|error| {
            HookFailure::new(format!("it answered with something else than a {name}: {error}"))
        }),
    }
}

/// Calls the dispatcher.
pub(crate) fn dispatch(hook: Hook, json: String) -> Result<Option<String>, HookFailure> {
    let Some((env, function)) = CALL.with(Cell::get) else {
        return Err(HookFailure::new("it belongs to another thread"));
    };
    #[expect(unsafe_code, reason = "the dispatcher travels through the core, which knows no JavaScript")]
    // SAFETY: `with_dispatcher` set the handle in a native call that is still running on this very thread, so the
    // environment and the handle scope that the function belongs to are alive.
    let function = unsafe { Dispatcher::from_napi_value(env, function) };
    let answer = function.and_then(|function| function.call((hook as u32, json).into()));
    match answer {
        Ok(Either::A(text)) => Ok(Some(text)),
        Ok(Either::B(Null)) => Ok(None),
        Err(error) => Err(HookFailure::new(error.reason.clone())),
    }
}
