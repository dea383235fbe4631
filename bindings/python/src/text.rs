//! Python text to Rust text.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::PyString;

/// The characters of a Python string; unpaired surrogates become U+FFFD.
///
/// Costs nothing for ASCII strings. The caller bounds the length first: other strings are encoded in full.
pub(crate) fn characters<'a>(text: &'a Bound<'_, PyString>) -> Cow<'a, str> {
    match borrowed(text) {
        Some(text) => Cow::Borrowed(text),
        None => text.to_string_lossy(),
    }
}

/// The first `limit` characters, and how many there were if that was not all.
pub(crate) fn bounded<'a>(text: &'a Bound<'_, PyString>, limit: usize) -> (Cow<'a, str>, Option<usize>) {
    let length = text.len().unwrap_or(0);
    if length <= limit {
        return (characters(text), None);
    }
    let end = isize::try_from(limit).unwrap_or(isize::MAX);
    let head = text.as_any().get_item(pyo3::types::PySlice::new(text.py(), 0, end, 1));
    match head.as_ref().map(|head| head.cast::<PyString>()) {
        Ok(Ok(head)) => (Cow::Owned(characters(head).into_owned()), Some(length)),
        _ => (Cow::Borrowed(""), Some(length)),
    }
}

#[cfg(unix)]
fn borrowed<'a>(text: &'a Bound<'_, PyString>) -> Option<&'a str> {
    #[expect(
        unsafe_code,
        reason = "the function is exported by every CPython, but outside the oldest limited API"
    )]
    unsafe extern "C" {
        fn PyUnicode_AsUTF8AndSize(
            unicode: *mut pyo3::ffi::PyObject,
            size: *mut pyo3::ffi::Py_ssize_t,
        ) -> *const std::ffi::c_char;
    }
    let mut size: pyo3::ffi::Py_ssize_t = 0;
    #[expect(
        unsafe_code,
        reason = "the function is exported by every CPython, but outside the oldest limited API"
    )]
    // SAFETY: `text` is a live str and the interpreter is attached. The bytes are UTF-8, immutable and owned by the
    // object, which outlives `'a`.
    unsafe {
        let data = PyUnicode_AsUTF8AndSize(text.as_ptr(), &raw mut size);
        if data.is_null() {
            drop(PyErr::take(text.py()));
            return None;
        }
        let bytes = std::slice::from_raw_parts(data.cast::<u8>(), usize::try_from(size).ok()?);
        Some(std::str::from_utf8_unchecked(bytes))
    }
}

#[cfg(not(unix))]
fn borrowed<'a>(_: &'a Bound<'_, PyString>) -> Option<&'a str> {
    None
}
