//! Local variables of frames.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};
use watchpost_core::{Map, Value};

use crate::convert::{Converter, Limits};
use crate::text::characters;
use crate::types::{Shown, TypeInfo};

/// Variables of one frame.
const MOST: usize = 64;

/// The local variables of the frames of one event: they share a budget, so the frames nearest to the failure are
/// asked first.
#[derive(Debug)]
pub(crate) struct Vars(Converter);

impl Vars {
    /// A full budget.
    pub(crate) fn new() -> Self {
        Self(Converter::new(Limits::VARS))
    }

    /// The variables that `locals`, a frame's `f_locals`, holds now. `is_module` leaves out imports and definitions.
    pub(crate) fn read(&mut self, locals: &Bound<'_, PyAny>, is_module: bool, types_only: bool) -> Map {
        let copy;
        let locals = match locals.cast::<PyDict>() {
            Ok(dict) => dict,
            Err(_) => {
                // Since Python 3.13 a function's locals are a proxy.
                copy = PyDict::new(locals.py());
                if copy.update(locals.cast().ok().unwrap_or(copy.as_mapping())).is_err() {
                    return Map::new();
                }
                &copy
            }
        };
        // A `repr` may change the dictionary while it is read, so its entries are taken out first.
        let entries: Vec<_> = locals.iter().take(8 * MOST).collect();
        let mut map = Map::with_capacity(entries.len().min(MOST));
        for (name, value) in &entries {
            let Ok(name) = name.cast::<PyString>() else { continue };
            let name = characters(name);
            if name.starts_with("__") || (is_module && TypeInfo::of(value).shown == Shown::Definition) {
                continue;
            }
            if map.len() >= MOST || self.0.is_spent() {
                map.insert("…".to_owned(), Value::from("more"));
                break;
            }
            let shown =
                if types_only { TypeInfo::of(value).opaque.as_str().into() } else { self.0.value(value) };
            map.insert(name.into_owned(), shown);
        }
        map
    }
}
