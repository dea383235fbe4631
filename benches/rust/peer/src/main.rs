//! `bench-peer DSN CAPTURES`: the case with the official SDK.

use std::time::Duration;

use bench_case::{BookingError, Side, contexts, measure, tags};

struct Peer;

impl Side for Peer {
    fn breadcrumb(&self, message: String, number: u64) {
        sentry::add_breadcrumb(|| sentry::Breadcrumb {
            category: Some("import".into()),
            message: Some(message),
            data: [("row".to_owned(), serde_json::json!(number))].into_iter().collect(),
            ..sentry::Breadcrumb::default()
        });
    }

    fn capture(&self, error: &BookingError) {
        sentry::capture_error(error);
    }

    fn flush(&self) {
        let client = sentry::Hub::current().client();
        assert!(client.is_some_and(|client| client.flush(Some(Duration::from_secs(10)))), "not delivered in 10 s");
    }

    fn fork_with_tag(&self) {
        sentry::with_scope(|scope| scope.set_tag("row", "7"), || {});
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let dsn = words.next().expect("DSN");
    let captures = words.next().and_then(|number| number.parse().ok()).expect("number of captures");
    let mut options = sentry::ClientOptions::default();
    options.attach_stacktrace = true;
    options.release = Some("bench@1.0.0".into());
    let _guard = sentry::init((dsn, options));
    sentry::configure_scope(|scope| {
        scope.set_user(Some(sentry::User { id: Some("42".into()), email: Some("a@example.com".into()), ..sentry::User::default() }));
        for (key, value) in tags() {
            scope.set_tag(&key, value);
        }
        for (name, fields) in contexts() {
            let map = fields.into_iter().map(|(key, value)| (key, value.into())).collect();
            scope.set_context(&name, sentry::protocol::Context::Other(map));
        }
    });
    measure(&Peer, captures);
}
