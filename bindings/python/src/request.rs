//! The request of a WSGI server, read when an event needs it.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_core::{Collect, EventHook, Map, Request, Value};

use crate::convert::text_of;
use crate::scope::Scope;
use crate::session::{Session, entry};
use crate::text::bounded;

/// Headers that say who asked: only where the user may be told.
const PERSONAL: [&str; 5] =
    ["FORWARDED", "X_FORWARDED_FOR", "X_REAL_IP", "TRUE_CLIENT_IP", "CF_CONNECTING_IP"];

/// Lets every event of `scope` say which request it belongs to. Costs next to nothing until there is an event.
#[pyfunction]
pub(crate) fn set_wsgi_request(py: Python<'_>, scope: &Scope, environ: &Bound<'_, PyDict>) {
    let environ = environ.clone().unbind();
    let processor: EventHook = Arc::new(move |mut event, _| {
        if event.request.is_none() {
            event.request = Python::attach(|py| entry(py, "reading the request", || read(environ.bind(py))));
        }
        Ok(Some(event))
    });
    entry(py, "set_wsgi_request", || {
        scope.0.update(|scope| scope.add_event_processor(processor));
        Ok(())
    });
}

fn read(environ: &Bound<'_, PyDict>) -> PyResult<Request> {
    let session = Session::current();
    let Some(collect) = session.as_ref().map(|session| session.host.options().client.data_collection())
    else {
        return Ok(Request::default());
    };
    let personal = collect.user_info;
    let text = |key: &str| -> PyResult<String> {
        Ok(environ.get_item(key)?.map(|value| text_of(&value).into()).unwrap_or_default())
    };
    let mut headers = Map::new();
    for (key, value) in environ.iter() {
        let Ok(key) = key.cast::<PyString>() else { continue };
        let (key, _) = bounded(key, 200);
        let name = match key.strip_prefix("HTTP_") {
            Some("COOKIE") if collect.cookies == Collect::Off => continue,
            Some(name) if personal || !PERSONAL.contains(&name) => name,
            None if matches!(&*key, "CONTENT_TYPE" | "CONTENT_LENGTH") => &*key,
            _ => continue,
        };
        let value = text_of(&value);
        if !value.is_empty() {
            headers.insert(header_name(name), value.as_str().into());
        }
    }
    let host = match text("HTTP_HOST")? {
        host if host.is_empty() => text("SERVER_NAME")?,
        host => host,
    };
    let query = text("QUERY_STRING")?;
    let mut env = Map::new();
    if personal {
        env.insert("REMOTE_ADDR".to_owned(), text("REMOTE_ADDR")?.into());
    }
    Ok(Request {
        method: Some(text("REQUEST_METHOD")?.into()),
        url: Some(
            format!("{}://{host}{}{}", text("wsgi.url_scheme")?, text("SCRIPT_NAME")?, text("PATH_INFO")?)
                .into(),
        ),
        query_string: (!query.is_empty() && collect.query_params != Collect::Off).then(|| query.into()),
        headers: (collect.request_headers != Collect::Off).then(|| Value::Object(headers)),
        env,
        ..Request::default()
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
