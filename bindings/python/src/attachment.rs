//! Files that go with events.

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyByteArray, PyBytes, PyDict, PyIterator, PyString};
use watchpost_bindings::HostAttachment;
use watchpost_core as core;

use crate::convert::text_of;
use crate::hook::Seen;
use crate::once::intern;
use crate::session::entry;

type Any<'a, 'py> = &'a Bound<'py, PyAny>;
type Given<'a, 'py> = Option<Any<'a, 'py>>;

/// A file that goes with an event: by its path, or as bytes with a name.
#[pyclass(frozen, module = "watchpost")]
#[derive(Debug)]
pub(crate) struct Attachment(core::Attachment);

#[pymethods]
impl Attachment {
    #[new]
    #[pyo3(signature = (bytes=None, filename=None, path=None, content_type=None, add_to_transactions=false, *, attachment_type=None))]
    fn new(
        bytes: Given<'_, '_>,
        filename: Given<'_, '_>,
        path: Given<'_, '_>,
        content_type: Given<'_, '_>,
        add_to_transactions: bool,
        attachment_type: Given<'_, '_>,
    ) -> PyResult<Self> {
        let fields = Fields { bytes, filename, path, content_type, attachment_type, add_to_transactions };
        fields.attachment().map(Self)
    }

    /// The name under which it is sent.
    #[getter]
    fn filename(&self) -> &str {
        self.0.filename()
    }

    fn __repr__(&self) -> String {
        format!("<Attachment {:?}>", self.0.filename())
    }
}

/// What an attachment is made of, as Python says it.
#[derive(Debug)]
pub(crate) struct Fields<'a, 'py> {
    pub(crate) bytes: Given<'a, 'py>,
    pub(crate) filename: Given<'a, 'py>,
    pub(crate) path: Given<'a, 'py>,
    pub(crate) content_type: Given<'a, 'py>,
    pub(crate) attachment_type: Given<'a, 'py>,
    pub(crate) add_to_transactions: bool,
}

impl Fields<'_, '_> {
    /// The core's form.
    ///
    /// # Errors
    /// When there is neither a path nor bytes with a name, or both.
    pub(crate) fn attachment(&self) -> PyResult<core::Attachment> {
        let given = |given: Given<'_, '_>| {
            given.filter(|given| !given.is_none()).map(|given| text_of(given).to_string())
        };
        if let Some(Ok(attachment)) = self.bytes.map(|bytes| bytes.cast::<Attachment>()) {
            return Ok(attachment.get().0.clone());
        }
        let host = HostAttachment {
            path: self.path.filter(|path| !path.is_none()).map(read_path).transpose()?.map(Into::into),
            bytes: self.bytes.filter(|bytes| !bytes.is_none()).map(read_bytes).transpose()?,
            filename: given(self.filename),
            content_type: given(self.content_type),
            attachment_type: given(self.attachment_type),
            add_to_transactions: self.add_to_transactions,
        };
        host.into_attachment().map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// Adds a file to `scope`.
pub(crate) fn add(py: Python<'_>, scope: &core::SharedScope, fields: &Fields<'_, '_>) {
    entry(py, "add_attachment", || {
        let attachment = fields.attachment()?;
        scope.update(|scope| scope.add_attachment(attachment));
        Ok(())
    });
}

/// One of a list of attachments: an object of the class, or a dictionary of its arguments.
fn read(given: Any<'_, '_>) -> PyResult<core::Attachment> {
    if let Ok(attachment) = given.cast::<Attachment>() {
        return Ok(attachment.get().0.clone());
    }
    let dict = given.cast::<PyDict>()?;
    let field = |name: &str| dict.get_item(name);
    let (bytes, filename, path) = (field("bytes")?, field("filename")?, field("path")?);
    let (content_type, attachment_type) = (field("content_type")?, field("attachment_type")?);
    let with_transactions = field("add_to_transactions")?;
    let fields = Fields {
        bytes: bytes.as_ref(),
        filename: filename.as_ref(),
        path: path.as_ref(),
        content_type: content_type.as_ref(),
        attachment_type: attachment_type.as_ref(),
        add_to_transactions: with_transactions.is_some_and(|flag| flag.is_truthy().unwrap_or(false)),
    };
    fields.attachment()
}

/// The same hint with the files in it and those given beside it. What is no file is said and left out: the event is worth
/// more.
///
/// # Errors
/// When they are no list.
pub(crate) fn with_files(
    py: Python<'_>,
    hint: core::Hint,
    attachments: Given<'_, '_>,
) -> PyResult<core::Hint> {
    let in_hint = hint.original::<Seen>().and_then(|seen| seen.given.as_ref());
    let in_hint = in_hint.map(|given| given.bind(py).get_item(intern!(py, "attachments"))).transpose()?;
    let lists = [in_hint.flatten(), attachments.cloned()];
    let mut hint = hint;
    for list in lists.into_iter().flatten().filter(|list| !list.is_none()) {
        for item in PyIterator::from_object(&list)? {
            if let Some(file) = entry(py, "an attachment", || read(&item?)) {
                hint = hint.with_attachment(file);
            }
        }
    }
    Ok(hint)
}

fn read_path(path: Any<'_, '_>) -> PyResult<String> {
    if let Ok(fspath) = path.getattr(intern!(path.py(), "__fspath__")) {
        return fspath.call0()?.extract();
    }
    path.extract()
}

fn read_bytes(bytes: Any<'_, '_>) -> PyResult<Vec<u8>> {
    if bytes.is_callable() {
        return read_bytes(&bytes.call0()?);
    }
    if let Ok(bytes) = bytes.cast::<PyBytes>() {
        return Ok(bytes.as_bytes().to_vec());
    }
    if let Ok(bytes) = bytes.cast::<PyByteArray>() {
        return Ok(bytes.to_vec());
    }
    if let Ok(text) = bytes.cast::<PyString>() {
        return Ok(crate::text::characters(text).into_owned().into_bytes());
    }
    Err(PyTypeError::new_err("the bytes of an attachment are bytes"))
}
