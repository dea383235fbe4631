//! Traces: how they start here, come in and go on.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use napi_derive::napi;
use watchpost_bindings::{HostSpan, HostTransaction, guard};
use watchpost_core::{Span, Timestamp, TraceHeaders, TransactionSource};

use crate::call::{Dispatcher, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::NativeScope;
use crate::signals::with_scopes;
use crate::span::{NativeSpan, attributes_of, links_of};
use crate::words::Words;

#[napi]
impl NativeClient {
    /// Starts a transaction; start in seconds since 1970, attributes, what is for the sampler alone, and links as JSON.
    /// With a `parent` it belongs to that span's trace.
    #[napi]
    pub fn start_transaction(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        #[napi(ts_arg_type = "string | undefined")] name: Words,
        #[napi(ts_arg_type = "string | undefined")] op: Words,
        #[napi(ts_arg_type = "string | undefined")] source: Words,
        #[napi(ts_arg_type = "string | undefined")] origin: Words,
        sampled: Option<bool>,
        start: Option<f64>,
        #[napi(ts_arg_type = "string | undefined")] attributes: Words,
        #[napi(ts_arg_type = "string | undefined")] sampling_context: Words,
        #[napi(ts_arg_type = "string | undefined")] links: Words,
        parent: Option<&NativeSpan>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> NativeSpan {
        let started = guard(|| {
            let given = HostTransaction {
                name: name.as_str().to_owned(),
                op: op.as_str().to_owned(),
                // What is none is as if it were not said: the transaction matters more.
                source: source.non_empty().filter(|text| is_source(text)).map(str::to_owned),
                origin: origin.non_empty().map(str::to_owned),
                sampled,
                start: start.filter(|seconds| Timestamp::from_seconds(*seconds).is_some()),
                attributes: attributes_of(attributes.as_str()),
                sampling_context: attributes_of(sampling_context.as_str()),
                parent: parent.and_then(|parent| self.host.trace_of(&parent.0)),
                links: links_of(links.as_str()),
                span_id: None,
            };
            let start =
                || with_scopes(isolation, current, |scopes| self.host.start_transaction(given, scopes));
            match with_dispatcher(dispatcher.as_ref(), start) {
                Ok(span) => Some(span),
                Err(error) => {
                    let say = || format!("a transaction could not be started: {error}");
                    self.host.options().client.diagnostics().say(say);
                    None
                }
            }
        });
        NativeSpan::of(started.flatten().unwrap_or_else(|| HostSpan::from_span(Span::disabled())))
    }

    /// Continues, in that scope, the trace of these headers: names and values in turn. Without one a trace starts.
    #[napi]
    pub fn continue_trace(&self, scope: &NativeScope, headers: Vec<String>) {
        guard(|| {
            let pairs = headers.chunks_exact(2).filter_map(|pair| Some((pair.first()?, pair.get(1)?)));
            self.host.continue_trace(pairs, &scope.0);
        });
    }

    /// Starts another trace in that scope.
    #[napi]
    pub fn start_new_trace(&self, scope: &NativeScope) {
        guard(|| self.host.client().start_new_trace(scope.shared()));
    }

    /// Continues the trace of the process that started this one, if it sent one along.
    #[napi]
    pub fn continue_from_environment(&self, scope: &NativeScope) {
        guard(|| self.host.continue_from_environment(|name| std::env::var(name).ok(), &scope.0));
    }

    /// The values of `sentry-trace`, `baggage` and, if it is asked for, `traceparent`. For a request to `url` nothing if it
    /// is not to carry the trace; `baggage` is what the request has already.
    #[napi]
    pub fn trace_headers(
        &self,
        isolation: &NativeScope,
        current: Option<&NativeScope>,
        url: Option<String>,
        baggage: Option<String>,
    ) -> Option<Vec<String>> {
        guard(|| {
            with_scopes(isolation, current, |scopes| {
                self.host.trace_headers(url.as_deref(), baggage.as_deref(), scopes).map(values)
            })
        })
        .flatten()
    }

    /// The same with this span as the parent on the other side; `baggage` is what goes along already.
    #[napi]
    pub fn span_headers(&self, span: &NativeSpan, baggage: Option<String>) -> Vec<String> {
        guard(|| values(self.host.span_headers(&span.0, baggage.as_deref()))).unwrap_or_default()
    }
}

fn is_source(text: &str) -> bool {
    TransactionSource::parse(text).is_some()
}

fn values(headers: TraceHeaders) -> Vec<String> {
    [headers.sentry_trace, headers.baggage].into_iter().chain(headers.traceparent).collect()
}
