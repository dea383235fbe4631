//! `with` blocks that have scopes of their own.

use pyo3::prelude::*;
use pyo3::types::PyBool;
use watchpost_core::SharedScope;

use crate::active::{Active, Tokens};
use crate::fast::{self, Arguments, Names};
use crate::scope::Scope;
use crate::session::entry;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// A `with` block in which other scopes are active. Can be entered again, also inside of itself.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct ScopeBlock {
    kind: Kind,
    tokens: Tokens,
}

/// Which scopes.
#[derive(Debug)]
enum Kind {
    /// A fork of the current one.
    Fork,
    /// Forks of both.
    Isolate,
    /// This as the current one.
    Current(Box<SharedScope>),
    /// This as the isolation scope.
    Isolation(Box<SharedScope>),
}

impl ScopeBlock {
    fn new(kind: Kind) -> Self {
        Self { kind, tokens: Tokens::default() }
    }

    /// Makes the scopes from before active again; `error` is what left the block.
    fn leave(&self, py: Python<'_>, error: Option<Any<'_, '_>>) -> PyResult<()> {
        if let (Kind::Isolate | Kind::Isolation(_), Some(Ok(error))) = (&self.kind, error.map(Bound::cast)) {
            Active::here(py)?.get().recent().hand_over(error);
        }
        self.tokens.leave(py)
    }
}

/// A `with` block with a fork of the current scope.
#[pyfunction]
pub(crate) fn new_scope() -> ScopeBlock {
    ScopeBlock::new(Kind::Fork)
}

/// A `with` block with forks of the isolation and the current scope: one per request, job or user.
#[pyfunction]
pub(crate) fn isolation_scope() -> ScopeBlock {
    ScopeBlock::new(Kind::Isolate)
}

/// A `with` block with this scope as the current one.
#[pyfunction]
pub(crate) fn use_scope(scope: &Bound<'_, Scope>) -> ScopeBlock {
    ScopeBlock::new(Kind::Current(Box::new(scope.get().0.clone())))
}

/// A `with` block with this scope as the isolation scope, and a fork of the current one.
#[pyfunction]
pub(crate) fn use_isolation_scope(isolation_scope: &Bound<'_, Scope>) -> ScopeBlock {
    ScopeBlock::new(Kind::Isolation(Box::new(isolation_scope.get().0.clone())))
}

#[pymethods]
impl ScopeBlock {
    fn __enter__(&self, py: Python<'_>) -> Scope {
        let entered = entry(py, "a scope", || {
            let here = Active::here(py)?;
            let here = here.get();
            let (active, scope) = match &self.kind {
                Kind::Fork => {
                    let active = here.with_current_fork();
                    let scope = active.current().clone();
                    (active, scope)
                }
                Kind::Isolate => {
                    let active = here.with_isolation_fork();
                    let scope = active.isolation().clone();
                    (active, scope)
                }
                Kind::Current(scope) => (here.with_current((**scope).clone()), (**scope).clone()),
                Kind::Isolation(scope) => (here.with_isolation((**scope).clone()), (**scope).clone()),
            };
            self.tokens.push(Some(active.enter(py)?));
            Ok(scope)
        });
        Scope(entered.unwrap_or_default())
    }

    fn __exit__(
        &self,
        py: Python<'_>,
        _ty: Any<'_, '_>,
        value: Any<'_, '_>,
        _traceback: Any<'_, '_>,
    ) -> bool {
        entry(py, "a scope", || self.leave(py, Some(value)));
        false
    }
}

fast::entry!(brief exit => leave);

static EXIT_NAMES: Names<3> = Names::new(["_ty", "value", "_traceback"], 3);

fn leave(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let block = this.cast::<ScopeBlock>()?.get();
    let value = match &block.kind {
        Kind::Isolate | Kind::Isolation(_) => given.take(&EXIT_NAMES)?.0[1].take(),
        Kind::Fork | Kind::Current(_) => None,
    };
    entry(this.py(), "a scope", || block.leave(this.py(), value.as_ref()));
    Ok(PyBool::new(this.py(), false).to_owned().into_any().unbind())
}

/// Makes the methods that are called most cheap to call.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn hasten(py: Python<'_>) -> PyResult<()> {
    let doc = c"__exit__($self, _ty, value, _traceback, /)\n--\n\n";
    fast::replace_method(&py.get_type::<ScopeBlock>(), c"__exit__", doc, exit)
}
