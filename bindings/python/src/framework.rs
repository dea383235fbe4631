//! What is known of a request that is being answered, looked up once an event asks for it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::once::intern;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};
use watchpost_core::{BodyPlace, BodyTee, Client, Event, ForkLock, RequestBody, RequestHead, Text, User};

use crate::convert::text_of;
use crate::session::entry;
use crate::setters::to_user;
use crate::{asgi, wsgi};

/// How the requests of one framework are read, and whether they are at all.
#[pyclass(frozen, module = "watchpost._watchpost")]
#[derive(Debug)]
pub(crate) struct Framework {
    /// `auto.http.flask`.
    pub(crate) origin: Text,
    /// `(request) -> str | None`: the pattern of the route. `request` is the framework's own if it was given, else the
    /// WSGI environment or the ASGI scope.
    route: Option<Py<PyAny>>,
    /// `(request, body_limit, wants_user) -> dict | None`: `body`, `content_type`, `user`.
    more: Option<Py<PyAny>>,
    /// The key under which the framework leaves its own request in a WSGI environment, for as long as it answers.
    keep: Option<Py<PyString>>,
    on: AtomicBool,
    /// The methods whose requests are transactions; `None` for those that the core traces.
    methods: ForkLock<Option<Vec<String>>>,
}

impl Framework {
    /// False while the integration is switched off.
    pub(crate) fn is_on(&self) -> bool {
        self.on.load(Ordering::Relaxed)
    }

    /// True if a request is a transaction, by its method.
    pub(crate) fn traces(&self, head: &RequestHead<'_>) -> bool {
        self.methods.with(|methods| match methods {
            Some(methods) => methods.iter().any(|known| known.eq_ignore_ascii_case(head.method)),
            None => head.is_traced(),
        })
    }
}

#[pymethods]
impl Framework {
    #[new]
    #[pyo3(signature = (origin, route=None, more=None, keep=None))]
    fn new(
        origin: &str,
        route: Option<Py<PyAny>>,
        more: Option<Py<PyAny>>,
        keep: Option<Py<PyString>>,
    ) -> Self {
        let (on, methods) = (AtomicBool::new(true), ForkLock::default());
        Self { origin: origin.into(), route, more, keep, on, methods }
    }

    /// Switches it on or off; requests of these methods are transactions, by default all but HEAD and OPTIONS.
    #[pyo3(signature = (on, methods=None))]
    fn switch(&self, on: bool, methods: Option<Vec<String>>) {
        self.on.store(on, Ordering::Relaxed);
        drop(self.methods.with(|held| std::mem::replace(held, methods)));
    }
}

/// The protocol between server and application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Wsgi,
    Http,
    WebSocket,
}

impl Kind {
    /// The operation of its transactions.
    pub(crate) fn operation(self) -> &'static str {
        if self == Self::WebSocket { "websocket.server" } else { "http.server" }
    }

    /// What a sampler finds the request under.
    pub(crate) fn sampler_name(self) -> &'static str {
        if self == Self::Wsgi { "wsgi_environ" } else { "asgi_scope" }
    }

    /// The headers of a trace that came along.
    ///
    /// # Errors
    /// When the data is not what its protocol says.
    pub(crate) fn trace_headers(self, data: &Bound<'_, PyDict>) -> PyResult<Vec<(&'static str, String)>> {
        if self == Self::Wsgi { wsgi::trace_headers(data) } else { Ok(asgi::trace_headers(data)) }
    }
}

/// The request of one exchange.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) kind: Kind,
    data: Py<PyDict>,
    framework: ForkLock<Option<Py<Framework>>>,
    /// The framework's own request object.
    object: ForkLock<Option<Py<PyAny>>>,
    /// Where the body will be found, if it is copied while the application reads it.
    body: OnceLock<BodyPlace>,
}

impl Source {
    /// Around a WSGI environment or an ASGI scope.
    pub(crate) fn new(kind: Kind, data: &Bound<'_, PyDict>, framework: &Bound<'_, Framework>) -> Self {
        Self {
            kind,
            data: data.clone().unbind(),
            framework: ForkLock::new(Some(framework.clone().unbind())),
            object: ForkLock::default(),
            body: OnceLock::new(),
        }
    }

    /// True if it is about this very environment or scope, or about one that was copied from it: routers of ASGI hand on
    /// copies, with the same list of headers.
    pub(crate) fn is_of(&self, data: &Bound<'_, PyDict>) -> bool {
        if self.data.as_ptr() == data.as_ptr() {
            return true;
        }
        let headers = |data| headers_of(data).filter(|headers| headers.is_truthy().is_ok_and(|any| any));
        self.kind != Kind::Wsgi
            && headers(data)
                .is_some_and(|given| headers(self.data.bind(data.py())).is_some_and(|own| own.is(&given)))
    }

    /// Copies the body while the application reads it, if it is collected.
    pub(crate) fn tee(&self, py: Python<'_>, client: &Client) -> Option<BodyTee> {
        let options = client.options();
        let is_asked = options.data_collection().http_bodies.incoming_request;
        if self.kind != Kind::Http || !is_asked || options.max_request_body_size().bytes() == 0 {
            return None;
        }
        let headers = asgi::headers(self.data.bind(py));
        let header = |name: &str| {
            let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_str())
        };
        let (place, tee) = BodyTee::begin(client, header);
        if let Some(place) = place {
            let _ = self.body.set(place);
        }
        tee
    }

    /// The headers of a trace that came along; none, which is said, if the data is not what its protocol says.
    pub(crate) fn trace_headers(&self, py: Python<'_>) -> Vec<(&'static str, String)> {
        let read = || self.kind.trace_headers(self.data.bind(py));
        entry(py, "reading the trace of a request", read).unwrap_or_default()
    }

    /// The environment or scope.
    pub(crate) fn data<'py>(&self, py: Python<'py>) -> &Bound<'py, PyDict> {
        self.data.bind(py)
    }

    /// An inner framework answers: it knows better, and a scope that was copied for it may hold more.
    pub(crate) fn adopt(&self, framework: &Bound<'_, Framework>, data: &Bound<'_, PyDict>) {
        if self.data.as_ptr() != data.as_ptr() {
            self.note(data.as_any());
        }
        let framework = Some(framework.clone().unbind());
        drop(self.framework.with(|held| std::mem::replace(held, framework)));
    }

    /// Keeps the framework's own request.
    pub(crate) fn note(&self, request: &Bound<'_, PyAny>) {
        let request = Some(request.clone().unbind());
        drop(self.object.with(|held| std::mem::replace(held, request)));
    }

    /// Keeps the framework's own request, if that lies in the environment now.
    pub(crate) fn keep(&self, py: Python<'_>) {
        if let Some(framework) = self.framework(py)
            && let Some(request) = self.kept(py, framework.get())
        {
            self.note(&request);
        }
    }

    fn kept<'py>(&self, py: Python<'py>, framework: &Framework) -> Option<Bound<'py, PyAny>> {
        let kept = self.data.bind(py).get_item(framework.keep.as_ref()?).ok().flatten();
        kept.filter(|kept| !kept.is_none())
    }

    /// Whose request it is.
    pub(crate) fn framework<'py>(&self, py: Python<'py>) -> Option<Bound<'py, Framework>> {
        self.framework
            .with(|held| held.as_ref().map(|held| held.clone_ref(py)))
            .map(|held| held.into_bound(py))
    }

    /// The pattern of the route.
    pub(crate) fn route(&self, py: Python<'_>) -> Option<Text> {
        let framework = self.framework(py)?;
        let route = framework.get().route.as_ref()?.bind(py).call1((self.request(py, framework.get()),));
        // A framework whose insides have changed has no routes for us, which is no reason to fail.
        let route = route.map_err(|error| crate::repr::swallow(py, &error)).ok()?;
        route.cast::<PyString>().ok().map(|route| text_of(route)).filter(|route| !route.is_empty())
    }

    /// What every request has.
    pub(crate) fn method_and_path(&self, py: Python<'_>) -> (Text, Text) {
        let data = self.data.bind(py);
        let text = |key: &Bound<'_, PyString>| {
            data.get_item(key).ok().flatten().map(|value| text_of(&value)).unwrap_or_default()
        };
        let (method, path) = if self.kind == Kind::Wsgi {
            let script = text(intern!(py, "SCRIPT_NAME"));
            let path = text(intern!(py, "PATH_INFO"));
            let path = if script.is_empty() { path } else { format!("{script}{path}").into() };
            (text(intern!(py, "REQUEST_METHOD")), path)
        } else {
            (text(intern!(py, "method")), text(intern!(py, "path")))
        };
        (method, if path.is_empty() { Text::from_static("/") } else { path })
    }

    /// Says which request an event belongs to.
    ///
    /// # Errors
    /// When the data is not what its protocol says.
    pub(crate) fn describe(&self, py: Python<'_>, event: &mut Event, client: &Client) -> PyResult<()> {
        let data = self.data.bind(py);
        let mut request = if self.kind == Kind::Wsgi { wsgi::read(data)? } else { asgi::read(data) };
        let collect = client.options().data_collection();
        let limit = if collect.http_bodies.incoming_request {
            client.options().max_request_body_size().bytes()
        } else {
            0
        };
        request.body = self.body.get().cloned();
        let framework = self.framework(py);
        let more = framework.as_ref().and_then(|framework| framework.get().more.as_ref());
        if let Some(framework) = &framework
            && let Some(more) = more.filter(|_| limit > 0 || collect.user_info)
        {
            let more = more.bind(py).call1((self.request(py, framework.get()), limit, collect.user_info));
            match more.map(Bound::cast_into::<PyDict>) {
                Ok(Ok(more)) => {
                    request.body = body(&more)?.or(request.body);
                    let body_type = more.get_item(intern!(py, "content_type"))?;
                    request.body_type = body_type.map(|kind| text_of(&kind)).filter(|kind| !kind.is_empty());
                    if let Some(user) = more.get_item(intern!(py, "user"))?
                        && collect.user_info
                        && event.user.as_ref().is_none_or(|user| *user == User::default())
                    {
                        event.user = Some(to_user(&user)?);
                    }
                }
                Ok(Err(_)) => {}
                Err(error) => crate::repr::swallow(py, &error),
            }
        }
        request.describe(event, client);
        // The bare path is what the transaction was called before a route was found.
        let path = self.method_and_path(py).1;
        if event.transaction.as_ref().is_none_or(|name| *name == path) && !event.is_transaction() {
            event.transaction = Some(self.route(py).unwrap_or(path));
        }
        Ok(())
    }

    fn request<'py>(&self, py: Python<'py>, framework: &Framework) -> Bound<'py, PyAny> {
        let own = self.object.with(|held| held.as_ref().map(|held| held.clone_ref(py)));
        let own = own.map(|own| own.into_bound(py)).or_else(|| self.kept(py, framework));
        own.unwrap_or_else(|| self.data.bind(py).clone().into_any())
    }
}

fn headers_of<'py>(data: &Bound<'py, PyDict>) -> Option<Bound<'py, PyAny>> {
    data.get_item(intern!(data.py(), "headers")).ok().flatten()
}

fn body(more: &Bound<'_, PyDict>) -> PyResult<Option<BodyPlace>> {
    let Some(bytes) = more.get_item(intern!(more.py(), "body"))? else { return Ok(None) };
    let Ok(bytes) = bytes.cast_into::<PyBytes>() else { return Ok(None) };
    Ok(Some(RequestBody::Whole(bytes.as_bytes().to_vec()).into()))
}

/// `host:port` of an ASGI `server` or `client`.
pub(crate) fn host_of(address: &Bound<'_, PyAny>) -> Option<(Text, Option<u32>)> {
    let (host, port) = match address.cast::<PyTuple>() {
        Ok(pair) => (pair.get_item(0).ok()?, pair.get_item(1).ok()),
        Err(_) => (address.get_item(0).ok()?, address.get_item(1).ok()),
    };
    Some((text_of(&host), port.and_then(|port| port.extract().ok())))
}
