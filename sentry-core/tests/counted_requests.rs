//! Requests whose scope is made late or never, where vectors do not reach: clients that change meanwhile, and what a host may do
//! in another order. A fork is a test program of its own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use serde_json::{Value, json};
use watchpost_core::testing::TestClient;
use watchpost_core::{
    ClientOptions, CountedRequest, Event, Exception, Hint, ItemType, Mechanism, Scopes, SharedScope,
    Timestamp, User,
};

const NOW: Timestamp = Timestamp::from_micros(1_767_323_045_000_000);

fn options() -> ClientOptions {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    options.with_release("shop@1").with_auto_session_tracking(true)
}

fn client() -> TestClient {
    TestClient::new(options(), NOW, 1)
}

fn capture(test: &TestClient, scope: &SharedScope, handled: bool) {
    let mechanism = Mechanism { ty: "test".into(), handled: Some(handled), ..Mechanism::default() };
    let exception = Exception { ty: Some("E".into()), mechanism: Some(mechanism), ..Exception::default() };
    let scopes = Scopes { global: scope, isolation: scope, current: scope };
    test.client.capture_event(Event::exception(vec![exception]), &Hint::default(), scopes);
}

/// The counts of each bucket that was sent, as `[exited, errored, crashed]`, with whose they are.
fn counts(test: &TestClient) -> Vec<([u64; 3], Option<String>)> {
    test.client.flush(Duration::ZERO);
    let items = test.transport.take().into_iter().flat_map(|envelope| envelope.items);
    let items = items.filter(|item| item.header.item_type == ItemType::Sessions);
    let buckets = items.flat_map(|item| {
        let payload: Value = serde_json::from_slice(&item.payload).unwrap();
        payload["aggregates"].as_array().unwrap().clone()
    });
    let count = |bucket: &Value, of: &str| bucket[of].as_u64().unwrap_or(0);
    let read = |bucket: Value| {
        let counts = ["exited", "errored", "crashed"].map(|of| count(&bucket, of));
        (counts, bucket["did"].as_str().map(str::to_owned))
    };
    buckets.map(read).collect()
}

#[test]
fn one_that_captures_nothing_is_counted_by_its_status() {
    let test = client();
    for status in [200, 404, 500, 503, 0] {
        CountedRequest::begin(&test.client).finish(&test.client, status);
    }
    assert_eq!(counts(&test), [([3, 2, 0], None)]);
}

#[test]
fn one_whose_scope_comes_late_counts_what_is_captured_in_it_and_whose_it_is() {
    let test = client();
    let begun = [(); 3].map(|()| CountedRequest::begin(&test.client));
    test.advance(Duration::from_secs(600));
    for (request, handled) in begun.into_iter().zip([None, Some(true), Some(false)]) {
        let scope = SharedScope::new();
        let request = request.with_scope(&test.client, &scope);
        scope.update(|scope| scope.set_user(Some(User { id: Some("ada".into()), ..User::default() })));
        if let Some(handled) = handled {
            capture(&test, &scope.fork(), handled);
        }
        request.finish(&test.client, 200);
        capture(&test, &scope, false);
    }
    // All of them in the minute in which they began, or there were two buckets.
    CountedRequest::since(NOW).finish(&test.client, 200);
    let mut found = counts(&test);
    found.sort();
    assert_eq!(found, [([1, 0, 0], None), ([1, 1, 1], Some("ada".to_owned()))]);
}

#[test]
fn a_crash_counts_before_and_after_the_scope_is_made_and_the_status_does_not_hide_it() {
    let test = client();
    let mut waiting = CountedRequest::begin(&test.client);
    waiting.mark_crashed();
    waiting.finish(&test.client, 500);
    let mut late = CountedRequest::begin(&test.client);
    late.mark_crashed();
    late.with_scope(&test.client, &SharedScope::new()).finish(&test.client, 500);
    let mut followed = CountedRequest::begin(&test.client).with_scope(&test.client, &SharedScope::new());
    followed.mark_crashed();
    followed.finish(&test.client, 200);
    assert_eq!(counts(&test), [([0, 0, 3], None)]);
}

#[test]
fn a_second_scope_changes_nothing_and_the_first_is_let_go() {
    let test = client();
    let (first, second) = (SharedScope::new(), SharedScope::new());
    let request = CountedRequest::begin(&test.client).with_scope(&test.client, &first);
    let request = request.with_scope(&test.client, &second);
    capture(&test, &second, false);
    request.finish(&test.client, 200);
    assert_eq!(counts(&test), [([1, 0, 0], None)]);
    let next = CountedRequest::begin(&test.client).with_scope(&test.client, &second);
    capture(&test, &first, false);
    next.finish(&test.client, 200);
    assert_eq!(counts(&test), [([1, 0, 0], None)], "the scope of a request that is over belongs to nobody");
}

#[test]
fn it_counts_for_the_client_that_is_there_at_its_end() {
    for (is_followed, captures) in [(false, false), (true, false), (true, true)] {
        let (before, after) = (client(), client());
        let scope = SharedScope::new();
        let mut request = CountedRequest::begin(&before.client);
        if is_followed {
            request = request.with_scope(&before.client, &scope);
        }
        before.client.close(None);
        if captures {
            capture(&after, &scope, true);
        }
        request.finish(&after.client, 200);
        assert_eq!(counts(&before), []);
        let wanted = if captures { [0, 1, 0] } else { [1, 0, 0] };
        assert_eq!(counts(&after), [(wanted, None)], "{is_followed} {captures}");
        after.client.close(None);
        let of_run =
            |envelope: watchpost_core::Envelope| envelope.items.into_iter().map(|item| item.header.item_type);
        let sent: Vec<ItemType> = after.transport.take().into_iter().flat_map(of_run).collect();
        assert_eq!(sent, [], "requests are its sessions, so its run is none");
    }
}

#[test]
fn it_counts_for_nobody_if_that_client_tracks_none_or_is_closed() {
    let off = TestClient::new(options().with_auto_session_tracking(false), NOW, 1);
    let closed = client();
    closed.client.close(None);
    closed.transport.take();
    for other in [&off, &closed] {
        let before = client();
        CountedRequest::begin(&before.client).finish(&other.client, 500);
        let request = CountedRequest::begin(&before.client);
        request.with_scope(&before.client, &SharedScope::new()).finish(&other.client, 500);
        CountedRequest::begin(&other.client).finish(&other.client, 500);
        CountedRequest::begin(&other.client).finish(&before.client, 500);
        assert_eq!((counts(&before), counts(other)), (vec![], vec![]));
    }
}

#[test]
fn the_run_is_no_session_from_its_begin() {
    let test = client();
    let request = CountedRequest::begin(&test.client);
    test.advance(Duration::from_secs(120));
    let sent = test.transport.take();
    assert!(sent.is_empty(), "{}", json!(sent.len()));
    request.finish(&test.client, 200);
    assert_eq!(counts(&test), [([1, 0, 0], None)]);
}
