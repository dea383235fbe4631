//! The server's own log: one line per occurrence on standard error.

use std::fmt::Arguments;
use std::io::Write;

/// Something an operator may want to know.
pub(crate) fn info(message: Arguments<'_>) {
    line("info", message);
}

/// Something is wrong and data or service may suffer.
pub(crate) fn error(message: Arguments<'_>) {
    line("error", message);
}

fn line(level: &str, message: Arguments<'_>) {
    // A closed standard error must not take the server down.
    let _ = writeln!(std::io::stderr().lock(), "watchpost-server {level}: {message}");
}
