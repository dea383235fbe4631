//! Spans of threads and futures. The client is global, so each test lives in one binary and takes turns.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use watchpost::{ClientOptions, ScopeFutureExt, SpanStatus, Timestamp, TransactionOptions};
use watchpost_core::testing::TestClient;

static TURN: Mutex<()> = Mutex::new(());

struct Case {
    test: TestClient,
    _client: watchpost::Guard,
    _turn: MutexGuard<'static, ()>,
}

impl Case {
    fn new(rate: f64) -> Self {
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
        let options = options.with_traces_sample_rate(rate).unwrap();
        let (client, test) = watchpost::testing::init(options, Timestamp::from_micros(1_000_000), 1);
        Self { test, _client: client, _turn: turn }
    }

    fn sent(&self) -> Vec<Value> {
        let envelopes = self.test.transport.take().into_iter();
        envelopes.flat_map(|e| e.items).map(|item| serde_json::from_slice(&item.payload).unwrap()).collect()
    }
}

#[test]
fn guards_nest_and_send_one_transaction() {
    let case = Case::new(1.0);
    {
        let transaction = watchpost::start_transaction("import", "task");
        {
            let outer = watchpost::start_span("db", "outer");
            outer.set_data("rows", 2);
            watchpost::trace("db.query", "inner", |span| span.set_status(SpanStatus::Ok));
        }
        watchpost::start_span("http.client", "after").finish();
        assert!(watchpost::current_span().unwrap().is_same(&transaction));
    }
    assert!(watchpost::current_span().is_none());
    let sent = case.sent();
    assert_eq!(sent.len(), 1);
    let (root, spans) = (&sent[0]["contexts"]["trace"], sent[0]["spans"].as_array().unwrap());
    let parent = |at: usize| &spans[at]["parent_span_id"];
    assert_eq!(
        spans.iter().map(|span| &span["description"]).collect::<Vec<_>>(),
        ["inner", "outer", "after"]
    );
    assert_eq!(parent(0), &spans[1]["span_id"]);
    assert_eq!((parent(1), parent(2)), (&root["span_id"], &root["span_id"]));
    assert_eq!(spans[1]["data"]["rows"], 2);
    assert_eq!(spans[0]["status"], "ok");
}

#[test]
fn an_unsampled_transaction_sends_nothing_but_a_decision() {
    let case = Case::new(0.0);
    {
        let transaction = watchpost::start_transaction("import", "task");
        let span = watchpost::start_span("db", "x");
        assert!(!span.is_recording() && span.sampled() == Some(false));
        let headers = watchpost::outgoing_headers("http://a/", None).unwrap();
        assert_eq!(headers.sentry_trace, format!("{}-{}-0", transaction.trace_id(), transaction.span_id()));
    }
    assert!(case.sent().is_empty());
    let report = case.test.client.reports().take(Timestamp::default()).unwrap();
    let counts: Vec<_> = report.discarded_events.iter().map(|d| (d.category.as_str(), d.quantity)).collect();
    assert_eq!(counts, [("transaction", 1), ("span", 1)]);
}

#[test]
fn an_error_belongs_to_the_span_around_it() {
    let case = Case::new(1.0);
    {
        let _transaction = watchpost::start_transaction("import", "task");
        let span = watchpost::start_span("db", "x");
        let id = span.span_id().to_string();
        watchpost::capture_message("boom", None);
        let event = &case.sent()[0];
        assert_eq!(event["contexts"]["trace"]["span_id"], id.as_str());
        assert_eq!(event["transaction"], "import");
    }
}

#[test]
fn futures_that_run_by_turns_keep_their_own_spans() {
    let case = Case::new(1.0);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let transaction = watchpost::start_transaction("GET /", "http.server");
        let work = |name: &'static str| {
            async move {
                let outer = watchpost::start_span("work", name);
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                    assert!(watchpost::current_span().unwrap().is_same(&outer));
                }
                let _inner = watchpost::start_span("step", name);
                tokio::task::yield_now().await;
            }
            .in_scope()
        };
        tokio::join!(work("a"), work("b"));
        async { tokio::task::yield_now().await }
            .in_span(transaction.start_child("ended", "by its future"))
            .await;
        assert!(watchpost::current_span().unwrap().is_same(&transaction));
    });
    let sent = case.sent();
    let spans = sent[0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 5);
    for step in spans.iter().filter(|span| span["op"] == "step") {
        let parent = spans.iter().find(|span| span["span_id"] == step["parent_span_id"]).unwrap();
        assert_eq!((&parent["op"], &parent["description"]), (&"work".into(), &step["description"]));
    }
}

#[test]
fn a_request_continues_the_trace_that_came_with_it() {
    let case = Case::new(0.0);
    watchpost::isolate(|| {
        watchpost::continue_trace([
            ("Sentry-Trace", "771a43a4192642f0b136d5159a501700-b7ad6b7169203331-1"),
            ("baggage", "other=1,sentry-trace_id=771a43a4192642f0b136d5159a501700,sentry-sample_rate=0.5"),
        ]);
        let transaction = watchpost::start_transaction_with(TransactionOptions::new("GET /", "http.server"));
        assert_eq!(transaction.trace_id().to_string(), "771a43a4192642f0b136d5159a501700");
        assert!(transaction.is_recording());
        let headers = watchpost::get_trace_data().unwrap();
        assert!(headers.baggage.contains("sentry-sample_rate=0.5") && !headers.baggage.contains("other"));
    });
    assert_eq!(case.sent()[0]["contexts"]["trace"]["parent_span_id"], "b7ad6b7169203331");
}

#[test]
fn a_new_trace_is_shared_by_what_happens_in_it() {
    let case = Case::new(1.0);
    let outside = watchpost::start_transaction("outside", "task");
    watchpost::start_new_trace(|| {
        assert!(watchpost::current_span().is_none());
        let first = watchpost::start_transaction("first", "task").trace_id();
        let second = watchpost::start_transaction("second", "task").trace_id();
        assert_eq!(first, second);
        assert_ne!(first, outside.trace_id());
    });
    assert!(watchpost::current_span().unwrap().is_same(&outside));
    drop(outside);
    assert_eq!(case.sent().len(), 3);
}

#[test]
fn streamed_spans_travel_together_for_a_while() {
    let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let options = options.with_traces_sample_rate(1.0).unwrap().with_trace_lifecycle("stream").unwrap();
    let (client, test) = watchpost::testing::init(options, Timestamp::from_micros(1_000_000), 1);
    let case = Case { test, _client: client, _turn: turn };
    let transaction = watchpost::start_transaction("import", "task");
    watchpost::start_span("db.query", "SELECT 1").finish();
    assert!(case.sent().is_empty());
    drop(transaction);
    watchpost::flush(std::time::Duration::from_secs(1));
    let sent = case.sent();
    let items = sent[0]["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!((&items[0]["name"], &items[1]["name"]), (&"SELECT 1".into(), &"import".into()));
    assert_eq!(items[0]["parent_span_id"], items[1]["span_id"]);
    assert_eq!(items[0]["attributes"]["sentry.segment.id"]["value"], items[1]["span_id"]);
    assert_eq!(items[1]["is_segment"], true);
}
