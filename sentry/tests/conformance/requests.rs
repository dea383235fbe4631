//! Requests that a server answers, by the example of tower.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Pending, Ready, pending, ready};
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use http::{Request, Response};
use serde_json::Value;
use tower_layer::Layer as _;
use tower_service::Service;
use watchpost::integrations::tower::WatchpostLayer;

/// Answers the request that `call` describes.
pub(crate) fn answer(call: &Value, run: impl FnOnce(&Value)) {
    let mut request =
        Request::builder().method(call["method"].as_str().unwrap()).uri(call["path"].as_str().unwrap());
    for (name, value) in call["headers"].as_object().into_iter().flatten() {
        request = request.header(name, value.as_str().unwrap());
    }
    let request = request.body(()).unwrap();
    let status = call["status"].as_u64().map(|status| u16::try_from(status).unwrap());
    let handler = Handler { run: RefCell::new(Some(|| run(&call["calls"]))), status };
    let mut service = WatchpostLayer.layer(handler);
    let future = pin!(service.call(request));
    // One without a status is dropped here, which is what a server does when its client has gone.
    assert_eq!(future.poll(&mut Context::from_waker(Waker::noop())).is_ready(), status.is_some());
}

/// Answers with the status, or never.
struct Handler<F> {
    run: RefCell<Option<F>>,
    status: Option<u16>,
}

impl<F: FnOnce()> Service<Request<()>> for Handler<F> {
    type Response = Response<()>;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Answer {
        if let Some(run) = self.run.take() {
            run();
        }
        match self.status {
            Some(status) => Answer::Now(ready(Ok(Response::builder().status(status).body(()).unwrap()))),
            None => Answer::Never(pending()),
        }
    }
}

enum Answer {
    Now(Ready<Result<Response<()>, Infallible>>),
    Never(Pending<Result<Response<()>, Infallible>>),
}

impl Future for Answer {
    type Output = Result<Response<()>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            Self::Now(answer) => Pin::new(answer).poll(context),
            Self::Never(answer) => Pin::new(answer).poll(context),
        }
    }
}
