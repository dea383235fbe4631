//! One connection to the server, and a request on it.

use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use http::{HeaderMap, Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::TokioExecutor;
use watchpost_core::UploadResponse;

use super::inside::Inside;
use super::route::Connected;

/// Work and connection take at most so many turns before the runtime has its own.
const ROUNDS: u32 = 4;

/// Of a longer answer the rest is not read, which costs the connection.
const MAX_ANSWER_BYTES: usize = 64 * 1024;

/// A connection that is idle, or has one request on it.
pub(super) struct Connection {
    sender: Sender,
    driver: Driver,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

/// What became of a request.
pub(super) enum Outcome {
    /// The server answered; whether the connection may be used again.
    Answered(UploadResponse, bool),
    /// Nothing of it was sent: the connection was closed.
    Untouched(Request<Full<Bytes>>),
    /// It was lost under way.
    Failed(hyper::Error),
}

impl Connection {
    /// Begins to speak HTTP.
    pub(super) async fn open(connected: Connected) -> hyper::Result<Self> {
        if connected.is_http_2() {
            let (sender, connection) = http2::handshake(TokioExecutor::new(), connected).await?;
            return Ok(Self { sender: Sender::Http2(sender), driver: Driver::new(connection) });
        }
        let (sender, connection) = http1::handshake(connected).await?;
        Ok(Self { sender: Sender::Http1(sender), driver: Driver::new(connection) })
    }

    pub(super) fn is_http_2(&self) -> bool {
        matches!(self.sender, Sender::Http2(_))
    }

    /// Whether it is still open, and takes a request.
    pub(super) async fn is_ready(&mut self) -> bool {
        let Self { sender, driver } = self;
        driver
            .until(async {
                match sender {
                    Sender::Http1(sender) => sender.ready().await.is_ok(),
                    Sender::Http2(sender) => sender.ready().await.is_ok(),
                }
            })
            .await
    }

    /// Sends a request and reads the answer.
    pub(super) async fn send(&mut self, request: Request<Full<Bytes>>) -> Outcome {
        let Self { sender, driver } = self;
        let answer = driver
            .until(async {
                match sender {
                    Sender::Http1(sender) => sender.try_send_request(request).await,
                    Sender::Http2(sender) => sender.try_send_request(request).await,
                }
            })
            .await;
        match answer {
            Ok(response) => {
                let answer = answer_of(&response);
                let reusable = driver.until(drain(response)).await && !driver.has_ended();
                Outcome::Answered(answer, reusable)
            }
            Err(mut error) => match error.take_message() {
                Some(request) => Outcome::Untouched(request),
                None => Outcome::Failed(error.into_error()),
            },
        }
    }
}

/// What moves bytes between a connection and the system, as long as it lives.
struct Driver {
    connection: Option<Pin<Box<dyn Future<Output = ()> + Send>>>,
    inside: Arc<Inside>,
    waker: Waker,
}

impl Driver {
    fn new(connection: impl Future<Output = hyper::Result<()>> + Send + 'static) -> Self {
        let inside = Arc::new(Inside::default());
        let waker = Waker::from(Arc::clone(&inside));
        // How it ends is told to the request that is on it.
        Self { connection: Some(Box::pin(async move { drop(connection.await) })), inside, waker }
    }

    /// Drives the connection until the work on it is done.
    async fn until<T>(&mut self, work: impl Future<Output = T>) -> T {
        let Self { connection, inside, waker } = self;
        let mut work = pin!(work);
        poll_fn(|outer| {
            let _turn = inside.begin(outer.waker());
            let mut context = Context::from_waker(waker);
            for _ in 0..ROUNDS {
                if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                    // Whatever comes next on the connection looks at both.
                    inside.forget();
                    return Poll::Ready(done);
                }
                let Some(open) = connection else { return Poll::Pending };
                // What the work has told the connection, that is about to see.
                inside.forget();
                if open.as_mut().poll(&mut context).is_ready() {
                    *connection = None;
                }
                if let Poll::Ready(done) = work.as_mut().poll(&mut context) {
                    inside.forget();
                    return Poll::Ready(done);
                }
                if !inside.is_told() {
                    break;
                }
            }
            Poll::Pending
        })
        .await
    }

    fn has_ended(&self) -> bool {
        self.connection.is_none()
    }
}

fn answer_of(response: &Response<Incoming>) -> UploadResponse {
    let headers = response.headers();
    UploadResponse {
        status: response.status().as_u16(),
        rate_limits: joined(headers, "x-sentry-rate-limits"),
        retry_after: joined(headers, "retry-after"),
        error: joined(headers, "x-sentry-error"),
    }
}

fn joined(headers: &HeaderMap, name: &str) -> Option<String> {
    let mut values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
    let mut joined = values.next()?.to_owned();
    for value in values {
        joined.push(',');
        joined.push_str(value);
    }
    Some(joined)
}

/// Reads a small answer to its end, so that the connection can be used again; whether that was reached.
async fn drain(response: Response<Incoming>) -> bool {
    let mut body = response.into_body();
    let mut read = 0;
    loop {
        match body.frame().await {
            None => return true,
            Some(Ok(frame)) => read += frame.data_ref().map_or(0, Bytes::len),
            Some(Err(_)) => return false,
        }
        if read > MAX_ANSWER_BYTES {
            return false;
        }
    }
}
