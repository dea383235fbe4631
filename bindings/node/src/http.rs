//! Requests that the application answers or makes.
#![expect(clippy::too_many_arguments, reason = "an object would cost a property access for each")]

use napi_derive::napi;
use watchpost_bindings::{CallTraces, HostCall, HostExchange, HostHead, guard};

use crate::call::{Dispatcher, with_dispatcher};
use crate::client::NativeClient;
use crate::scope::NativeScope;
use crate::span::NativeSpan;

/// A request that is being answered: its session, and its transaction.
#[napi]
#[derive(Debug)]
pub struct NativeExchange(HostExchange);

/// A request that the application makes.
#[napi]
#[derive(Debug)]
pub struct NativeCall(HostCall);

/// What takes a trace along.
#[napi(object)]
#[derive(Debug)]
pub struct CarriedTrace {
    /// The value of `sentry-trace`.
    pub sentry_trace: String,
    /// The value of `baggage`, with what others had put there.
    pub baggage: String,
    /// The value of `traceparent`, where the option asks for it.
    pub traceparent: Option<String>,
}

#[napi]
impl NativeClient {
    /// True if requests are to be told of though no trace came along: for transactions, or to be counted as sessions.
    #[napi(getter)]
    pub fn follows_requests(&self) -> bool {
        let options = &self.host.options().client;
        options.is_tracing_on() || (options.release().is_some() && options.auto_session_tracking())
    }

    /// Bytes of a request's body that are kept while the application reads it; 0 where none are collected.
    #[napi(getter)]
    pub fn body_limit(&self) -> f64 {
        let options = &self.host.options().client;
        let wanted = options.data_collection().http_bodies.incoming_request;
        // As large as an event may be where there is no limit.
        let most = u32::try_from(options.max_request_body_size().bytes()).unwrap_or(1 << 20);
        if wanted { f64::from(most) } else { 0.0 }
    }

    /// Begins a request with scopes of its own. The last three are headers of a trace that came along.
    #[napi]
    pub fn begin_exchange(
        &self,
        isolation: &NativeScope,
        current: &NativeScope,
        method: String,
        path: String,
        origin: String,
        sentry_trace: Option<String>,
        baggage: Option<String>,
        traceparent: Option<String>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) -> Option<NativeExchange> {
        let begin = || {
            let carried =
                [("sentry-trace", sentry_trace), ("baggage", baggage), ("traceparent", traceparent)];
            let carried = carried.into_iter().filter_map(|(name, value)| Some((name, value?)));
            let head = HostHead { method: &method, path: &path, route: None, origin: &origin };
            HostExchange::begin(&self.host, head, carried, isolation.host(), current.host())
        };
        guard(|| with_dispatcher(dispatcher.as_ref(), begin)).flatten().map(NativeExchange)
    }

    /// Begins a request of the application's, as a span and a breadcrumb where these are wanted. Nothing if it is none of the SDK's
    /// business.
    #[napi]
    pub fn begin_call(
        &self,
        isolation: &NativeScope,
        current: &NativeScope,
        method: String,
        url: String,
        origin: String,
        span: bool,
        breadcrumb: bool,
    ) -> Option<NativeCall> {
        let traces = CallTraces { span, breadcrumb };
        guard(|| {
            HostCall::begin(&self.host, &method, &url, &origin, traces, isolation.host(), current.host())
        })
        .flatten()
        .map(NativeCall)
    }
}

#[napi]
impl NativeExchange {
    /// Its transaction. It is to be ended before the exchange is.
    #[napi(getter)]
    pub fn span(&self) -> NativeSpan {
        NativeSpan::of(self.0.span())
    }

    /// The route is known now.
    #[napi]
    pub fn routed(&self, route: String) {
        guard(|| self.0.routed(&route));
    }

    /// The answer is on its way.
    #[napi]
    pub fn answered(&mut self, status: u16) {
        guard(|| self.0.answered(status));
    }

    /// The client went away before the answer.
    #[napi]
    pub fn cancelled(&mut self) {
        guard(|| self.0.cancelled());
    }
}

#[napi]
impl NativeCall {
    /// The headers to be set, if it may carry the trace; `baggage` is what the request has already.
    #[napi]
    pub fn headers(&self, baggage: Option<String>) -> Option<CarriedTrace> {
        let headers = guard(|| self.0.headers(baggage.as_deref())).flatten()?;
        Some(CarriedTrace {
            sentry_trace: headers.sentry_trace,
            baggage: headers.baggage,
            traceparent: headers.traceparent,
        })
    }

    /// It has ended; without a status if there was no answer.
    #[napi]
    pub fn finish(
        &mut self,
        status: Option<u16>,
        #[napi(ts_arg_type = "((hook: number, json: string) => string | null) | undefined | null")]
        dispatcher: Option<Dispatcher<'_>>,
    ) {
        guard(|| with_dispatcher(dispatcher.as_ref(), || self.0.finish(status)));
    }
}
