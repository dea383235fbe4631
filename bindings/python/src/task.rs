//! Work that a queue hands out: a job with scopes and a transaction of its own, in the trace of whoever ordered it.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_core::{ForkLock, Span, SpanStatus, Text, TransactionOptions, TransactionSource};

use crate::active::Active;
use crate::convert::{Converter, Limits, text_of};
use crate::pending::with_sampling;
use crate::recent::Recent;
use crate::session::{Session, entry};

/// Begins a job: its scopes are active until it is finished. `headers` is what came along with it; `context` is for the
/// sampler. `None` if nothing is reported.
#[pyfunction]
#[pyo3(signature = (name, op, origin, headers=None, context=None))]
pub(crate) fn begin_task(
    py: Python<'_>,
    name: &str,
    op: &str,
    origin: &str,
    headers: Option<&Bound<'_, PyDict>>,
    context: Option<&Bound<'_, PyDict>>,
) -> Option<Task> {
    let begun = entry(py, "a task", || {
        let session = Session::current();
        let Some(session) = session.as_ref().filter(|session| session.host.client().is_enabled()) else {
            return Ok(None);
        };
        let client = session.host.client();
        let mut active = Active::here(py)?.get().with_isolation_fork();
        let name = Text::from(name).shared();
        active.isolation().update(|scope| scope.set_transaction(Some(name.clone())));
        active.request = None;
        let incoming = incoming(headers);
        if !incoming.is_empty() {
            client.continue_trace(incoming, active.isolation());
        }
        let span = client.options().is_tracing_on().then(|| {
            let options = TransactionOptions::new(name, op.to_owned())
                .source(TransactionSource::Task)
                .origin(origin.to_owned());
            let start = || client.start_transaction(options, active.scopes());
            match context {
                Some(context) => with_sampling(context.clone().unbind(), start),
                None => start(),
            }
        });
        if let Some(span) = &span {
            active.set_span(span.clone());
        }
        let recent = Arc::clone(active.recent());
        let token = ForkLock::new(Some(active.enter(py)?));
        Ok(Some(Task { span, token, recent }))
    });
    begun.flatten()
}

fn incoming(headers: Option<&Bound<'_, PyDict>>) -> Vec<(Text, Text)> {
    let entries = headers.into_iter().flatten();
    let known = ["sentry-trace", "baggage", "traceparent"];
    let entries = entries.map(|(name, value)| (text_of(&name), text_of(&value)));
    entries.filter(|(name, _)| known.iter().any(|known| name.eq_ignore_ascii_case(known))).collect()
}

/// A job that is under way.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct Task {
    span: Option<Span>,
    token: ForkLock<Option<Py<PyAny>>>,
    recent: Arc<Recent>,
}

#[pymethods]
impl Task {
    /// Sets an attribute of its transaction.
    fn set_data(&self, key: &str, value: &Bound<'_, PyAny>) {
        if let Some(span) = self.span.as_ref().filter(|span| span.is_recording()) {
            span.set_data(key, Converter::new(Limits::DATA).value(value));
        }
    }

    /// It is over: the scopes from before are active again. The first end counts.
    #[pyo3(signature = (failed=false))]
    fn finish(&self, py: Python<'_>, failed: bool) {
        let Some(token) = self.token.with(Option::take) else { return };
        entry(py, "the end of a task", || {
            if let Some(span) = &self.span {
                span.set_status(if failed { SpanStatus::InternalError } else { SpanStatus::Ok });
                py.detach(|| span.finish());
            }
            if failed {
                // Whoever ran it may tell of its error as well.
                self.recent.hand_over_last(py);
            }
            // In another context there is nothing to take back.
            let _ = Active::leave(py, &token);
            Ok(())
        });
    }
}

/// What takes the trace along in the headers of a message: names and values.
#[pyfunction]
#[pyo3(signature = (baggage=None))]
pub(crate) fn message_headers(py: Python<'_>, baggage: Option<&str>) -> Vec<(&'static str, String)> {
    let headers = entry(py, "message_headers", || {
        let session = Session::current();
        let Some(session) = session.as_ref().filter(|session| session.host.client().is_enabled()) else {
            return Ok(Vec::new());
        };
        let active = Active::here(py)?;
        let headers = session.host.client().trace_headers(baggage, active.get().scopes());
        Ok(headers.iter().map(|(name, value)| (name, value.to_owned())).collect())
    });
    headers.unwrap_or_default()
}
