//! Scopes that several threads or tasks write to.

use std::sync::Arc;

use crate::fork::ForkLock;
use crate::rng::Rng;
use crate::scope::{PropagationContext, Scope};

/// A scope behind a lock that is held for a few instructions only. A clone is the same scope; [`fork`](Self::fork)
/// makes another.
#[derive(Debug, Clone, Default)]
pub struct SharedScope(Arc<ForkLock<Scope>>);

impl SharedScope {
    /// An empty scope.
    pub fn new() -> Self {
        Self::default()
    }

    /// A scope that starts with what `scope` holds.
    pub fn from_scope(scope: Scope) -> Self {
        Self(Arc::new(ForkLock::new(scope)))
    }

    /// Changes the scope; no concurrent change is lost. `change` must only call setters of the scope: it runs under
    /// the lock, so it may neither block nor capture nor panic.
    pub fn update<R>(&self, change: impl FnOnce(&mut Scope) -> R) -> R {
        self.0.with(change)
    }

    /// What the scope holds now.
    pub fn snapshot(&self) -> Scope {
        self.0.with(|scope| scope.clone())
    }

    /// Looks at the scope, under the lock: the same rules as for [`update`](Self::update).
    pub(crate) fn read<R>(&self, look: impl FnOnce(&Scope) -> R) -> R {
        self.0.with(|scope| look(scope))
    }

    /// Another scope that starts with what this one holds: a pointer, until one of them is changed.
    pub fn fork(&self) -> Self {
        Self::from_scope(self.snapshot())
    }

    /// Puts `scope` in the place of what is held.
    pub fn replace(&self, scope: Scope) -> Scope {
        self.0.with(|held| std::mem::replace(held, scope))
    }

    /// The trace of this scope; starts one if there is none.
    pub(crate) fn propagation(&self, rng: &dyn Rng) -> PropagationContext {
        if let Some(propagation) = self.0.with(|scope| scope.propagation()) {
            return propagation;
        }
        let fresh = PropagationContext::random(rng);
        self.0.with(|scope| match scope.propagation() {
            Some(propagation) => propagation,
            None => {
                scope.set_propagation(Some(fresh));
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
