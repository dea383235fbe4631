//! Spans of OpenTelemetry: what `watchpost/opentelemetry` stands on.

use napi_derive::napi;
use watchpost_bindings::{HostOtelEnd, HostOtelSpan, HostSpan, guard, parse};
use watchpost_core::{OtelRemote, Result, Span};

use crate::call::{Dispatcher, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::{NativeScope, reason};
use crate::signals::with_scopes;
use crate::span::NativeSpan;

#[napi]
impl NativeClient {
    /// Starts ours for a span of OpenTelemetry, given as JSON: a child of `parent`, or a transaction.
    #[napi]
    pub fn start_otel_span(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        json: String,
        parent: Option<&NativeSpan>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> NativeSpan {
        let start = || -> Result<HostSpan> {
            let given: HostOtelSpan = parse("span", &json)?;
            if let Some(parent) = parent {
                return given.child_of(&parent.0);
            }
            let given = given.into_transaction(&self.host)?;
            with_scopes(isolation, current, |scopes| self.host.start_transaction(given, scopes))
        };
        let started = guard(|| match with_dispatcher(dispatcher.as_ref(), start) {
            Ok(span) => Some(span),
            Err(error) => {
                let say = || format!("a span of OpenTelemetry was not followed: {error}");
                self.host.options().client.diagnostics().say(say);
                None
            }
        });
        NativeSpan::of(started.flatten().unwrap_or_else(|| HostSpan::from_span(Span::disabled())))
    }
}

#[napi]
impl NativeSpan {
    /// Says what is known of a span of OpenTelemetry when it has ended, from JSON; to be ended after that.
    #[napi]
    pub fn describe_otel(&self, json: String) -> Option<String> {
        reason(|| {
            if self.0.span().is_recording() {
                self.0.describe_otel(parse::<HostOtelEnd>("span", &json)?);
            }
            Ok(())
        })
    }

    /// Trace, span, and `1` or `0` for the decision of a `sentry-trace`.
    #[napi]
    pub fn otel_remote(header: String) -> Option<Vec<String>> {
        let remote = guard(|| OtelRemote::parse(&header)).flatten()?;
        let sampled = u8::from(remote.sampled).to_string();
        Some(vec![remote.trace_id.to_string(), remote.span_id.to_string(), sampled])
    }
}
