//! Scopes as Python objects.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use watchpost_core::{Hint, SharedScope};

use crate::attachment;
use crate::fast::{self, Arguments};
use crate::session::{Session, entry};
use crate::setters::{self, CrumbFields, TAG_NAMES};
use crate::span::{Span, wrap};
use crate::transaction::transaction;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;

/// Data for every event of a piece of work.
#[pyclass(frozen, module = "watchpost")]
#[derive(Debug)]
pub(crate) struct Scope(pub(crate) SharedScope);

#[pymethods]
impl Scope {
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

    fn set_user(&self, py: Python<'_>, user: Any<'_, '_>) {
        entry(py, "set_user", || setters::user(&self.0, user));
    }

    fn set_level(&self, py: Python<'_>, level: Any<'_, '_>) {
        entry(py, "set_level", || setters::level(&self.0, level));
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
        self.0.span().map(|span| wrap(py, span.clone())).transpose()
    }

    /// The transaction that is active around it.
    #[getter]
    fn transaction<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, Span>>> {
        let root = self.0.span().and_then(watchpost_core::Span::transaction);
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

/// Adds a breadcrumb to `scope` by the rules of the current client; does nothing without one.
///
/// # Errors
/// When something in there cannot be used.
pub(crate) fn note_breadcrumb(
    scope: &SharedScope,
    crumb: Option<Any<'_, '_>>,
    hint: Option<Any<'_, '_>>,
    fields: &CrumbFields<'_, '_>,
) -> PyResult<()> {
    let session = Session::current();
    let Some(session) = session.as_ref() else { return Ok(()) };
    let crumb = setters::breadcrumb(crumb, fields)?;
    let hint = match hint.and_then(|hint| hint.cast::<PyDict>().ok()) {
        Some(hint) => {
            crate::hook::Seen { given: Some(hint.clone().unbind()), ..Default::default() }.into_hint()
        }
        None => Hint::default(),
    };
    session.host.add_breadcrumb(crumb, &hint, scope);
    Ok(())
}
