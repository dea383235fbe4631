//! One request that a host makes: a span, a breadcrumb, and headers that take the trace along.

use std::sync::Arc;

use watchpost_core::{Hint, OutgoingRequest, Scopes, Span, SpanOptions, SpanStatus, Text, TraceHeaders};

use crate::client::HostClient;
use crate::process::global_scope;
use crate::scope::HostScope;

/// What a request that the application makes is told by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallTraces {
    /// A span, if one is active.
    pub span: bool,
    /// A breadcrumb, at its end.
    pub breadcrumb: bool,
}

impl CallTraces {
    /// Both.
    pub const ALL: Self = Self { span: true, breadcrumb: true };
}

/// A request on its way. One that is dropped before its end was given up.
#[derive(Debug)]
pub struct HostCall {
    client: Arc<HostClient>,
    method: String,
    url: String,
    origin: Text,
    isolation: HostScope,
    current: HostScope,
    span: Option<Span>,
    leaves_breadcrumb: bool,
    open: bool,
}

impl HostCall {
    /// Begins it. `None` if nothing is reported anyway, and for requests of the SDK to its own server.
    pub fn begin(
        client: &Arc<HostClient>,
        method: &str,
        url: &str,
        origin: &str,
        traces: CallTraces,
        isolation: &HostScope,
        current: &HostScope,
    ) -> Option<Self> {
        let request = OutgoingRequest::new(method, url);
        let core = client.client();
        if !core.is_enabled() || request.is_to_own_server(core) {
            return None;
        }
        let parent = current.shared().span().or_else(|| isolation.shared().span());
        let parent = parent.filter(|_| traces.span);
        let span = parent.and_then(|parent| {
            let options = SpanOptions::new("http.client", request.description()).origin(Text::from(origin));
            let span = parent.start_child_with(options);
            if span.is_same(parent) {
                return None;
            }
            if span.is_recording() {
                for (key, value) in request.attributes(core) {
                    span.set_data(key, value);
                }
            }
            Some(span)
        });
        Some(Self {
            client: Arc::clone(client),
            method: method.to_owned(),
            url: url.to_owned(),
            origin: Text::from(origin),
            isolation: isolation.clone(),
            current: current.clone(),
            span,
            leaves_breadcrumb: traces.breadcrumb,
            open: true,
        })
    }

    /// The headers to be set, if any; `baggage` is what the request has already.
    pub fn headers(&self, baggage: Option<&str>) -> Option<TraceHeaders> {
        let with_span;
        let current = match &self.span {
            Some(span) => {
                with_span = self.current.shared().with_span(Some(span.clone()));
                &with_span
            }
            None => self.current.shared(),
        };
        let scopes = Scopes { global: global_scope(), isolation: self.isolation.shared(), current };
        self.client.client().headers_for(&self.url, baggage, scopes)
    }

    /// It has ended; without a status if there was no answer.
    pub fn finish(&mut self, status: Option<u16>) {
        if !self.open {
            return;
        }
        self.open = false;
        if let Some(span) = self.span.take() {
            match status {
                Some(status) => span.set_http_status(status),
                None => span.set_status(SpanStatus::UnknownError),
            }
            span.finish();
        }
        if !self.leaves_breadcrumb {
            return;
        }
        let core = self.client.client();
        let mut crumb = OutgoingRequest::new(&self.method, &self.url).breadcrumb(core, status);
        crumb.origin = Some(self.origin.clone());
        core.add_breadcrumb(crumb, &Hint::default(), self.isolation.shared());
    }
}

impl Drop for HostCall {
    fn drop(&mut self) {
        if self.open
            && let Some(span) = self.span.take()
        {
            span.set_status(SpanStatus::Cancelled);
            span.finish();
        }
    }
}

#[cfg(test)]
mod tests {
    use watchpost_core::Value;

    use super::*;
    use crate::options::{HostOptions, NameStyle};
    use crate::testing::TestSetup;
    use crate::tracing::HostTransaction;

    fn client() -> Arc<HostClient> {
        let Value::Object(given) =
            serde_json::json!({"dsn": "https://key@errors.example/1", "traces_sample_rate": 1.0})
        else {
            panic!()
        };
        let options = HostOptions::parse(given, NameStyle::Snake, |_| None).unwrap();
        Arc::new(HostClient::start_testing(options, TestSetup::new(0.0, 1)))
    }

    #[test]
    fn a_call_is_a_span_a_breadcrumb_and_headers() {
        let client = client();
        let (isolation, current) = (HostScope::new(), HostScope::new());
        let scopes =
            Scopes { global: global_scope(), isolation: isolation.shared(), current: current.shared() };
        let given = HostTransaction { name: "job".into(), op: "task".into(), ..HostTransaction::default() };
        let transaction = client.start_transaction(given, scopes).unwrap();
        let current = current.with_span(Some(&transaction));
        let told = |url, traces| {
            HostCall::begin(&client, "GET", url, "auto.http.test", traces, &isolation, &current)
        };
        let begin = |url| told(url, CallTraces::ALL);
        let mut call = begin("https://ada:pw@stock.example/a?x=1").unwrap();
        let headers = call.headers(Some("other=1")).unwrap();
        assert!(headers.baggage.starts_with("other=1,sentry-"), "{headers:?}");
        call.finish(Some(404));
        assert!(begin("https://errors.example/api/1/envelope/").is_none());
        drop(begin("https://stock.example/b"));
        let quiet = CallTraces { span: false, breadcrumb: false };
        let mut call = told("https://stock.example/quiet", quiet).unwrap();
        assert!(call.headers(None).is_some());
        call.finish(Some(200));
        let scopes =
            Scopes { global: global_scope(), isolation: isolation.shared(), current: current.shared() };
        client.capture_message("end", None, scopes).unwrap();
        transaction.finish(None).unwrap();

        let sent: Value = serde_json::from_str(&client.take_recorded_json()).unwrap();
        let crumb = &sent[0]["items"][0]["payload"]["breadcrumbs"]["values"][0];
        assert_eq!((&crumb["category"], &crumb["level"]), (&"http".into(), &"warning".into()), "{sent}");
        assert_eq!(crumb["data"]["url"], "https://stock.example/a");
        assert_eq!(crumb["data"]["http.response.status_code"], 404);
        assert_eq!(sent[0]["items"][0]["payload"]["breadcrumbs"]["values"][1], Value::Null);
        let spans = &sent[1]["items"][0]["payload"]["spans"];
        assert_eq!(spans[2], Value::Null);
        assert_eq!(spans[0]["description"], "GET https://stock.example/a");
        assert_eq!((&spans[0]["status"], &spans[1]["status"]), (&"not_found".into(), &"cancelled".into()));
        let own = spans[0]["span_id"].as_str().unwrap();
        assert!(headers.sentry_trace.contains(own), "{headers:?}");
    }
}
