//! What was reported last in a piece of work: its id, and the exception, which no integration reports once more.

use std::sync::{Arc, Weak};

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;
use pyo3::types::{PyWeakrefMethods, PyWeakrefReference};
use watchpost_core::{EventId, ForkLock};

use crate::once::intern;

thread_local! {
    /// Of whatever begins in this thread by itself.
    static OF_THREAD: Arc<Recent> = Arc::default();
}

/// What was reported last.
#[derive(Debug, Default)]
pub(crate) struct Recent {
    event: ForkLock<Option<EventId>>,
    error: ForkLock<Option<Seen>>,
    /// Who this work was begun by, which ends later.
    outer: Weak<Self>,
    /// True for a part of the outer work: what is seen here is seen there.
    is_part: bool,
}

/// An exception that was captured, told by what keeps neither it nor its frames. Nothing is left on it: it may be raised
/// again in other work, or travel as a pickle.
#[derive(Debug)]
enum Seen {
    Weak(Py<PyWeakrefReference>),
    /// Its own dictionary, which no other has: Python's own classes know no weak references.
    Dict(Py<PyAny>),
}

impl Seen {
    fn new(error: &Bound<'_, PyBaseException>) -> PyResult<Self> {
        match PyWeakrefReference::new(error) {
            Ok(weak) => Ok(Self::Weak(weak.unbind())),
            Err(_) => error.getattr(intern!(error.py(), "__dict__")).map(|dict| Self::Dict(dict.unbind())),
        }
    }

    fn is(&self, error: &Bound<'_, PyBaseException>) -> bool {
        let py = error.py();
        match self {
            Self::Weak(weak) => weak.bind(py).upgrade().is_some_and(|seen| seen.is(error)),
            Self::Dict(seen) => {
                error.getattr(intern!(py, "__dict__")).is_ok_and(|dict| dict.as_ptr() == seen.as_ptr())
            }
        }
    }

    fn clone_ref(&self, py: Python<'_>) -> Self {
        match self {
            Self::Weak(weak) => Self::Weak(weak.clone_ref(py)),
            Self::Dict(dict) => Self::Dict(dict.clone_ref(py)),
        }
    }
}

impl Recent {
    /// Of what begins in this thread by itself.
    pub(crate) fn of_thread() -> Arc<Self> {
        OF_THREAD.try_with(Arc::clone).unwrap_or_default()
    }

    /// Of work of its own that begins inside of `outer`.
    pub(crate) fn inside(outer: &Weak<Self>) -> Arc<Self> {
        Arc::new(Self { outer: outer.clone(), ..Self::default() })
    }

    /// Of a part of `outer` that has scopes of its own.
    pub(crate) fn part_of(outer: &Arc<Self>) -> Arc<Self> {
        Arc::new(Self { outer: Arc::downgrade(outer), is_part: true, ..Self::default() })
    }

    /// The last event.
    pub(crate) fn event(&self) -> Option<EventId> {
        self.event.with(|event| *event)
    }

    /// An event was captured, or dropped.
    pub(crate) fn note_event(&self, id: Option<EventId>) {
        self.event.with(|event| *event = id);
    }

    /// True for the exception that was captured last.
    pub(crate) fn is_known(&self, error: &Bound<'_, PyBaseException>) -> bool {
        if self.holds(error) {
            return true;
        }
        let mut whole = self.whole();
        while let Some(one) = whole {
            if one.holds(error) {
                return true;
            }
            whole = one.whole();
        }
        false
    }

    /// This exception was captured.
    ///
    /// # Errors
    /// When it is one that is like no other.
    pub(crate) fn note_error(&self, error: &Bound<'_, PyBaseException>) -> PyResult<()> {
        self.hold_all(error.py(), &Seen::new(error)?);
        Ok(())
    }

    /// An exception leaves the work: whoever began it has seen it, too.
    pub(crate) fn hand_over(&self, error: &Bound<'_, PyBaseException>) {
        if self.holds(error) {
            self.hand_over_last(error.py());
        }
    }

    /// The same for the exception that was captured last.
    pub(crate) fn hand_over_last(&self, py: Python<'_>) {
        if let (Some(outer), Some(last)) = (self.outer.upgrade(), self.last(py)) {
            outer.hold_all(py, &last);
        }
    }

    fn whole(&self) -> Option<Arc<Self>> {
        if self.is_part { self.outer.upgrade() } else { None }
    }

    fn holds(&self, error: &Bound<'_, PyBaseException>) -> bool {
        self.last(error.py()).is_some_and(|last| last.is(error))
    }

    fn hold_all(&self, py: Python<'_>, seen: &Seen) {
        self.hold(seen.clone_ref(py));
        let mut whole = self.whole();
        while let Some(one) = whole {
            one.hold(seen.clone_ref(py));
            whole = one.whole();
        }
    }

    fn hold(&self, seen: Seen) {
        // Let go of outside of the lock: that may run code of the application.
        drop(self.error.with(|held| held.replace(seen)));
    }

    fn last(&self, py: Python<'_>) -> Option<Seen> {
        self.error.with(|held| held.as_ref().map(|held| held.clone_ref(py)))
    }
}
