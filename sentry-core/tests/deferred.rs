//! Hooks that answer later, which no vector can express: a host of any language holds what they were given.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};

use serde_json::Value;
use watchpost_core::testing::TestClient;
use watchpost_core::{
    Attachment, Category, ClientOptions, DiscardReason, Event, EventHook, Hint, HookFailure, Level, Scopes,
    SharedScope, Timestamp, TransactionOptions,
};

const NOW: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

type Waiting = Arc<Mutex<Vec<Event>>>;

fn options() -> ClientOptions {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    options.with_traces_sample_rate(1.0).unwrap()
}

/// A hook that answers later, and the events that it was given.
fn later() -> (EventHook, Waiting) {
    let waiting = Waiting::default();
    let inbox = Arc::clone(&waiting);
    let hook: EventHook = Arc::new(move |event, _| {
        inbox.lock().unwrap().push(event);
        Err(HookFailure::deferred())
    });
    (hook, waiting)
}

fn finish_transaction(test: &TestClient) {
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    let span = test.client.start_transaction(TransactionOptions::new("GET /", "http.server"), scopes);
    span.start_child("db", "a").finish();
    span.start_child("db", "b").finish();
    span.finish();
}

fn dropped(test: &TestClient) -> Vec<(DiscardReason, Category, u64)> {
    let report = test.client.reports().take(NOW);
    report
        .map(|report| report.discarded_events)
        .unwrap_or_default()
        .into_iter()
        .map(|one| (one.reason, one.category, one.quantity))
        .collect()
}

#[test]
fn a_processor_may_answer_later_and_attachments_wait_with_it() {
    let (hook, waiting) = later();
    let test = TestClient::new(options().with_event_processor(hook), NOW, 1);
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    let hint = Hint::default().with_attachment(Attachment::from_bytes("a.txt", b"hello".to_vec()));
    let id = test.client.capture_event(Event::message("m", Level::Info), &hint, scopes);
    assert!(id.is_some() && test.transport.take().is_empty());
    let event = waiting.lock().unwrap().pop().unwrap();
    assert_eq!(test.client.resume_event(event), id);
    assert_eq!(test.transport.take()[0].items.len(), 2);
    test.client.capture_event(Event::message("m", Level::Info), &hint, scopes);
    let event = waiting.lock().unwrap().pop().unwrap();
    test.client.drop_deferred(event.event_id, Category::Error, DiscardReason::EventProcessor);
    assert_eq!(dropped(&test), [(DiscardReason::EventProcessor, Category::Error, 1)]);
}

#[test]
fn a_transaction_that_waits_keeps_its_trace_and_is_scrubbed_when_it_goes_on() {
    let (hook, waiting) = later();
    let test = TestClient::new(options().with_before_send_transaction_hook(hook), NOW, 1);
    finish_transaction(&test);
    assert!(test.transport.take().is_empty());
    let mut event = waiting.lock().unwrap().pop().unwrap();
    event.spans.truncate(1);
    event.extra.insert("password".to_owned(), "hunter2".into());
    test.client.resume_event(event);
    let envelope = test.transport.take().pop().unwrap();
    assert_eq!(envelope.header.trace.unwrap()["transaction"], "GET /");
    let payload: Value = serde_json::from_slice(&envelope.items[0].payload).unwrap();
    assert_eq!((&payload["spans"][1], &payload["extra"]["password"]), (&Value::Null, &"[Filtered]".into()));
    assert_eq!(dropped(&test), [(DiscardReason::BeforeSend, Category::Span, 1)]);
}

#[test]
fn a_transaction_that_is_dropped_later_counts_with_its_spans() {
    let (hook, waiting) = later();
    let test = TestClient::new(options().with_event_processor(hook), NOW, 1);
    finish_transaction(&test);
    let event = waiting.lock().unwrap().pop().unwrap();
    test.client.drop_deferred(event.event_id, Category::Transaction, DiscardReason::EventProcessor);
    let mut counted = dropped(&test);
    counted.sort_by_key(|(_, _, quantity)| *quantity);
    let reason = DiscardReason::EventProcessor;
    assert_eq!(counted, [(reason, Category::Transaction, 1), (reason, Category::Span, 3)]);
}
