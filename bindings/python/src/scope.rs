//! Scopes as Python objects.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyIterator};
use watchpost_core::SharedScope;

use crate::active::Active;
use crate::attachment;
use crate::capture::{self, Beside};
use crate::client::{Client, get_client};
use crate::fast::{self, Arguments};
use crate::note::note_breadcrumb;
use crate::propagation;
use crate::session::{Session, entry};
use crate::setters::{self, CrumbFields, TAG_NAMES};
use crate::span::{Span, wrap};
use crate::transaction::transaction;
use crate::verbs;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Data for every event of a piece of work.
#[pyclass(frozen, module = "watchpost")]
#[derive(Debug)]
pub(crate) struct Scope(pub(crate) SharedScope);

#[pymethods]
impl Scope {
    /// One that holds nothing.
    #[new]
    fn new() -> Self {
        Self(SharedScope::new())
    }

    fn set_tag(&self, py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
        entry(py, "set_tag", || setters::tag(&self.0, key, value));
    }

    fn set_tags(&self, py: Python<'_>, tags: Any<'_, '_>) {
        entry(py, "set_tags", || setters::each(tags, |key, value| setters::tag(&self.0, key, value)));
    }

    fn remove_tag(&self, py: Python<'_>, key: Any<'_, '_>) {
        entry(py, "remove_tag", || setters::tag(&self.0, key, &py.None().into_bound(py)));
    }

    fn set_extra(&self, py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
        entry(py, "set_extra", || setters::extra(&self.0, key, value));
    }

    fn set_extras(&self, py: Python<'_>, extras: Any<'_, '_>) {
        entry(py, "set_extras", || setters::each(extras, |key, value| setters::extra(&self.0, key, value)));
    }

    fn remove_extra(&self, py: Python<'_>, key: Any<'_, '_>) {
        let key = || crate::convert::text_of(key);
        entry(py, "remove_extra", || {
            let key = key();
            self.0.update(|scope| scope.remove_extra(&key));
            Ok(())
        });
    }

    fn set_context(&self, py: Python<'_>, key: Any<'_, '_>, value: Any<'_, '_>) {
        entry(py, "set_context", || setters::context(&self.0, key, value));
    }

    fn remove_context(&self, py: Python<'_>, key: Any<'_, '_>) {
        entry(py, "remove_context", || setters::context(&self.0, key, &py.None().into_bound(py)));
    }

    fn set_user(&self, py: Python<'_>, value: Any<'_, '_>) {
        entry(py, "set_user", || setters::user(&self.0, value));
    }

    fn set_level(&self, py: Python<'_>, value: Any<'_, '_>) {
        entry(py, "set_level", || setters::level(&self.0, value));
    }

    /// The level that was set.
    #[getter]
    fn level(&self) -> Option<&'static str> {
        self.0.snapshot().level().map(watchpost_core::Level::as_str)
    }

    #[setter(level)]
    fn assign_level(&self, py: Python<'_>, level: Any<'_, '_>) {
        self.set_level(py, level);
    }

    #[setter(user)]
    fn assign_user(&self, py: Python<'_>, user: Any<'_, '_>) {
        self.set_user(py, user);
    }

    #[setter(fingerprint)]
    fn assign_fingerprint(&self, py: Python<'_>, fingerprint: Any<'_, '_>) {
        self.set_fingerprint(py, fingerprint);
    }

    #[setter(transaction)]
    fn assign_transaction(&self, py: Python<'_>, name: Any<'_, '_>) {
        self.set_transaction_name(py, name, None);
    }

    fn set_fingerprint(&self, py: Python<'_>, fingerprint: Any<'_, '_>) {
        entry(py, "set_fingerprint", || setters::fingerprint(&self.0, fingerprint));
    }

    #[pyo3(signature = (name, source=None))]
    fn set_transaction_name(&self, py: Python<'_>, name: Any<'_, '_>, source: Option<Any<'_, '_>>) {
        entry(py, "set_transaction_name", || setters::transaction(&self.0, self.0.span(), name, source));
    }

    /// The span that is active around it.
    #[getter]
    fn span<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, Span>>> {
        self.handle(py).span().map(|span| wrap(py, span.clone())).transpose()
    }

    /// Makes another span the active one, or none, if this is the current scope.
    #[setter(span)]
    fn assign_span(&self, py: Python<'_>, span: Option<Bound<'_, Span>>) {
        entry(py, "span", || {
            let active = Active::here(py)?;
            if active.get().current().is_same(&self.0) {
                active.get().with_span(span.map(|span| span.get().core(py).clone())).enter(py)?;
            }
            Ok(())
        });
    }

    /// Captures an event that the application has put together, with what this scope holds beside what is active.
    #[pyo3(signature = (event, hint=None, scope=None, **fields))]
    fn capture_event(
        &self,
        py: Python<'_>,
        event: Any<'_, '_>,
        hint: Option<Any<'_, '_>>,
        scope: Option<Any<'_, '_>>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> Option<String> {
        capture::event(py, event, &Beside::new(hint, scope, fields).upon(&self.0))
    }

    /// The same for a message.
    #[pyo3(signature = (message, level=None, scope=None, *, hint=None, **fields))]
    fn capture_message(
        &self,
        py: Python<'_>,
        message: Any<'_, '_>,
        level: Option<Any<'_, '_>>,
        scope: Option<Any<'_, '_>>,
        hint: Option<Any<'_, '_>>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> Option<String> {
        capture::message(py, message, level, &Beside::new(hint, scope, fields).upon(&self.0))
    }

    /// The same for an exception.
    #[pyo3(signature = (error=None, scope=None, *, hint=None, **fields))]
    fn capture_exception(
        &self,
        py: Python<'_>,
        error: Option<Any<'_, '_>>,
        scope: Option<Any<'_, '_>>,
        hint: Option<Any<'_, '_>>,
        fields: Option<&Bound<'_, PyDict>>,
    ) -> Option<String> {
        capture::error(py, error, &Beside::new(hint, scope, fields).upon(&self.0))
    }

    /// As the function of that name.
    #[staticmethod]
    fn get_current_scope(py: Python<'_>) -> Self {
        verbs::get_current_scope(py)
    }

    /// As the function of that name.
    #[staticmethod]
    fn get_isolation_scope(py: Python<'_>) -> Self {
        verbs::get_isolation_scope(py)
    }

    /// As the function of that name.
    #[staticmethod]
    fn get_global_scope() -> Self {
        verbs::get_global_scope()
    }

    /// As the function of that name.
    #[staticmethod]
    fn get_client() -> Client {
        get_client()
    }

    /// As the function of that name.
    #[staticmethod]
    fn last_event_id(py: Python<'_>) -> Option<String> {
        verbs::last_event_id(py)
    }

    /// As the function of that name.
    fn get_traceparent(&self, py: Python<'_>) -> Option<String> {
        propagation::get_traceparent(py)
    }

    /// As the function of that name.
    fn get_baggage(&self, py: Python<'_>) -> Option<String> {
        propagation::get_baggage(py)
    }

    /// As the function of that name.
    fn trace_propagation_meta(&self, py: Python<'_>) -> String {
        propagation::trace_propagation_meta(py)
    }

    /// Name and value of each header that takes the trace along; of that of a span if one is given.
    #[pyo3(signature = (span=None))]
    fn iter_trace_propagation_headers<'py>(
        &self,
        py: Python<'py>,
        span: Option<&Bound<'py, Span>>,
    ) -> PyResult<Bound<'py, PyIterator>> {
        match span {
            Some(span) => span.get().iter_headers(py),
            None => propagation::get_trace_headers(py, None, None)?.items().try_iter(),
        }
    }

    /// The scope begins a trace of its own.
    fn set_new_propagation_context(&self, py: Python<'_>) {
        entry(py, "set_new_propagation_context", || {
            if let Some(session) = &*Session::current() {
                session.host.client().start_new_trace(&self.0);
            }
            Ok(())
        });
    }

    /// As the function of that name.
    #[pyo3(signature = (**fields))]
    fn start_span<'py>(
        &self,
        py: Python<'py>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        py.import("watchpost._watchpost")?.getattr("start_span")?.call((), fields)
    }

    /// As the function of that name.
    #[pyo3(signature = (transaction=None, **fields))]
    fn start_transaction<'py>(
        &self,
        py: Python<'py>,
        transaction: Option<Any<'_, 'py>>,
        fields: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyAny>> {
        py.import("watchpost._watchpost")?.getattr("start_transaction")?.call((transaction,), fields)
    }

    /// The transaction that is active around it.
    #[getter]
    fn transaction<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, Span>>> {
        let root = self.handle(py).span().and_then(watchpost_core::Span::transaction);
        root.map(|root| transaction(py, Span::started(root))).transpose()
    }

    #[pyo3(signature = (crumb=None, hint=None, *, message=None, category=None, r#type=None, level=None, data=None, timestamp=None, origin=None, **other))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
    fn add_breadcrumb(
        &self,
        py: Python<'_>,
        crumb: Option<Any<'_, '_>>,
        hint: Option<Any<'_, '_>>,
        message: Option<Any<'_, '_>>,
        category: Option<Any<'_, '_>>,
        r#type: Option<Any<'_, '_>>,
        level: Option<Any<'_, '_>>,
        data: Option<Any<'_, '_>>,
        timestamp: Option<Any<'_, '_>>,
        origin: Option<Any<'_, '_>>,
        other: Option<&Bound<'_, PyDict>>,
    ) {
        let fields = CrumbFields { message, category, ty: r#type, level, data, timestamp, origin, other };
        entry(py, "add_breadcrumb", || note_breadcrumb(&self.0, crumb, hint, &fields));
    }

    /// Adds a function that sees every event of the scope, and changes or drops it.
    fn add_event_processor(&self, py: Python<'_>, processor: Any<'_, '_>) {
        entry(py, "add_event_processor", || setters::processor(&self.0, processor));
    }

    /// Adds a function that sees events made from an exception, of this class if one is given, and its `exc_info`.
    #[pyo3(signature = (func, cls=None))]
    fn add_error_processor(&self, py: Python<'_>, func: Any<'_, '_>, cls: Option<Any<'_, '_>>) {
        entry(py, "add_error_processor", || setters::error_processor(&self.0, func, cls));
    }

    /// Adds a file that goes with every event of the scope.
    #[pyo3(signature = (bytes=None, filename=None, path=None, content_type=None, add_to_transactions=false, *, attachment_type=None))]
    #[expect(clippy::too_many_arguments, reason = "keyword arguments of Python, read without a dictionary")]
    fn add_attachment(
        &self,
        py: Python<'_>,
        bytes: Option<Any<'_, '_>>,
        filename: Option<Any<'_, '_>>,
        path: Option<Any<'_, '_>>,
        content_type: Option<Any<'_, '_>>,
        add_to_transactions: bool,
        attachment_type: Option<Any<'_, '_>>,
    ) {
        let fields =
            attachment::Fields { bytes, filename, path, content_type, attachment_type, add_to_transactions };
        attachment::add(py, &self.0, &fields);
    }

    /// Forgets the attachments.
    fn clear_attachments(&self) {
        self.0.update(watchpost_core::Scope::clear_attachments);
    }

    /// Notes that a feature flag was asked for.
    fn add_feature_flag(&self, py: Python<'_>, flag: Any<'_, '_>, result: Any<'_, '_>) {
        entry(py, "add_feature_flag", || setters::flag(&self.0, flag, result));
    }

    /// Forgets a feature flag.
    fn remove_feature_flag(&self, py: Python<'_>, flag: Any<'_, '_>) {
        entry(py, "remove_feature_flag", || {
            let flag = crate::convert::text_of(flag);
            self.0.update(|scope| scope.remove_feature_flag(&flag));
            Ok(())
        });
    }

    /// Sets an attribute of logs, metrics and streamed spans.
    fn set_attribute(&self, py: Python<'_>, attribute: Any<'_, '_>, value: Any<'_, '_>) {
        entry(py, "set_attribute", || setters::attribute(&self.0, attribute, value));
    }

    /// Sets attributes.
    fn set_attributes(&self, py: Python<'_>, attributes: Any<'_, '_>) {
        let each = || setters::each(attributes, |name, value| setters::attribute(&self.0, name, value));
        entry(py, "set_attributes", each);
    }

    /// Removes an attribute.
    fn remove_attribute(&self, py: Python<'_>, attribute: Any<'_, '_>) {
        entry(py, "remove_attribute", || setters::remove_attribute(&self.0, attribute));
    }

    /// Sets what these arguments of a capture name: `user`, `level`, `extras`, `contexts`, `tags`, `fingerprint`.
    #[pyo3(signature = (**fields))]
    fn update_from_kwargs(&self, py: Python<'_>, fields: Option<&Bound<'_, PyDict>>) {
        if let Some(fields) = fields {
            entry(py, "update_from_kwargs", || setters::fields(&self.0, fields));
        }
    }

    fn clear(&self) {
        self.0.update(watchpost_core::Scope::clear);
    }

    fn clear_breadcrumbs(&self) {
        self.0.update(watchpost_core::Scope::clear_breadcrumbs);
    }

    /// Another scope that starts with what this one holds.
    fn fork(&self) -> Self {
        Self(self.0.fork())
    }
}

impl Scope {
    /// The scope with the span that is active around it now, which the current one may have got since this was made.
    fn handle(&self, py: Python<'_>) -> SharedScope {
        let active = entry(py, "a scope", || Ok(Active::here(py)?.get().current().clone()));
        active.filter(|current| current.is_same(&self.0)).unwrap_or_else(|| self.0.clone())
    }
}

fast::entry!(brief set_tag => tag);

fn tag(this: Any<'_, '_>, given: &Arguments<'_, '_>) -> PyResult<Py<PyAny>> {
    let [key, value] = given.take_all(&TAG_NAMES)?;
    let scope = this.cast::<Scope>()?.get();
    entry(this.py(), "set_tag", || setters::tag(&scope.0, &key, &value));
    Ok(this.py().None())
}

/// Makes the methods that are called most cheap to call.
///
/// # Errors
/// When the interpreter has no memory left.
pub(crate) fn hasten(py: Python<'_>) -> PyResult<()> {
    let doc = c"set_tag($self, key, value)\n--\n\nSets a tag; `None` removes it.";
    fast::replace_method(&py.get_type::<Scope>(), c"set_tag", doc, set_tag)
}
