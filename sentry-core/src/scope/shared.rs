//! Scopes that several threads or tasks write to.

use std::sync::Arc;

use crate::fork::ForkLock;
use crate::rng::Rng;
use crate::scope::{PropagationContext, Scope};
use crate::session::RequestState;
use crate::tracing::Span;

/// A scope behind a lock that is held for a few instructions only, and the span that is active around it.
///
/// A clone is the same scope; [`fork`](Self::fork) makes another. The span belongs to the handle, not to the scope: two
/// tasks may share a scope and each have its own span.
#[derive(Debug, Clone, Default)]
pub struct SharedScope {
    shared: Arc<ForkLock<Scope>>,
    span: Option<Span>,
}

impl SharedScope {
    /// An empty scope.
    pub fn new() -> Self {
        Self::default()
    }

    /// A scope that starts with what `scope` holds.
    pub fn from_scope(scope: Scope) -> Self {
        Self { shared: Arc::new(ForkLock::new(scope)), span: None }
    }

    /// Changes the scope; no concurrent change is lost. `change` must only call setters of the scope: it runs under
    /// the lock, so it may neither block nor capture nor panic.
    pub fn update<R>(&self, change: impl FnOnce(&mut Scope) -> R) -> R {
        self.shared.with(change)
    }

    /// What the scope holds now.
    pub fn snapshot(&self) -> Scope {
        self.shared.with(|scope| scope.clone())
    }

    pub(super) fn shared(&self) -> &Arc<ForkLock<Scope>> {
        &self.shared
    }

    /// Looks at the scope, under the lock: the same rules as for [`update`](Self::update).
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Scope) -> R) -> R {
        self.shared.with(|scope| look(scope))
    }

    /// Another scope that starts with what this one holds: a pointer, until one of them is changed.
    pub fn fork(&self) -> Self {
        Self { span: self.span.clone(), ..Self::from_scope(self.snapshot()) }
    }

    /// Puts `scope` in the place of what is held.
    pub fn replace(&self, scope: Scope) -> Scope {
        self.shared.with(|held| std::mem::replace(held, scope))
    }

    /// The same scope with another active span.
    #[must_use]
    pub fn with_span(&self, span: Option<Span>) -> Self {
        Self { shared: Arc::clone(&self.shared), span }
    }

    /// Makes another span the active one of this handle and gives back the one before.
    pub fn set_span(&mut self, span: Option<Span>) -> Option<Span> {
        std::mem::replace(&mut self.span, span)
    }

    /// The active span, unless it has ended.
    pub fn span(&self) -> Option<&Span> {
        self.span.as_ref().filter(|span| span.is_open())
    }

    /// The active span, even if it has ended.
    pub fn span_slot(&self) -> Option<&Span> {
        self.span.as_ref()
    }

    /// The session of the request that the scope belongs to.
    pub(crate) fn request_session(&self) -> Option<RequestState> {
        self.shared.with(|scope| scope.request_session().cloned())
    }

    /// The trace of this scope; starts one if there is none.
    pub(crate) fn propagation(&self, rng: &dyn Rng) -> PropagationContext {
        if let Some(propagation) = self.shared.with(|scope| scope.propagation()) {
            return propagation;
        }
        let fresh = PropagationContext::random(rng);
        self.shared.with(|scope| match scope.propagation() {
            Some(propagation) => propagation,
            None => {
                let fresh = PropagationContext { shared: scope.owns_trace(), ..fresh };
                scope.set_propagation(Some(fresh.clone()));
                fresh
            }
        })
    }
}

/// The three scopes of a capture. Where they live is the host's affair: thread- and task-local in Rust, context
/// variables in Python, and so on.
#[derive(Debug, Clone, Copy)]
pub struct Scopes<'a> {
    /// The process's own.
    pub global: &'a SharedScope,
    /// One per request, task or user.
    pub isolation: &'a SharedScope,
    /// One per block of code.
    pub current: &'a SharedScope,
}
