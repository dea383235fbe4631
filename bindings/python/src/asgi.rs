//! Applications of ASGI 3.

use crate::once::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};
use watchpost_core::{BodyTee, ForkLock, IncomingRequest, Text};

use crate::active::Active;
use crate::convert::text_of;
use crate::exchange::{Exchange, is_cancelled, status_of};
use crate::framework::{Framework, Kind, host_of};
use crate::session::entry;

/// Begins to answer a request or a connection: its scopes are active until it is finished. `None` if there is nothing
/// to do, as for the events of a server's life.
#[pyfunction]
pub(crate) fn begin_asgi<'py>(
    py: Python<'py>,
    framework: &Bound<'py, Framework>,
    scope: &Bound<'py, PyAny>,
) -> Option<AsgiExchange> {
    let begun = entry(py, "a request", || {
        let Ok(scope) = scope.cast::<PyDict>() else { return Ok(None) };
        let Some(ty) = scope.get_item(intern!(py, "type"))? else { return Ok(None) };
        let kind = match &*text_of(&ty) {
            "http" => Kind::Http,
            "websocket" => Kind::WebSocket,
            _ => return Ok(None),
        };
        let Some(exchange) = Exchange::begin(py, framework, kind, scope)? else { return Ok(None) };
        let token = ForkLock::new(Some(exchange.enter(py)?));
        Ok(Some(AsgiExchange { exchange, token }))
    });
    begun.flatten()
}

/// A request that is being answered by a coroutine.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct AsgiExchange {
    exchange: Exchange,
    token: ForkLock<Option<Py<PyAny>>>,
}

#[pymethods]
impl AsgiExchange {
    /// `send` for the application, which learns the status.
    fn sends(this: Bound<'_, Self>, send: Bound<'_, PyAny>) -> AsgiSend {
        AsgiSend { exchange: this.unbind(), inner: send.unbind() }
    }

    /// What copies the body while the application reads it; `None` if it is not collected.
    fn reads(&self, py: Python<'_>) -> Option<AsgiBody> {
        let tee = entry(py, "a body", || Ok(self.exchange.tee(py))).flatten()?;
        Some(AsgiBody(ForkLock::new(Some(tee))))
    }

    /// The answer has this status.
    fn answers(&self, status: u16) {
        self.exchange.answers(status);
    }

    /// An error has left the application.
    fn failed(&self, py: Python<'_>, error: &Bound<'_, PyAny>) {
        let error = PyErr::from_value(error.clone());
        if is_cancelled(py, &error) {
            self.exchange.cancelled();
        } else if error.is_instance_of::<pyo3::exceptions::PyException>(py) {
            self.exchange.failed(py, &error);
        }
    }

    /// It is over.
    fn finish(&self, py: Python<'_>) {
        self.exchange.finish(py);
        if let Some(token) = self.token.with(Option::take) {
            // In another context, as when a generator is closed elsewhere, there is nothing to take back.
            let _ = Active::leave(py, &token);
        }
    }
}

/// The body of a request while the application reads it.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct AsgiBody(ForkLock<Option<BodyTee>>);

#[pymethods]
impl AsgiBody {
    /// The application is about to get this message.
    fn note(&self, py: Python<'_>, message: &Bound<'_, PyAny>) {
        entry(py, "a body", || {
            let Ok(message) = message.cast::<PyDict>() else { return Ok(()) };
            let ty = message.get_item(intern!(py, "type"))?.map(|ty| text_of(&ty)).unwrap_or_default();
            if ty != "http.request" {
                self.0.with(|tee| tee.as_mut().map(BodyTee::give_up));
                return Ok(());
            }
            let part =
                message.get_item(intern!(py, "body"))?.and_then(|body| body.cast_into::<PyBytes>().ok());
            let more = message.get_item(intern!(py, "more_body"))?;
            let more = more.is_some_and(|more| more.is_truthy().unwrap_or(false));
            self.0.with(|tee| {
                let Some(tee) = tee else { return };
                if let Some(part) = &part {
                    tee.push(part.as_bytes());
                }
                if !more {
                    tee.finish();
                }
            });
            Ok(())
        });
    }
}

/// `send` of an application.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct AsgiSend {
    exchange: Py<AsgiExchange>,
    inner: Py<PyAny>,
}

#[pymethods]
impl AsgiSend {
    fn __call__<'py>(&self, message: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = message.py();
        if let Ok(message) = message.cast::<PyDict>()
            && let Ok(Some(status)) = message.get_item(intern!(py, "status"))
            && let Some(status) = status_of(&status)
        {
            self.exchange.get().exchange.answers(status);
        }
        self.inner.bind(py).call1((message,))
    }
}

/// The headers of a trace that came along.
pub(crate) fn trace_headers(scope: &Bound<'_, PyDict>) -> Vec<(&'static str, String)> {
    let mut found = Vec::new();
    each_header(scope, |name, value| {
        for known in ["sentry-trace", "baggage", "traceparent"] {
            if name.eq_ignore_ascii_case(known.as_bytes()) {
                found.push((known, String::from_utf8_lossy(value).into_owned()));
            }
        }
    });
    found
}

/// All that is known; what of it is collected is the core's decision.
pub(crate) fn read(scope: &Bound<'_, PyDict>) -> IncomingRequest {
    let py = scope.py();
    let item = |key| item(scope, key);
    let text = |key| item(key).map(|value| text_of(&value)).unwrap_or_default();
    let headers = headers(scope);
    let host =
        headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("host")).map(|(_, host)| host.to_string());
    let host = host.or_else(|| {
        let (host, port) = host_of(&item(intern!(py, "server"))?)?;
        Some(port.map_or_else(|| host.to_string(), |port| format!("{host}:{port}")))
    });
    let query = item(intern!(py, "query_string")).and_then(|query| {
        let query = query.cast_into::<PyBytes>().ok()?;
        let query = String::from_utf8_lossy(query.as_bytes());
        (!query.is_empty()).then(|| format!("?{query}"))
    });
    let url = format!(
        "{}://{}{}{}",
        item(intern!(py, "scheme")).map_or(Text::from_static("http"), |scheme| text_of(&scheme)),
        host.unwrap_or_default(),
        text(intern!(py, "path")),
        query.unwrap_or_default()
    );
    IncomingRequest {
        method: text(intern!(py, "method")),
        url: url.into(),
        headers,
        remote_addr: item(intern!(py, "client")).and_then(|client| host_of(&client)).map(|(host, _)| host),
        ..IncomingRequest::default()
    }
}

/// All headers, by their names as they came.
pub(crate) fn headers(scope: &Bound<'_, PyDict>) -> Vec<(Text, Text)> {
    let mut headers = Vec::new();
    each_header(scope, |name, value| {
        let text = |bytes| Text::from(String::from_utf8_lossy(bytes).into_owned());
        headers.push((text(name), text(value)));
    });
    headers
}

fn item<'py>(scope: &Bound<'py, PyDict>, key: &Bound<'py, PyString>) -> Option<Bound<'py, PyAny>> {
    scope.get_item(key).ok().flatten().filter(|value| !value.is_none())
}

fn each_header(scope: &Bound<'_, PyDict>, mut visit: impl FnMut(&[u8], &[u8])) {
    let Ok(Some(headers)) = scope.get_item(intern!(scope.py(), "headers")) else { return };
    for pair in headers.try_iter().into_iter().flatten().flatten() {
        let part = |index: usize| pair.get_item(index).ok().and_then(|part| part.cast_into::<PyBytes>().ok());
        if let (Some(name), Some(value)) = (part(0), part(1)) {
            visit(name.as_bytes(), value.as_bytes());
        }
    }
}
