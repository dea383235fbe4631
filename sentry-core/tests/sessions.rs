//! Sessions where vectors do not reach: consent, hooks that answer later, clocks that go back, many threads.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use watchpost_core::testing::TestClient;
use watchpost_core::{
    Breadcrumb, ClientOptions, Event, Exception, Hint, HookFailure, ItemType, Mechanism, Scopes, SharedScope,
    Timestamp,
};

const NOW: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

fn options() -> ClientOptions {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    options.with_release("shop@1").with_auto_session_tracking(true)
}

/// A client whose `before_send` answers later, and the events that wait for it.
fn deferring(options: ClientOptions) -> (TestClient, Arc<Mutex<Vec<Event>>>) {
    let waiting: Arc<Mutex<Vec<Event>>> = Arc::default();
    let inbox = Arc::clone(&waiting);
    let hook = move |event, _: &Hint| {
        inbox.lock().unwrap().push(event);
        Err(HookFailure::deferred())
    };
    (TestClient::new(options.with_before_send_hook(Arc::new(hook)), NOW, 1), waiting)
}

fn error(handled: bool) -> Event {
    let mechanism = Mechanism { ty: "test".into(), handled: Some(handled), ..Mechanism::default() };
    let exception = Exception { ty: Some("E".into()), mechanism: Some(mechanism), ..Exception::default() };
    Event::exception(vec![exception])
}

fn capture(test: &TestClient, scope: &SharedScope, event: Event) {
    let scopes = Scopes { global: scope, isolation: scope, current: scope };
    test.client.capture_event(event, &Hint::default(), scopes);
}

/// Payloads of the items of this type, in the order in which they were sent.
fn sent(test: &TestClient, wanted: &ItemType) -> Vec<Value> {
    let items = test.transport.take().into_iter().flat_map(|envelope| envelope.items);
    let items = items.filter(|item| item.header.item_type == *wanted);
    items.map(|item| serde_json::from_slice(&item.payload).unwrap()).collect()
}

#[test]
fn a_clock_that_is_put_back_makes_no_negative_duration_and_no_pause() {
    let test = TestClient::new(options(), NOW, 1);
    test.clock.set(Timestamp::from_micros(NOW.micros() - 3_600_000_000));
    let scope = SharedScope::new();
    drop(test.client.start_request_session(&scope));
    test.advance(Duration::from_secs(60));
    assert_eq!(sent(&test, &ItemType::Sessions).len(), 1);
    test.client.start_session(Scopes { global: &scope, isolation: &scope, current: &scope });
    test.clock.set(Timestamp::from_micros(NOW.micros() - 7_200_000_000));
    test.client.close(None);
    let session = &sent(&test, &ItemType::Session)[0];
    assert_eq!(session["duration"], 0.0);
    assert_eq!(session["timestamp"], session["started"]);
}

#[test]
fn an_event_whose_hook_answers_later_counts_when_it_has() {
    let (test, waiting) = deferring(options());
    let scope = SharedScope::new();
    capture(&test, &scope, error(true));
    let request = test.client.start_request_session(&scope).unwrap();
    capture(&test, &scope, error(false));
    assert!(test.transport.take().is_empty(), "nobody knows yet whether they count");
    let mut waiting = std::mem::take(&mut *waiting.lock().unwrap());
    test.client.resume_event(waiting.pop().unwrap());
    request.finish();
    test.client.flush(Duration::ZERO);
    assert_eq!(sent(&test, &ItemType::Sessions)[0]["aggregates"][0]["crashed"], 1);
    // The run was none any more when the first answer came.
    test.client.resume_event(waiting.pop().unwrap());
    assert_eq!(sent(&test, &ItemType::Session), Vec::<Value>::new());
}

#[test]
fn the_draw_of_an_event_whose_hook_answers_later_is_kept() {
    let (test, waiting) = deferring(options().with_sample_rate(0.0).unwrap());
    capture(&test, &SharedScope::new(), error(false));
    let event = waiting.lock().unwrap().pop().unwrap();
    assert_eq!(test.client.resume_event(event), None);
    let envelopes = test.transport.take();
    assert_eq!(envelopes.len(), 1);
    let session: Value = serde_json::from_slice(&envelopes[0].items[0].payload).unwrap();
    assert_eq!(session["status"], "crashed");
}

#[test]
fn without_consent_there_is_no_session_and_nothing_is_left_behind() {
    let test = TestClient::new(options().with_require_consent(true).with_report_killed(true), NOW, 1);
    let scope = SharedScope::new();
    assert!(test.client.start_request_session(&scope).is_none());
    test.client.flush(Duration::ZERO);
    assert!(test.transport.take().is_empty() && test.transport.last_words().is_none());
    test.client.set_consent(true);
    assert!(test.transport.last_words().unwrap().session.is_some(), "the session begins with the consent");
    let crumb = Breadcrumb { message: Some("seen".into()), ..Breadcrumb::default() };
    test.client.add_breadcrumb(crumb, &Hint::default(), &scope);
    assert_eq!(test.transport.last_words().unwrap().breadcrumbs.len(), 1);
    test.client.set_consent(false);
    assert!(test.transport.last_words().is_none());
    test.client.close(None);
    assert_eq!(sent(&test, &ItemType::Session), Vec::<Value>::new());
}

#[test]
fn a_consent_that_is_given_again_begins_no_run_where_requests_are_the_sessions() {
    let test = TestClient::new(options(), NOW, 1);
    drop(test.client.start_request_session(&SharedScope::new()));
    test.client.set_consent(false);
    test.client.set_consent(true);
    test.client.close(None);
    assert_eq!(sent(&test, &ItemType::Session), Vec::<Value>::new());
}

#[test]
fn many_threads_count_every_error_and_every_request_once() {
    let test = TestClient::new(options(), NOW, 1);
    let run = SharedScope::new();
    std::thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| (0..50).for_each(|_| capture(&test, &run, error(true))));
        }
    });
    assert_eq!(sent(&test, &ItemType::Session).len(), 1, "that it is unhealthy is said once");
    std::thread::scope(|threads| {
        for thread in 0..8 {
            let test = &test;
            threads.spawn(move || {
                for _ in 0..50 {
                    let scope = SharedScope::new();
                    let request = test.client.start_request_session(&scope).unwrap();
                    if thread % 2 == 0 {
                        capture(test, &scope, error(thread == 0));
                    }
                    request.finish();
                }
            });
        }
    });
    test.client.close(None);
    let envelopes = test.transport.take();
    let payload = |kind: &ItemType| -> Value {
        let mut items = envelopes.iter().flat_map(|envelope| &envelope.items);
        let found = items.find(|item| item.header.item_type == *kind).unwrap();
        serde_json::from_slice(&found.payload).unwrap()
    };
    let counts = &payload(&ItemType::Sessions)["aggregates"][0];
    let wanted: [Value; 3] = [200.into(), 50.into(), 150.into()];
    assert_eq!([&counts["exited"], &counts["errored"], &counts["crashed"]], wanted.each_ref());
    let session = payload(&ItemType::Session);
    let wanted: [Value; 3] = [400.into(), 1.into(), "exited".into()];
    assert_eq!([&session["errors"], &session["seq"], &session["status"]], wanted.each_ref());
}
