//! Scopes that travel with a future from thread to thread.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use crate::scopes::{self, Local};

/// A future that runs with its own scopes, on whatever thread it is polled.
#[derive(Debug)]
pub struct ScopeFuture<F> {
    scopes: Local,
    future: Pin<Box<F>>,
}

/// Gives scopes to futures.
pub trait ScopeFutureExt: Future + Sized {
    /// This future with the scopes of the caller: what either sets, both see. For `spawn`, which else starts with
    /// the scopes of some worker thread.
    fn in_scope(self) -> ScopeFuture<Self> {
        ScopeFuture { scopes: scopes::local(), future: Box::pin(self) }
    }

    /// This future with copies of the caller's scopes, as for a request.
    fn isolated(self) -> ScopeFuture<Self> {
        ScopeFuture { scopes: scopes::isolated(), future: Box::pin(self) }
    }
}

impl<F: Future> ScopeFutureExt for F {}

impl<F: Future> Future for ScopeFuture<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let this = &mut *self;
        scopes::enter(this.scopes.clone(), || this.future.as_mut().poll(context))
    }
}
