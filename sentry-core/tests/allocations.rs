//! What costs no allocation: spans that nobody records, requests that only count. One test in a binary of its own, as the allocator is global.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use watchpost_core::testing::TestClient;
use watchpost_core::{
    ClientOptions, CountedRequest, Scopes, SharedScope, SpanOptions, SpanStatus, Timestamp,
    TransactionOptions,
};

struct Counting;

thread_local! {
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe by contract")]
// SAFETY: every call goes to the system's allocator unchanged; the counter beside it never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promises are passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations(work: impl FnOnce()) -> u64 {
    let before = COUNT.get();
    work();
    COUNT.get() - before
}

#[test]
fn a_trace_that_is_not_sampled_allocates_nothing() {
    for rate in [Some(0.0), None] {
        let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
        let options = match rate {
            Some(rate) => options.with_traces_sample_rate(rate).unwrap(),
            None => options,
        };
        let test = TestClient::new(options, Timestamp::from_micros(0), 1);
        let (global, isolation) = (SharedScope::new(), SharedScope::new());
        let mut current = SharedScope::new();
        let description = "SELECT 1".repeat(4);
        let mut run = || {
            let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
            let transaction =
                test.client.start_transaction(TransactionOptions::new("import", "task"), scopes);
            current.set_span(Some(transaction.clone()));
            for _ in 0..10 {
                let span = current.span().unwrap().start_child("db.query", &description);
                span.set_data("rows", 1);
                span.set_tag("table", description.as_str());
                span.set_description(&description);
                span.set_status(SpanStatus::Ok);
                let inner = span.start_child_with(SpanOptions::new("row", "x").origin("auto.db"));
                inner.finish();
                span.finish();
            }
            transaction.set_measurement("rows", 10.0, "row");
            transaction.finish();
            current.set_span(None);
        };
        // The first one makes room for the counts of what is not sent.
        run();
        assert_eq!(allocations(run), 0, "at a rate of {rate:?}");
    }
}

#[test]
fn a_sampled_span_costs_few_allocations() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let options = options.with_traces_sample_rate(1.0).unwrap();
    let test = TestClient::new(options, Timestamp::from_micros(0), 1);
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    let transaction = test.client.start_transaction(TransactionOptions::new("import", "task"), scopes);
    transaction.start_child("db.query", "SELECT 1").finish();
    // Its handle, its description, and now and then the list that it goes to.
    let per_span =
        allocations(|| (0..100).for_each(|_| transaction.start_child("db.query", "SELECT 1").finish()));
    assert!(per_span <= 210, "{per_span} for 100 spans");
    transaction.finish();
}

#[test]
fn a_request_that_only_counts_allocates_nothing() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let options = options.with_release("shop@1").with_auto_session_tracking(true);
    let test = TestClient::new(options, Timestamp::from_micros(0), 1);
    let run = || (0..10).for_each(|_| CountedRequest::begin(&test.client).finish(&test.client, 200));
    // The first one makes the minute that the others count in.
    run();
    assert_eq!(allocations(run), 0);
}
