//! Applications of WSGI (PEP 3333).

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::once::intern;
use pyo3::exceptions::PyTypeError;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator, PyList, PyString, PyTuple};
use watchpost_core::IncomingRequest;

use crate::active::Active;
use crate::convert::text_of;
use crate::exchange::{Exchange, status_of};
use crate::fast::{self, Arguments, Names};
use crate::framework::{Framework, Kind};
use crate::session::entry;
use crate::text::{bounded, characters};

/// Answers one request by `app`, with scopes, a transaction and a session of its own. What the application answers
/// and raises is passed on as it is. With `owner`, `app` is a method of it that is not bound yet.
///
/// # Errors
/// Those of the application.
fn serve(module: &Bound<'_, PyAny>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let ([framework, app, environ, start_response, owner], _) = given.take(&NAMES)?;
    let (Some(framework), Some(app), Some(environ), Some(start_response)) =
        (framework, app, environ, start_response)
    else {
        return Err(PyTypeError::new_err("missing required arguments"));
    };
    let owner = owner.filter(|owner| !owner.is_none());
    let framework = framework.cast_into::<Framework>()?;
    answer(module.py(), &framework, &app, &environ, &start_response, owner.as_ref()).map(Bound::unbind)
}

fast::entry!(serve_wsgi => serve);

static NAMES: Names<5> = Names::new(["framework", "app", "environ", "start_response", "owner"], 5);

/// Adds the function to the module.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
    let doc = c"serve_wsgi(framework, app, environ, start_response, owner=None)\n--\n\nAnswers one request.";
    fast::add_function(module, c"serve_wsgi", doc, serve_wsgi)
}

fn answer<'py>(
    py: Python<'py>,
    framework: &Bound<'py, Framework>,
    app: &Bound<'py, PyAny>,
    environ: &Bound<'py, PyAny>,
    start_response: &Bound<'py, PyAny>,
    owner: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let call = |start_response: &Bound<'py, PyAny>| {
        passed_on(|| match owner {
            Some(owner) => app.call1((owner, environ, start_response)),
            None => app.call1((environ, start_response)),
        })
    };
    let begun = entry(py, "a request", || {
        let Ok(environ) = environ.cast::<PyDict>() else { return Ok(None) };
        let Some(exchange) = Exchange::begin(py, framework, Kind::Wsgi, environ)? else { return Ok(None) };
        let answer = Bound::new(py, WsgiAnswer { exchange, inner: start_response.clone().unbind() })?;
        let token = answer.get().exchange.enter(py)?;
        Ok(Some((answer, token)))
    });
    let Some((answer, token)) = begun.flatten() else { return call(start_response) };
    let answered = call(answer.as_any());
    // There is an answer, whatever becomes of us. If this fails, the exchange ends when it is dropped.
    let watched = entry(py, "the end of a request", || {
        let exchange = &answer.get().exchange;
        if let Err(error) = &answered
            && error.is_instance_of::<pyo3::exceptions::PyException>(py)
        {
            exchange.failed(py, error);
        }
        if let Err(error) = Active::leave(py, &token) {
            entry(py, "the end of a request", || Err::<(), _>(error));
        }
        let watched = match &answered {
            Ok(body) => watch(&answer, body, environ)?,
            Err(_) => None,
        };
        if watched.is_none() {
            exchange.finish(py);
        }
        Ok(watched)
    });
    watched.flatten().map_or(answered, Ok)
}

/// What the application answers and raises. An exception that pyo3 made of a panic of ours inside of it is one of those; pyo3
/// would make it a panic again, on which the answer would be lost.
pub(crate) fn passed_on<T>(call: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(call)).unwrap_or_else(|panic| {
        let text = panic.downcast::<String>().map_or_else(|_| "a panic".to_owned(), |text| *text);
        Err(PanicException::new_err(text))
    })
}

/// The body, watched while it is being made; `None` if it is done already.
///
/// # Errors
/// When the interpreter has no memory left.
fn watch<'py>(
    answer: &Bound<'py, WsgiAnswer>,
    body: &Bound<'py, PyAny>,
    environ: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = body.py();
    if is_complete(body, environ) {
        return Ok(None);
    }
    // One that cannot be iterated is for the server to complain of.
    let Ok(iterator) = body.try_iter() else { return Ok(None) };
    let is_made = answer.get().exchange.has_length() || is_made(body);
    let (body, iterator) = (body.clone().unbind(), iterator.unbind());
    let answer = answer.clone().unbind();
    Ok(Some(Bound::new(py, WsgiBody { answer, body, iterator, is_made })?.into_any()))
}

/// True for a body that cannot fail any more, or that the server treats specially by its type.
fn is_complete(body: &Bound<'_, PyAny>, environ: &Bound<'_, PyAny>) -> bool {
    if body.is_instance_of::<PyList>() || body.is_instance_of::<PyTuple>() {
        return true;
    }
    let wrapper = environ
        .cast::<PyDict>()
        .ok()
        .and_then(|environ| environ.get_item(intern!(body.py(), "wsgi.file_wrapper")).ok().flatten());
    wrapper.is_some_and(|wrapper| body.is_instance(&wrapper).unwrap_or(false))
}

/// True for an answer of Django that says so itself.
fn is_made(body: &Bound<'_, PyAny>) -> bool {
    let streaming = body.getattr_opt(intern!(body.py(), "streaming"));
    streaming.ok().flatten().is_some_and(|streaming| streaming.is_truthy().is_ok_and(|streaming| !streaming))
}

/// The header that tells the length of a body.
const LENGTH: &str = "content-length";

/// True if the length of the body is known, as of one that has been made.
fn has_length(headers: &Bound<'_, PyAny>) -> bool {
    let Ok(headers) = headers.cast::<PyList>() else { return false };
    headers.iter().any(|pair| {
        let name = pair.cast::<PyTuple>().ok().and_then(|pair| pair.get_item(0).ok());
        let name = name.as_ref().and_then(|name| name.cast::<PyString>().ok());
        name.is_some_and(|name| {
            name.len().is_ok_and(|length| length == LENGTH.len())
                && characters(name).eq_ignore_ascii_case(LENGTH)
        })
    })
}

/// `start_response`, which learns the status.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
struct WsgiAnswer {
    exchange: Exchange,
    inner: Py<PyAny>,
}

#[pymethods]
impl WsgiAnswer {
    #[pyo3(signature = (*args, **kwargs))]
    fn __call__<'py>(
        &self,
        args: &Bound<'py, PyTuple>,
        kwargs: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        entry(args.py(), "the head of an answer", || {
            if let Some(status) = args.get_item(0).ok().and_then(|status| status_of(&status)) {
                self.exchange.answers(status);
            }
            if args.get_item(1).is_ok_and(|headers| has_length(&headers)) {
                self.exchange.note_length();
            }
            self.exchange.keep(args.py());
            Ok(())
        });
        self.inner.bind(args.py()).call(args, kwargs)
    }
}

/// The body of an answer while it is being made: still in the scopes of its request. One that has been made is only
/// handed out, so those are not entered for it; an error is captured in them all the same.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
struct WsgiBody {
    answer: Py<WsgiAnswer>,
    body: Py<PyAny>,
    iterator: Py<PyIterator>,
    is_made: bool,
}

impl WsgiBody {
    fn inside<T>(&self, py: Python<'_>, work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
        let exchange = &self.answer.get().exchange;
        let enter = || entry(py, "a body", || exchange.enter(py));
        let mut token = if self.is_made { None } else { enter() };
        let done = passed_on(work);
        if let Err(error) = &done
            && error.is_instance_of::<pyo3::exceptions::PyException>(py)
        {
            token = token.or_else(enter);
            exchange.failed(py, error);
        }
        if let Some(token) = token {
            entry(py, "a body", || Active::leave(py, &token));
        }
        done
    }
}

#[pymethods]
impl WsgiBody {
    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        this
    }

    fn __next__<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.inside(py, || self.iterator.bind(py).clone().next().transpose())
    }

    fn close(&self, py: Python<'_>) -> PyResult<()> {
        let closed = self.inside(py, || {
            if let Some(close) = self.body.bind(py).getattr_opt(intern!(py, "close"))? {
                close.call0()?;
            }
            Ok(())
        });
        entry(py, "the end of a request", || {
            self.answer.get().exchange.finish(py);
            Ok(())
        });
        closed
    }

    fn __getattr__<'py>(&self, py: Python<'py>, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        self.body.bind(py).getattr(name)
    }
}

/// The headers of a trace that came along.
pub(crate) fn trace_headers(environ: &Bound<'_, PyDict>) -> PyResult<Vec<(&'static str, String)>> {
    let py = environ.py();
    let names = [
        ("sentry-trace", intern!(py, "HTTP_SENTRY_TRACE")),
        ("baggage", intern!(py, "HTTP_BAGGAGE")),
        ("traceparent", intern!(py, "HTTP_TRACEPARENT")),
    ];
    let mut found = Vec::new();
    for (name, key) in names {
        if let Some(value) = environ.get_item(key)? {
            found.push((name, text_of(&value).as_str().to_owned()));
        }
    }
    Ok(found)
}

/// All that is known; what of it is collected is the core's decision.
pub(crate) fn read(environ: &Bound<'_, PyDict>) -> PyResult<IncomingRequest> {
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
