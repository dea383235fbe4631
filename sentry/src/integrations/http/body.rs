//! Bodies of `http` requests, copied while their handlers read them.

use std::io::IoSlice;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};

use bytes::Buf;
use http::Request;
use http_body::{Body, Frame, SizeHint};
use watchpost_core::BodyTee;

/// A body that is copied while it is read, for the events of its request; made by [`record_body`].
#[derive(Debug)]
pub struct RecordedBody<B> {
    inner: B,
    tee: Option<BodyTee>,
}

/// Lets the events of a request have its body. For services behind
/// [`WatchpostLayer`](crate::integrations::tower::WatchpostLayer) whose bodies are not axum's: those are copied anyway.
///
/// The body stays what it is for its reader. Nothing is copied where the options do not ask for it.
///
/// ```
/// use http::Request;
/// use http_body::Body;
/// use watchpost::integrations::tower::record_body;
///
/// /// A handler for hyper, say, with `service_fn`.
/// async fn answer<B: Body + Unpin>(request: Request<B>) {
///     let request = record_body(request);
///     // Read and answer it as ever.
/// #   drop(request);
/// }
/// ```
pub fn record_body<B>(mut request: Request<B>) -> Request<RecordedBody<B>> {
    let offered = request.extensions_mut().remove::<Offered>();
    let tee = offered.and_then(|offered| offered.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    request.map(|inner| RecordedBody { inner, tee })
}

/// Waits in the extensions of a request for whoever knows its body.
#[derive(Debug, Clone)]
struct Offered(Arc<Mutex<Option<BodyTee>>>);

/// Has the body copied: by itself where it is one of axum's, else by [`record_body`].
pub(in crate::integrations) fn offer_body<B: 'static>(request: &mut Request<B>, tee: BodyTee) {
    #[cfg(feature = "axum")]
    if let Some(body) = (request.body_mut() as &mut dyn std::any::Any).downcast_mut::<axum::body::Body>() {
        let inner = std::mem::take(body);
        *body = axum::body::Body::new(RecordedBody { inner, tee: Some(tee) });
        return;
    }
    request.extensions_mut().insert(Offered(Arc::new(Mutex::new(Some(tee)))));
}

impl<B: Body + Unpin> Body for RecordedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let polled = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let ends = match &polled {
            None => true,
            Some(Err(_)) => {
                self.tee = None;
                false
            }
            Some(Ok(frame)) => {
                if let (Some(tee), Some(data)) = (&mut self.tee, frame.data_ref()) {
                    copy(data, tee);
                }
                self.inner.is_end_stream()
            }
        };
        if ends && let Some(mut tee) = self.tee.take() {
            tee.finish();
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Looks at data without taking it from its reader.
fn copy(data: &impl Buf, tee: &mut BodyTee) {
    const PIECES: usize = 16;
    if data.chunk().len() == data.remaining() {
        return tee.push(data.chunk());
    }
    let mut pieces = [IoSlice::new(&[]); PIECES];
    let count = data.chunks_vectored(&mut pieces);
    let pieces = pieces.get(..count).unwrap_or_default();
    if pieces.iter().map(|piece| piece.len()).sum::<usize>() == data.remaining() {
        pieces.iter().for_each(|piece| tee.push(piece));
    } else {
        tee.give_up();
    }
}
