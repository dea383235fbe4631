//! Scopes and spans that travel with a future from thread to thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use watchpost_core::Span;

use crate::scopes::{self, Local};

/// A future that runs with its own scopes, on whatever thread it is polled.
#[derive(Debug)]
pub struct ScopeFuture<F> {
    scopes: Local,
    ends: Option<Span>,
    future: Pin<Box<F>>,
}

/// Gives scopes and spans to futures.
pub trait ScopeFutureExt: Future + Sized {
    /// This future with the scopes of the caller: what either sets, both see. For `spawn`, which else starts with
    /// the scopes of some worker thread. The span that is active now is the parent of spans in there.
    fn in_scope(self) -> ScopeFuture<Self> {
        ScopeFuture { scopes: scopes::local(), ends: None, future: Box::pin(self) }
    }

    /// This future with copies of the caller's scopes and a trace of its own, as for a request.
    fn isolated(self) -> ScopeFuture<Self> {
        ScopeFuture { scopes: scopes::isolated(), ends: None, future: Box::pin(self) }
    }

    /// This future with the scopes of the caller and `span` as the active one. The span ends when the future does, or is
    /// dropped.
    ///
    /// ```
    /// # async fn orders() {}
    /// # async fn example() {
    /// use watchpost::ScopeFutureExt as _;
    /// if let Some(parent) = watchpost::current_span() {
    ///     orders().in_span(parent.start_child("db", "orders")).await;
    /// }
    /// # }
    /// ```
    fn in_span(self, span: Span) -> ScopeFuture<Self> {
        let mut scopes = scopes::local();
        scopes.current.set_span(Some(span.clone()));
        ScopeFuture { scopes, ends: Some(span), future: Box::pin(self) }
    }
}

impl<F: Future> ScopeFutureExt for F {}

impl<F: Future> Future for ScopeFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        let polled = scopes::lend(&mut this.scopes, || this.future.as_mut().poll(context));
        if polled.is_ready() {
            this.end();
        }
        polled
    }
}

impl<F> ScopeFuture<F> {
    fn end(&mut self) {
        if let Some(span) = self.ends.take() {
            span.finish();
        }
    }
}

impl<F> Drop for ScopeFuture<F> {
    fn drop(&mut self) {
        self.end();
    }
}
