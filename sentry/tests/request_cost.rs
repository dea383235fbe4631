//! What a request costs in which nothing is captured. One test in a binary of its own, as the allocator is global.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use axum::http::{Request, Response};
use tower_layer::Layer as _;
use tower_service::Service;
use watchpost::ClientOptions;
use watchpost::integrations::tower::WatchpostLayer;

struct Counting;

thread_local! {
    static COUNT: Cell<(u64, u64)> = const { Cell::new((0, 0)) };
}

#[expect(unsafe_code, reason = "an allocator is unsafe by contract")]
// SAFETY: every call goes to the system's allocator unchanged; the counter beside it never allocates.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let _ = COUNT.try_with(|count| {
            let (calls, bytes) = count.get();
            count.set((calls + 1, bytes + layout.size() as u64));
        });
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

/// Calls and bytes of the allocator while `work` runs.
fn allocations(work: impl FnOnce()) -> (u64, u64) {
    let before = COUNT.get();
    work();
    let after = COUNT.get();
    (after.0 - before.0, after.1 - before.1)
}

/// Answers at once.
#[derive(Debug, Clone, Copy)]
struct Answers;

impl Service<Request<()>> for Answers {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Ready<Result<Response<()>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<()>) -> Self::Future {
        drop(request);
        ready(Ok(Response::new(())))
    }
}

fn request(headers: usize) -> Request<()> {
    let mut request = Request::get("/orders/7?full=1").header("host", "shop.example").body(()).unwrap();
    for n in 0..headers {
        let name = axum::http::HeaderName::try_from(format!("x-header-{n}")).unwrap();
        request.headers_mut().append(name, "some value of a usual length".parse().unwrap());
    }
    request
}

/// One request through the layer, made before, so that only the layer is counted.
fn cost(headers: usize) -> (u64, u64) {
    let mut service = WatchpostLayer.layer(Answers);
    let request = request(headers);
    allocations(move || {
        let mut context = Context::from_waker(Waker::noop());
        let future = pin!(service.call(request));
        let Poll::Ready(Ok(response)) = future.poll(&mut context) else { panic!("it answers at once") };
        drop(response);
    })
}

#[test]
fn what_is_not_captured_costs_the_same_whatever_the_request_carries() {
    for rate in [None, Some(0.0)] {
        let mut options = ClientOptions::new();
        if let Some(rate) = rate {
            options = options.with_traces_sample_rate(rate).unwrap();
        }
        let recorded = watchpost::testing::record(options, || {
            // The first ones make room that later ones use again.
            for _ in 0..2 {
                cost(40);
            }
            let (small, large) = (cost(0), cost(40));
            println!("a request at a rate of {rate:?}: {small:?} with one header, {large:?} with 41");
            assert_eq!(small, large, "headers cost nothing, at a rate of {rate:?}");
            assert!(small.0 <= 10, "{small:?} at a rate of {rate:?}");
        });
        assert!(recorded.1.envelopes.is_empty());
    }
}
