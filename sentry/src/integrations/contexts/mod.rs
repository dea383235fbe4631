//! What is known about the machine without asking anybody: no personal data but the host's name.
//!
//! Read once, at [`init`](crate::init): `os`, `device`, `runtime`, `culture` and `app` (contexts, published event
//! payload spec). What cannot be found out is left out.

mod app;
mod culture;
mod device;
mod os;
mod runtime;

use watchpost_core::{ClientOptions, Map, Value};

/// Adds the contexts, and the host's name unless the options have one.
pub(crate) fn add(mut options: ClientOptions) -> ClientOptions {
    if options.server_name().is_none()
        && let Some(name) = os::host_name()
    {
        options = options.with_server_name(name);
    }
    let contexts = [
        ("app", app::context()),
        ("culture", culture::context()),
        ("device", device::context()),
        ("os", os::context()),
        ("runtime", runtime::context()),
    ];
    for (key, context) in contexts {
        if !context.is_empty() {
            options = options.with_context(key, context);
        }
    }
    options
}

/// An object of the fields that are known.
fn known<const N: usize>(fields: [(&str, Option<Value>); N]) -> Map {
    fields.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// A text that says something.
fn text(text: impl Into<String>) -> Option<Value> {
    let text = text.into();
    (!text.trim().is_empty()).then(|| text.into())
}
