//! The machine.

use watchpost_core::Map;

use super::{known, text};

pub(super) fn context() -> Map {
    let cores = std::thread::available_parallelism().ok().map(|cores| cores.get().into());
    known([
        ("arch", text(std::env::consts::ARCH)),
        ("processor_count", cores),
        ("memory_size", memory_bytes().map(Into::into)),
    ])
}

#[cfg(target_os = "linux")]
fn memory_bytes() -> Option<u64> {
    let info = rustix::system::sysinfo();
    u64::try_from(u128::from(info.totalram) * u128::from(info.mem_unit)).ok()
}

#[cfg(not(target_os = "linux"))]
fn memory_bytes() -> Option<u64> {
    None
}
