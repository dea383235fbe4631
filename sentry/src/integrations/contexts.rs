//! What is known about the machine without asking anybody: no personal data but the host's name.

use watchpost_core::{ClientOptions, Map, Value};

/// Adds `os`, `device` and `runtime`, and the host's name unless the options have one.
pub(crate) fn add(options: ClientOptions) -> ClientOptions {
    let uname = rustix::system::uname();
    let text = |part: &std::ffi::CStr| part.to_string_lossy().into_owned();
    let os = object([
        ("name", text(uname.sysname()).into()),
        ("version", text(uname.release()).into()),
        ("kernel_version", text(uname.version()).into()),
    ]);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let device = object([("arch", text(uname.machine()).into()), ("processor_count", cores.into())]);
    let runtime = object([("name", "rustc".into()), ("version", env!("CARGO_PKG_RUST_VERSION").into())]);
    let options = if options.server_name().is_none() {
        options.with_server_name(text(uname.nodename()))
    } else {
        options
    };
    options.with_context("os", os).with_context("device", device).with_context("runtime", runtime)
}

fn object<const N: usize>(fields: [(&str, Value); N]) -> Map {
    fields.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
