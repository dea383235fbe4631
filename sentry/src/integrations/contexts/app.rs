//! The program itself.

use watchpost_core::{Clock as _, Map, SystemClock};

use super::{known, text};

pub(super) fn context() -> Map {
    let program = std::env::current_exe().ok();
    let name = program.as_deref().and_then(|path| path.file_stem()).and_then(|name| name.to_str());
    known([
        ("app_name", name.and_then(text)),
        ("app_start_time", text(SystemClock.now().to_rfc3339())),
        ("build_type", text(if cfg!(debug_assertions) { "debug" } else { "release" })),
    ])
}
