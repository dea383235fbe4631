//! The core's span behind a Python object.

use std::sync::OnceLock;

use pyo3::prelude::*;
use watchpost_core as core;
use watchpost_core::ForkLock;

use super::Span;
use crate::active::Tokens;
use crate::pending::Pending;
use crate::session::{Session, entry};
use crate::status::status_of;
use crate::transaction::transaction;

impl Span {
    /// Around a span that has started.
    pub(crate) fn started(span: core::Span) -> Self {
        Self { core: OnceLock::from(span), pending: ForkLock::default(), tokens: Tokens::default() }
    }

    /// One that starts when it is first used.
    pub(crate) fn pending(pending: Pending) -> Self {
        Self {
            core: OnceLock::new(),
            pending: ForkLock::new(Some(Box::new(pending))),
            tokens: Tokens::default(),
        }
    }

    /// The core's span; starts it if it waits for that.
    pub(crate) fn core(&self, py: Python<'_>) -> &core::Span {
        if let Some(span) = self.core.get() {
            return span;
        }
        let pending = self.pending.with(Option::take);
        let span = match pending {
            Some(pending) => entry(py, "start_transaction", || pending.start(py)),
            None => None,
        };
        let span = span.unwrap_or_else(core::Span::disabled);
        self.core.get_or_init(|| span)
    }

    /// Changes what it starts with, if it waits for that.
    pub(crate) fn prepare(&self, change: impl FnOnce(&mut Pending)) {
        self.pending.with(|pending| {
            if let Some(pending) = pending {
                change(pending);
            }
        });
    }

    /// False if nobody will see what is set on it.
    pub(super) fn listens(&self) -> bool {
        self.core.get().is_none_or(core::Span::is_recording)
    }

    /// Changes it, now or when it starts.
    pub(super) fn edit(&self, change: impl FnOnce(&core::Span) + Send + 'static) {
        match self.core.get() {
            Some(span) => change(span),
            None => {
                let change = Box::new(change);
                self.prepare(|pending| pending.then.push(change));
            }
        }
    }

    /// The same with what `read` answers, which is not asked if nobody will see it.
    pub(crate) fn edit_named<F>(&self, py: Python<'_>, name: &str, read: impl FnOnce() -> PyResult<F>)
    where
        F: FnOnce(&core::Span) + Send + 'static,
    {
        if self.listens() {
            entry(py, name, || {
                self.edit(read()?);
                Ok(())
            });
        }
    }

    /// Ends the block that it is active in, and itself; `error` is what left the block.
    pub(super) fn exit(&self, py: Python<'_>, error: Option<&Bound<'_, PyAny>>) {
        entry(py, "a span", || self.tokens.leave(py));
        if !self.listens() {
            return;
        }
        if let Some(error) = error.filter(|error| !error.is_none()) {
            entry(py, "a span", || {
                let status = status_of(error)?;
                let span = self.core(py);
                if let Some(status) = status.filter(|_| span.status().is_none()) {
                    span.set_status(status);
                }
                Ok(())
            });
        }
        entry(py, "finish", || {
            self.end(py, None);
            Ok(())
        });
    }

    /// Ends it, now or at another time.
    pub(crate) fn end(&self, py: Python<'_>, end: Option<core::Timestamp>) {
        let span = self.core(py);
        if !span.is_recording() {
            return;
        }
        let finish = || match end {
            Some(end) => span.finish_at(end),
            None => span.finish(),
        };
        if span.sends_at_its_end() {
            py.detach(finish);
        } else {
            finish();
        }
    }

    /// The headers that take its trace along.
    pub(super) fn headers(&self, py: Python<'_>) -> core::TraceHeaders {
        let span = self.core(py);
        match &*Session::current() {
            Some(session) => session.host.client().headers_of(span, None),
            None => span.headers(None),
        }
    }
}

/// A Python object around a span.
pub(crate) fn wrap<'py>(py: Python<'py>, span: core::Span) -> PyResult<Bound<'py, Span>> {
    if span.is_transaction() {
        transaction(py, Span::started(span))
    } else {
        Bound::new(py, Span::started(span))
    }
}
