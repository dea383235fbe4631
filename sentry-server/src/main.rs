//! `watchpost-server`.

/// An event is some hundred small values that one thread makes and another drops, which is a quarter of all work with the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    watchpost_server::run(std::env::args_os())
}
