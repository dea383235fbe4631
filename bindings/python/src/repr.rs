//! Foreign `repr`, within a budget.

use std::time::{Duration, Instant};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;
use pyo3::types::PyType;
use watchpost_core::Text;

use crate::text::bounded;
use crate::types::{Shown, TypeInfo};

/// How many foreign `repr` one conversion asks.
const MOST_CALLS: u32 = 64;
/// How long they may take in all.
const MOST_TIME: Duration = Duration::from_millis(5);
/// A type whose `repr` takes this long is not asked again.
const SLOW: Duration = Duration::from_millis(2);
/// Larger containers of C types are not asked: their `repr` would visit every entry.
const LARGE: usize = 256;
/// Not a heap type: written in C.
const HEAP_TYPE: std::ffi::c_ulong = 1 << 9;

/// The budget of one conversion. A `repr` that runs cannot be stopped; but it is the last one of its type.
#[derive(Debug)]
pub(crate) struct Reprs {
    calls: u32,
    time: Duration,
}

impl Reprs {
    /// A full budget.
    pub(crate) fn new() -> Self {
        Self { calls: MOST_CALLS, time: MOST_TIME }
    }

    /// Text for an object that is no plain value, of at most about `limit` characters.
    pub(crate) fn of(&mut self, object: &Bound<'_, PyAny>, limit: usize) -> String {
        let info = TypeInfo::of(object);
        let harmless = matches!(info.shown, Shown::Str | Shown::Definition);
        if info.shown == Shown::Opaque || !info.speaks() || !(harmless || self.allows(object, info.shown)) {
            return info.opaque.as_str().to_owned();
        }
        let start = Instant::now();
        let text = if info.shown == Shown::Str { object.str() } else { object.repr() };
        let took = start.elapsed();
        if info.shown == Shown::Repr {
            self.calls -= 1;
            self.time = self.time.saturating_sub(took);
        }
        if took > SLOW {
            info.mute();
        }
        match text {
            Ok(text) => {
                let (text, length) = bounded(&text, limit);
                let mut text = without_address(&text);
                if let Some(length) = length {
                    text.push_str(&format!("… ({length} characters)"));
                }
                text
            }
            Err(error) => {
                info.mute();
                swallow(object.py(), &error);
                info.opaque.as_str().to_owned()
            }
        }
    }

    /// `<module.Type object>`.
    pub(crate) fn type_name(&self, object: &Bound<'_, PyAny>) -> Text {
        TypeInfo::of(object).opaque.clone()
    }

    fn allows(&self, object: &Bound<'_, PyAny>, shown: Shown) -> bool {
        match shown {
            Shown::Repr => self.calls > 0 && !self.time.is_zero(),
            _ => !is_large(object),
        }
    }
}

/// Forgets an exception of foreign code; an interrupt by the user is raised again once we are out of the way.
pub(crate) fn swallow(py: Python<'_>, error: &PyErr) {
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        #[expect(unsafe_code, reason = "has no safe form")]
        // SAFETY: takes nothing and may be called at any time.
        unsafe {
            pyo3::ffi::PyErr_SetInterrupt();
        }
    }
}

/// The length of a container written in C; `__len__` written in Python may do anything.
fn is_large(object: &Bound<'_, PyAny>) -> bool {
    is_written_in_c(&object.get_type()) && object.len().is_ok_and(|length| length > LARGE)
}

fn is_written_in_c(ty: &Bound<'_, PyType>) -> bool {
    #[expect(unsafe_code, reason = "has no safe form")]
    // SAFETY: `ty` is a live type object.
    let flags = unsafe { pyo3::ffi::PyType_GetFlags(ty.as_type_ptr()) };
    flags & HEAP_TYPE == 0
}

/// `<Cart at 0x7f...>` becomes `<Cart>`: addresses say nothing and differ every time.
fn without_address(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(" at 0x") {
        let after = &rest[at + 6..];
        clean.push_str(&rest[..at]);
        rest = after.trim_start_matches(|c: char| c.is_ascii_hexdigit());
    }
    clean.push_str(rest);
    clean
}
