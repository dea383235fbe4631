//! One request that a host answers: session, trace and transaction.

use watchpost_core::{Exchange, RequestHead, Scopes, Text};

use crate::client::HostClient;
use crate::process::global_scope;
use crate::scope::HostScope;
use crate::tracing::HostSpan;

/// What a host knows when a request arrives.
#[derive(Debug, Clone, Copy)]
pub struct HostHead<'a> {
    /// `GET`, `POST` ...
    pub method: &'a str,
    /// Without the query.
    pub path: &'a str,
    /// The pattern of the route, if it is known already.
    pub route: Option<&'a str>,
    /// `auto.http.<framework>`.
    pub origin: &'a str,
}

/// A request that is being answered. One that is dropped before its end was given up.
#[derive(Debug)]
pub struct HostExchange(Exchange);

impl HostExchange {
    /// Begins it with scopes that belong to the request alone. `trace` are the headers of a trace that came along.
    pub fn begin<K: AsRef<str>, V: AsRef<str>>(
        client: &HostClient,
        head: HostHead<'_>,
        trace: impl IntoIterator<Item = (K, V)>,
        isolation: &HostScope,
        current: &HostScope,
    ) -> Option<Self> {
        let known = RequestHead { method: head.method, path: head.path, route: head.route };
        let scopes =
            Scopes { global: global_scope(), isolation: isolation.shared(), current: current.shared() };
        let (name, origin) = (known.name(), Text::from(head.origin));
        Exchange::begin(client.client(), &known, name, origin, trace, scopes).map(Self)
    }

    /// Its transaction, which is to be the active span of whoever answers.
    pub fn span(&self) -> HostSpan {
        HostSpan::from_span(self.0.span().clone())
    }

    /// The route is known now: names the transaction. Events get their name from the request's description.
    pub fn routed(&self, route: &str) {
        self.0.routed(route);
    }

    /// The answer is on its way. An error of the server's side counts as one of its session.
    pub fn answered(&mut self, status: u16) {
        self.0.answered(status);
    }

    /// There is no answer, because of an error that nobody handled.
    pub fn failed(&mut self) {
        self.0.failed();
    }

    /// The client went away before the answer.
    pub fn cancelled(&mut self) {
        self.0.cancelled();
    }
}

#[cfg(test)]
mod tests {
    use watchpost_core::Value;

    use super::*;
    use crate::options::{HostOptions, NameStyle};
    use crate::testing::TestSetup;

    fn client(rate: f64) -> HostClient {
        let Value::Object(given) = serde_json::json!({
            "dsn": "https://key@h.example/1", "traces_sample_rate": rate, "release": "shop@1", "auto_session_tracking": true
        }) else {
            panic!()
        };
        let options = HostOptions::parse(given, NameStyle::Snake, |_| None).unwrap();
        HostClient::start_testing(options, TestSetup::new(0.0, 1))
    }

    fn begin(client: &HostClient, trace: &[(&str, &str)]) -> HostExchange {
        let head = HostHead { method: "GET", path: "/orders/7", route: None, origin: "auto.http.test" };
        let scopes = [HostScope::new(), HostScope::new()];
        HostExchange::begin(client, head, trace.iter().copied(), &scopes[0], &scopes[1]).unwrap()
    }

    #[test]
    fn a_request_is_a_transaction_of_the_trace_that_came_along() {
        let client = client(1.0);
        let header = "771a43a4192642f0b136d5159a501700-b7ad6b7169203331-1";
        let mut exchange = begin(&client, &[("sentry-trace", header)]);
        exchange.routed("/orders/:id");
        exchange.answered(200);
        let sent: Value = serde_json::from_str(&client.take_recorded_json()).unwrap();
        let transaction = &sent[0]["items"][0]["payload"];
        assert_eq!(transaction["transaction"], "GET /orders/:id", "{sent}");
        assert_eq!(transaction["transaction_info"]["source"], "route");
        let trace = &transaction["contexts"]["trace"];
        assert_eq!(trace["trace_id"], "771a43a4192642f0b136d5159a501700");
        assert_eq!((&trace["op"], &trace["status"]), (&"http.server".into(), &"ok".into()));
        assert_eq!(trace["data"]["http.route"], "/orders/:id");
    }

    #[test]
    fn how_requests_end_is_counted() {
        let client = client(0.0);
        begin(&client, &[]).answered(200);
        begin(&client, &[]).answered(503);
        begin(&client, &[]).failed();
        drop(begin(&client, &[]));
        client.close(None);
        let sent: Value = serde_json::from_str(&client.take_recorded_json()).unwrap();
        let items =
            sent.as_array().unwrap().iter().flat_map(|envelope| envelope["items"].as_array().unwrap());
        let counts =
            items.map(|item| &item["payload"]["aggregates"][0]).find(|counts| !counts.is_null()).unwrap();
        let of = |kind: &str| counts[kind].as_u64().unwrap_or_default();
        assert_eq!((of("exited"), of("errored"), of("crashed")), (2, 1, 1), "{sent}");
    }
}
