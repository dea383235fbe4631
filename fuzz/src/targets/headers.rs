//! Trace headers from anywhere: what goes out is well formed whatever came in, carries the trace on, leaves other
//! parties' baggage as it was, and says the same again one service further.

use std::sync::Arc;

use watchpost_core::testing::TestClient;
use watchpost_core::{
    Client, ClientOptions, Scopes, SharedScope, Timestamp, TraceHeaders, TransactionOptions,
};

/// The largest `baggage` header (trace propagation, published spec).
const MAX_BAGGAGE_BYTES: usize = 8192;

pub(crate) fn run(data: &[u8]) {
    // Four texts, parted by bytes that no text has.
    let mut texts = data.split(|byte| *byte == 0xFF).map(String::from_utf8_lossy);
    let mut text = || texts.next().unwrap_or_default().into_owned();
    let incoming = [("Sentry-Trace", text()), ("baggage", text()), ("TRACEPARENT", text())];
    // What a request has already came through an HTTP library, which lets no control character through.
    let existing: String = text().chars().filter(|c| !c.is_control()).collect();

    let client = client();
    let here = Place::default();
    client.continue_trace(incoming.iter().map(|(name, value)| (*name, value)), &here.isolation);
    let out = client.trace_headers(None, here.scopes());
    check(&out);
    if let Some(id) = trace_id(&incoming[0].1) {
        assert_eq!(out.sentry_trace.get(..32), Some(id.as_str()), "the trace goes on");
    }

    // One service further, the frozen context is the same.
    let next = Place::default();
    client.continue_trace(out.iter(), &next.isolation);
    let further = client.trace_headers(None, next.scopes());
    check(&further);
    assert_eq!(further.sentry_trace.get(..32), out.sentry_trace.get(..32));
    assert_eq!(further.baggage, out.baggage);

    let beside = client.trace_headers(Some(&existing), here.scopes());
    assert_eq!(foreign(&beside.baggage), foreign(&existing), "other parties' members are as they were");

    let transaction =
        client.start_transaction(TransactionOptions::new("checkout", "http.server"), here.scopes());
    check(&client.trace_headers(None, here.scopes()));
    transaction.finish();
}

fn check(headers: &TraceHeaders) {
    let parts: Vec<&str> = headers.sentry_trace.split('-').collect();
    let hex = |text: &str, length: usize| {
        text.len() == length && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    assert!(matches!(parts.len(), 2 | 3) && hex(parts[0], 32) && hex(parts[1], 16), "{headers:?}");
    assert!(parts.get(2).is_none_or(|flag| matches!(*flag, "0" | "1")), "{headers:?}");
    assert!(headers.baggage.len() <= MAX_BAGGAGE_BYTES, "{} bytes", headers.baggage.len());
    assert!(headers.baggage.bytes().all(|b| b.is_ascii_graphic()), "fit for a header: {:?}", headers.baggage);
    for member in headers.baggage.split(',').filter(|member| !member.is_empty()) {
        let (key, value) = member.split_once('=').unwrap_or_else(|| panic!("no member: {member:?}"));
        assert!(is_own(key) && !key.contains(';') && !value.contains([';', '"', '\\']), "{member:?}");
    }
}

fn foreign(baggage: &str) -> Vec<&str> {
    baggage.split(',').map(str::trim).filter(|member| !member.is_empty() && !is_own(member)).collect()
}

fn is_own(member: &str) -> bool {
    member.split('=').next().unwrap_or_default().trim().starts_with("sentry-")
}

/// The id in a header that is surely right.
fn trace_id(text: &str) -> Option<String> {
    let (id, rest) = text.split_at_checked(32)?;
    let hex = |text: &str| text.bytes().all(|b| b.is_ascii_hexdigit()) && text.bytes().any(|b| b != b'0');
    let span = rest.strip_prefix('-')?;
    let right = hex(id) && span.len() == 16 && hex(span);
    right.then(|| id.to_ascii_lowercase())
}

fn client() -> Arc<Client> {
    let options = ClientOptions::new().with_release("shop@1").with_dsn("https://key@errors.example.com/42");
    let Ok(options) = options.and_then(|options| options.with_traces_sample_rate(0.5)) else {
        panic!("right options are refused");
    };
    TestClient::new(options.with_propagate_traceparent(true), Timestamp::from_micros(0), 1).client
}

#[derive(Default)]
struct Place {
    global: SharedScope,
    isolation: SharedScope,
    current: SharedScope,
}

impl Place {
    fn scopes(&self) -> Scopes<'_> {
        Scopes { global: &self.global, isolation: &self.isolation, current: &self.current }
    }
}
