//! `watchpost-server`.

fn main() -> std::process::ExitCode {
    watchpost_server::run(std::env::args_os())
}
