//! Functions that Python calls without making a tuple and a dictionary of their arguments.
//!
//! The convention (`METH_FASTCALL | METH_KEYWORDS`) is that of every CPython since 3.7, but in the limited API only since
//! 3.10, so pyo3 does not use it for a module that Python 3.9 is to load. It is for what is called thousands of times.

use std::ffi::{CStr, c_int};

use pyo3::exceptions::PyTypeError;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple, PyType};
use watchpost_bindings::guard;

use crate::once::Once;

const METH_KEYWORDS: c_int = 0x0002;
const METH_FASTCALL: c_int = 0x0080;

/// What CPython calls.
pub(crate) type Entry = unsafe extern "C" fn(
    *mut ffi::PyObject,
    *const *mut ffi::PyObject,
    ffi::Py_ssize_t,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;

/// The names of a function's arguments, in order.
#[derive(Debug)]
pub(crate) struct Names<const N: usize> {
    texts: [&'static str; N],
    /// How many of them may be given without a name.
    positional: usize,
    interned: Once<[Py<PyString>; N]>,
}

impl<const N: usize> Names<N> {
    pub(crate) const fn new(texts: [&'static str; N], positional: usize) -> Self {
        Self { texts, positional, interned: Once::new() }
    }

    fn interned(&self, py: Python<'_>) -> &[Py<PyString>; N] {
        match self.interned.get() {
            Some(known) => known,
            None => self.interned.get_or(self.texts.map(|text| PyString::intern(py, text).unbind())),
        }
    }
}

/// The arguments of one call.
pub(crate) struct Arguments<'a, 'py> {
    py: Python<'py>,
    positional: &'a [*mut ffi::PyObject],
    named: &'a [*mut ffi::PyObject],
    names: Option<Bound<'py, PyTuple>>,
}

/// Arguments by their places, and those of names that the function does not know.
pub(crate) type Taken<'py, const N: usize> = ([Option<Bound<'py, PyAny>>; N], Option<Bound<'py, PyDict>>);

impl<'py> Arguments<'_, 'py> {
    /// The arguments by their places in `names`.
    ///
    /// # Errors
    /// `TypeError` if there are too many, or one is given twice.
    #[inline]
    pub(crate) fn take<const N: usize>(&self, names: &Names<N>) -> PyResult<Taken<'py, N>> {
        let py = self.py;
        let mut taken = [const { None }; N];
        if self.positional.len() > names.positional {
            let (most, given) = (names.positional, self.positional.len());
            return Err(PyTypeError::new_err(format!(
                "takes {most} positional arguments but {given} were given"
            )));
        }
        for (place, object) in taken.iter_mut().zip(self.positional) {
            *place = Some(self.object(*object));
        }
        let mut other: Option<Bound<'_, PyDict>> = None;
        let Some(given) = &self.names else { return Ok((taken, None)) };
        let interned = names.interned(py);
        for (at, object) in self.named.iter().enumerate() {
            let name = given.get_item(at)?;
            // Names in a program's text are interned, as ours are: the same name is the same object.
            let place = match interned.iter().position(|known| known.as_ptr() == name.as_ptr()) {
                Some(place) => Some(place),
                None => interned.iter().position(|known| name.eq(known).unwrap_or(false)),
            };
            match place {
                Some(place) if taken[place].is_some() => {
                    return Err(PyTypeError::new_err(format!("got multiple values for argument {name:?}")));
                }
                Some(place) => taken[place] = Some(self.object(*object)),
                None => other.get_or_insert_with(|| PyDict::new(py)).set_item(name, self.object(*object))?,
            }
        }
        Ok((taken, other))
    }

    /// The same where none may be missing, and no other is known.
    ///
    /// # Errors
    /// `TypeError` if it is otherwise.
    pub(crate) fn take_all<const N: usize>(&self, names: &Names<N>) -> PyResult<[Bound<'py, PyAny>; N]> {
        let (taken, other) = self.take(names)?;
        if let Some(other) = other {
            return Err(PyTypeError::new_err(format!("got unexpected keyword arguments {}", other.keys())));
        }
        if let Some(missing) = taken.iter().position(Option::is_none) {
            let name = names.texts[missing];
            return Err(PyTypeError::new_err(format!("missing required argument '{name}'")));
        }
        let none = || self.py.None().into_bound(self.py);
        Ok(taken.map(|object| object.unwrap_or_else(none)))
    }

    #[expect(unsafe_code, reason = "arguments come as pointers")]
    fn object(&self, object: *mut ffi::PyObject) -> Bound<'py, PyAny> {
        // SAFETY: CPython keeps the arguments alive during the call, and they are objects.
        unsafe { Bound::from_borrowed_ptr(self.py, object) }
    }
}

/// Runs the body of an entry. An exception is raised; a panic becomes `None`.
///
/// A `brief` one does not tell pyo3 that the interpreter is attached, which costs as much as the shortest of them do: a
/// `Py` that it drops is freed at the next entry that tells, so it drops none but on its way out with an error.
///
/// # Safety
/// The arguments are those with which CPython called a function of this convention.
#[expect(unsafe_code, reason = "called with pointers")]
pub(crate) unsafe fn call<const BRIEF: bool>(
    this: *mut ffi::PyObject,
    values: *const *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
    names: *mut ffi::PyObject,
    body: impl for<'a, 'py> FnOnce(&Bound<'py, PyAny>, &Arguments<'a, 'py>) -> PyResult<Py<PyAny>>,
) -> *mut ffi::PyObject {
    let work = |py: Python<'_>| {
        let answer = guard(|| {
            // SAFETY: `this` is the module or the object whose method is called; `names` is a tuple or null.
            let (this, names) = unsafe {
                (Bound::from_borrowed_ptr_or_opt(py, this), Bound::from_borrowed_ptr_or_opt(py, names))
            };
            let this = this.unwrap_or_else(|| py.None().into_bound(py));
            let names = names.and_then(|names| names.cast_into::<PyTuple>().ok());
            let (given, named) =
                (usize::try_from(count).unwrap_or(0), names.as_ref().map_or(0, |names| names.len()));
            let values = if given + named == 0 {
                &[]
            } else {
                // SAFETY: so many pointers are there, first those without names.
                unsafe { std::slice::from_raw_parts(values, given + named) }
            };
            let (positional, named) = values.split_at(given);
            body(&this, &Arguments { py, positional, named, names })
        });
        match answer {
            Some(Ok(object)) => object.into_ptr(),
            Some(Err(error)) => {
                error.restore(py);
                std::ptr::null_mut()
            }
            None => py.None().into_ptr(),
        }
    };
    if BRIEF {
        // SAFETY: CPython calls with the interpreter attached.
        return work(unsafe { Python::assume_attached() });
    }
    Python::attach(work)
}

/// An entry of this convention with this body.
macro_rules! entry {
    ($(#[doc = $doc:literal])* brief $name:ident => $body:path) => {
        $crate::fast::entry!(@ true, $(#[doc = $doc])* $name => $body);
    };
    ($(#[doc = $doc:literal])* $name:ident => $body:path) => {
        $crate::fast::entry!(@ false, $(#[doc = $doc])* $name => $body);
    };
    (@ $brief:literal, $(#[doc = $doc:literal])* $name:ident => $body:path) => {
        $(#[doc = $doc])*
        #[expect(unsafe_code, reason = "CPython's own convention")]
        pub(crate) unsafe extern "C" fn $name(
            this: *mut pyo3::ffi::PyObject,
            values: *const *mut pyo3::ffi::PyObject,
            count: pyo3::ffi::Py_ssize_t,
            names: *mut pyo3::ffi::PyObject,
        ) -> *mut pyo3::ffi::PyObject {
            // SAFETY: CPython calls it, with what belongs to the convention.
            unsafe { $crate::fast::call::<$brief>(this, values, count, names, $body) }
        }
    };
}

pub(crate) use entry;

/// Adds a function to the module. `doc` begins with its signature, as `inspect` reads it.
///
/// # Errors
/// When the interpreter has no memory left.
#[expect(unsafe_code, reason = "pyo3 has no way to make a function of this convention")]
pub(crate) fn add_function(
    module: &Bound<'_, PyModule>,
    name: &'static CStr,
    doc: &'static CStr,
    entry: Entry,
) -> PyResult<()> {
    let py = module.py();
    let module_name = module.name()?;
    // SAFETY: the definition lives for ever; the other arguments are objects.
    let function = unsafe {
        let function =
            ffi::PyCFunction_NewEx(definition(name, doc, entry), module.as_ptr(), module_name.as_ptr());
        Bound::from_owned_ptr_or_err(py, function)?
    };
    module.add(name.to_str().unwrap_or_default(), function)
}

/// Puts a method in the place of one of the same name of a class.
///
/// # Errors
/// When the interpreter has no memory left.
#[expect(unsafe_code, reason = "pyo3 has no way to make a method of this convention")]
pub(crate) fn replace_method(
    class: &Bound<'_, PyType>,
    name: &'static CStr,
    doc: &'static CStr,
    entry: Entry,
) -> PyResult<()> {
    // SAFETY: the definition lives for ever, and the type is one.
    let method = unsafe {
        let method = ffi::PyDescr_NewMethod(class.as_ptr().cast(), definition(name, doc, entry));
        Bound::from_owned_ptr_or_err(class.py(), method)?
    };
    class.setattr(name.to_str().unwrap_or_default(), method)
}

/// A definition that lives for ever: modules are never unloaded.
#[expect(unsafe_code, reason = "the field for functions of this convention is missing from the limited API")]
fn definition(name: &'static CStr, doc: &'static CStr, entry: Entry) -> *mut ffi::PyMethodDef {
    // SAFETY: both are pointers to functions; the flags say which convention is meant.
    let function = unsafe { std::mem::transmute::<Entry, ffi::PyCFunction>(entry) };
    Box::into_raw(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunction: function },
        ml_flags: METH_FASTCALL | METH_KEYWORDS,
        ml_doc: doc.as_ptr(),
    }))
}
