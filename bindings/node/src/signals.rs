//! Logs, metrics, check-ins and feedback.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use napi_derive::napi;
use watchpost_bindings::{global_scope, guard};
use watchpost_core::{EventId, Hint, Result, Scopes, SharedScope};

use crate::call::{Dispatcher, Hook, event_hook, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::{NativeScope, reason};
use crate::words::Words;

#[napi]
impl NativeClient {
    /// True if log lines can lead anywhere.
    #[napi(getter)]
    pub fn logs_enabled(&self) -> bool {
        self.host.logs_enabled()
    }

    /// Writes a line of the structured log; attributes as a JSON object, parameters of the template as a JSON list. The
    /// answer is why it was refused.
    #[napi]
    pub fn log(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        #[napi(ts_arg_type = "string")] level: Words,
        #[napi(ts_arg_type = "string")] body: Words,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "string | undefined")] template: Words,
        #[napi(ts_arg_type = "string | undefined")] parameters: Words,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Option<String> {
        let template = template.non_empty().map(|template| (template, parameters.as_str()));
        within(isolation, current, dispatcher.as_ref(), |scopes| {
            self.host.log(level.as_str(), body.as_str(), template, attributes.as_str(), scopes)
        })
    }

    /// Notes a measurement; attributes as a JSON object. The answer is why it was refused.
    #[napi]
    pub fn metric(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        #[napi(ts_arg_type = "string")] kind: Words,
        #[napi(ts_arg_type = "string")] name: Words,
        value: f64,
        #[napi(ts_arg_type = "string | undefined")] unit: Words,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Option<String> {
        within(isolation, current, dispatcher.as_ref(), |scopes| {
            self.host.metric(
                kind.as_str(),
                name.as_str(),
                value,
                unit.non_empty(),
                attributes.as_str(),
                scopes,
            )
        })
    }

    /// Captures a check-in from JSON. Its id; nothing if it was dropped; after a `!` why it was refused.
    #[napi]
    pub fn capture_check_in(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        json: String,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Option<String> {
        answer(|| {
            with_scopes(isolation, current, |scopes| {
                with_dispatcher(dispatcher.as_ref(), || self.host.capture_check_in_json(&json, scopes))
            })
        })
    }

    /// Captures feedback from JSON. The answer is that of a check-in.
    #[napi]
    pub fn capture_feedback(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        processors: bool,
        json: String,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Option<String> {
        answer(|| {
            with_scopes(isolation, current, |scopes| {
                let forked = scopes.current.fork();
                if processors {
                    forked.update(|scope| scope.add_event_processor(event_hook(Hook::Processors)));
                }
                let scopes = Scopes { current: &forked, ..scopes };
                with_dispatcher(dispatcher.as_ref(), || {
                    self.host.capture_feedback_json(&json, &Hint::default(), scopes)
                })
            })
        })
    }

    /// The client's time in seconds since 1970.
    #[napi]
    pub fn now(&self) -> f64 {
        self.host.client().now().seconds()
    }
}

/// Runs something with the three scopes.
pub(crate) fn with_scopes<T>(
    isolation: &NativeScope,
    current: Option<&NativeScope>,
    run: impl FnOnce(Scopes<'_>) -> T,
) -> T {
    let empty = SharedScope::new();
    let current = current.map_or(&empty, NativeScope::shared);
    run(Scopes { global: global_scope(), isolation: isolation.shared(), current })
}

fn within(
    isolation: &NativeScope,
    current: Option<&NativeScope>,
    dispatcher: Option<&Dispatcher<'_>>,
    note: impl FnOnce(Scopes<'_>) -> Result<()>,
) -> Option<String> {
    reason(|| with_scopes(isolation, current, |scopes| with_dispatcher(dispatcher, || note(scopes))))
}

fn answer(capture: impl FnOnce() -> Result<Option<EventId>>) -> Option<String> {
    match guard(capture) {
        Some(Ok(id)) => id.map(|id| id.to_string()),
        Some(Err(error)) => Some(format!("!{error}")),
        None => Some("!it panicked".to_owned()),
    }
}
