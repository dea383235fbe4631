//! What is known about Python types, looked up once per type.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::once::intern;
use pyo3::prelude::*;
use pyo3::types::{PyFunction, PyString, PyType};
use watchpost_core::{ForkLock, Text};

use crate::text::characters;

/// How many types are remembered; then all are forgotten.
const MOST: usize = 2048;
/// Modules whose `repr` asks a database.
const SLOW_MODULES: [&str; 2] = ["django.db", "sqlalchemy.orm"];
/// Standard library modules whose objects are best known by their `str`.
const STR_MODULES: [&str; 6] = ["datetime", "decimal", "uuid", "pathlib", "fractions", "ipaddress"];

static TYPES: ForkLock<Option<HashMap<usize, Arc<TypeInfo>>>> = ForkLock::new(None);

/// What is known about a type.
#[derive(Debug)]
pub(crate) struct TypeInfo {
    /// The qualified name.
    pub(crate) name: Text,
    /// The module, unless it is `builtins`.
    pub(crate) module: Option<Text>,
    /// `<module.Name object>`.
    pub(crate) opaque: Text,
    /// How its objects are shown.
    pub(crate) shown: Shown,
    /// Its `repr` failed or was slow once: it is not asked again.
    muted: AtomicBool,
    /// Keeps the type's address from being used by another type.
    _type: Py<PyType>,
}

/// How the objects of a type are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shown {
    /// By the name of their type.
    Opaque,
    /// By `str`: small, exact and harmless.
    Str,
    /// By `repr`, written in C.
    NativeRepr,
    /// By `repr`, written by somebody.
    Repr,
    /// A module, a function or a class: of no interest among the globals of a module.
    Definition,
}

impl TypeInfo {
    /// What is known about the type of `object`.
    pub(crate) fn of(object: &Bound<'_, PyAny>) -> Arc<Self> {
        Self::of_type(&object.get_type())
    }

    /// What is known about `ty`.
    pub(crate) fn of_type(ty: &Bound<'_, PyType>) -> Arc<Self> {
        let key = ty.as_ptr() as usize;
        if let Some(info) = TYPES.with(|types| types.as_ref()?.get(&key).cloned()) {
            return info;
        }
        let info = Arc::new(Self::inspect(ty));
        let mut forgotten = None;
        TYPES.with(|types| {
            let types = types.get_or_insert_default();
            if types.len() >= MOST {
                forgotten = Some(std::mem::take(types));
            }
            types.insert(key, Arc::clone(&info));
        });
        // Types may have finalizers: they must not run under the lock.
        drop(forgotten);
        info
    }

    /// True if the `repr` of this type may be asked.
    pub(crate) fn speaks(&self) -> bool {
        !self.muted.load(Ordering::Relaxed)
    }

    /// Never asks the `repr` of this type again.
    pub(crate) fn mute(&self) {
        self.muted.store(true, Ordering::Relaxed);
    }

    fn inspect(ty: &Bound<'_, PyType>) -> Self {
        let py = ty.py();
        let name = attribute_text(ty, intern!(py, "__qualname__")).unwrap_or_else(|| "object".into());
        let module = attribute_text(ty, intern!(py, "__module__"));
        let shown = shown(ty, module.as_deref());
        let module = module.filter(|module| module != "builtins");
        let opaque = match &module {
            Some(module) => format!("<{module}.{name} object>"),
            None => format!("<{name} object>"),
        };
        Self {
            name: name.into(),
            module: module.map(Text::from),
            opaque: opaque.into(),
            shown,
            muted: AtomicBool::new(false),
            _type: ty.clone().unbind(),
        }
    }
}

fn shown(ty: &Bound<'_, PyType>, module: Option<&str>) -> Shown {
    let py = ty.py();
    // Not `ty.name()`, which keeps its text in a cell that a fork can leave half filled.
    let own = attribute_text(ty, intern!(py, "__name__"));
    let is = |name: &str| own.as_deref() == Some(name);
    if ty.is_subclass_of::<PyType>().unwrap_or(false)
        || ty.is(py.get_type::<PyFunction>())
        || (module == Some("builtins") && (is("module") || is("builtin_function_or_method")))
    {
        return Shown::Definition;
    }
    if module.is_some_and(|module| STR_MODULES.contains(&module)) {
        return Shown::Str;
    }
    let Ok(repr) = ty.getattr(intern!(py, "__repr__")) else { return Shown::Opaque };
    let inherited = py.get_type::<PyAny>().getattr(intern!(py, "__repr__"));
    if inherited.is_ok_and(|inherited| inherited.is(&repr)) {
        return Shown::Opaque;
    }
    if !repr.is_exact_instance_of::<PyFunction>() {
        return Shown::NativeRepr;
    }
    let from = repr.getattr(intern!(py, "__module__")).ok();
    let from = from.as_ref().and_then(|from| from.cast::<PyString>().ok()).map(characters);
    if from.is_some_and(|from| SLOW_MODULES.iter().any(|slow| from.starts_with(slow))) {
        return Shown::Opaque;
    }
    Shown::Repr
}

fn attribute_text(ty: &Bound<'_, PyType>, name: &Bound<'_, PyString>) -> Option<String> {
    let value = ty.getattr(name).ok()?;
    value.cast::<PyString>().ok().map(|text| characters(text).into_owned())
}
