//! The request of a WSGI server, read when an event needs it.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_core::{EventHook, IncomingRequest};

use crate::convert::text_of;
use crate::scope::Scope;
use crate::session::{Session, entry};
use crate::text::bounded;

/// Lets every event of `scope` say which request it belongs to. Costs next to nothing until there is an event.
#[pyfunction]
pub(crate) fn set_wsgi_request(py: Python<'_>, scope: &Scope, environ: &Bound<'_, PyDict>) {
    let environ = environ.clone().unbind();
    let processor: EventHook = Arc::new(move |mut event, _| {
        let request = Python::attach(|py| entry(py, "reading the request", || read(environ.bind(py))));
        if let (Some(request), Some(session)) = (request, &*Session::current()) {
            request.describe(&mut event, session.host.client());
        }
        Ok(Some(event))
    });
    entry(py, "set_wsgi_request", || {
        scope.0.update(|scope| scope.add_event_processor(processor));
        Ok(())
    });
}

/// All that is known; what of it is collected is the core's decision.
fn read(environ: &Bound<'_, PyDict>) -> PyResult<IncomingRequest> {
    let text = |key: &str| -> PyResult<String> {
        Ok(environ.get_item(key)?.map(|value| text_of(&value).into()).unwrap_or_default())
    };
    let mut headers = Vec::new();
    for (key, value) in environ.iter() {
        let Ok(key) = key.cast::<PyString>() else { continue };
        let (key, _) = bounded(key, 200);
        let name = match key.strip_prefix("HTTP_") {
            Some(name) => name,
            None if matches!(&*key, "CONTENT_TYPE" | "CONTENT_LENGTH") => &*key,
            None => continue,
        };
        let value = text_of(&value);
        if !value.is_empty() {
            headers.push((header_name(name).into(), value.as_str().into()));
        }
    }
    let host = match text("HTTP_HOST")? {
        host if host.is_empty() => text("SERVER_NAME")?,
        host => host,
    };
    let query = match text("QUERY_STRING")? {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    };
    let (scheme, path) = (text("wsgi.url_scheme")?, text("SCRIPT_NAME")? + &text("PATH_INFO")?);
    Ok(IncomingRequest {
        method: text("REQUEST_METHOD")?.into(),
        url: format!("{scheme}://{host}{path}{query}").into(),
        headers,
        remote_addr: Some(text("REMOTE_ADDR")?).filter(|address| !address.is_empty()).map(Into::into),
        ..IncomingRequest::default()
    })
}

/// `USER_AGENT` is `User-Agent`.
fn header_name(key: &str) -> String {
    let words = key.split('_').map(|word| match word.split_at_checked(1) {
        Some((first, rest)) => format!("{first}{}", rest.to_ascii_lowercase()),
        None => String::new(),
    });
    words.collect::<Vec<_>>().join("-")
}
