//! Backtraces that an error noted when it was made.

use std::backtrace::{Backtrace, BacktraceStatus};

use watchpost_core::{Frame, Stacktrace};

use super::backtrace;

/// The stack trace of a captured backtrace; `None` for one that is disabled (`RUST_BACKTRACE`) or not supported.
///
/// The standard library shows addresses in the long form only; names, lines and source come from the same place as
/// for every other stack trace.
pub(crate) fn stacktrace(backtrace: &Backtrace) -> Option<Stacktrace> {
    if backtrace.status() != BacktraceStatus::Captured {
        return None;
    }
    backtrace::of_addresses(&addresses(&format!("{backtrace:#}")), is_noise)
}

/// The addresses of lines like `  12:     0x55d0c0ffee00 - shop::cart::total`, each once: inlined calls have no
/// number of their own.
fn addresses(text: &str) -> Vec<usize> {
    let address = |line: &str| {
        let (number, rest) = line.split_once(':')?;
        number.trim().parse::<u32>().ok()?;
        let digits = rest.trim_start().strip_prefix("0x")?.split(' ').next()?;
        usize::from_str_radix(digits, 16).ok()
    };
    text.lines().filter_map(address).collect()
}

/// What stands between the place of the error and the walk of the stack.
fn is_noise(frame: &Frame) -> bool {
    const NAMES: [&str; 8] = [
        "std::backtrace",
        "backtrace::",
        "anyhow::",
        "core::convert::",
        "core::result::",
        "core::option::",
        "core::ops::",
        "core::error::",
    ];
    const PATHS: [&str; 4] = ["/library/std/src/", "/library/core/src/", "/backtrace/src/", "/anyhow-"];
    let name = frame.function.as_deref().unwrap_or_default().trim_start_matches(['<', '&']);
    let path = frame.abs_path.as_deref().unwrap_or_default();
    NAMES.iter().any(|prefix| name.starts_with(prefix)) || PATHS.iter().any(|part| path.contains(part))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_long_form() {
        let text = "   0:     0x5581e1 - std::backtrace::Backtrace::create::h1\n             at /rustc/x/std/src/backtrace.rs:331:13\n   1:           0x5582f0 - shop::cart::total\n                               shop::inlined\n";
        assert_eq!(addresses(text), [0x55_81e1, 0x55_82f0]);
    }

    #[test]
    fn the_innermost_frame_is_where_it_was_made() {
        let stack = stacktrace(&Backtrace::force_capture()).unwrap();
        let last = stack.frames.last().unwrap();
        assert!(last.function.as_deref().unwrap().contains("the_innermost_frame"), "{last:?}");
        assert!(last.context_line.as_deref().unwrap().contains("force_capture"), "{last:?}");
        assert!(stacktrace(&Backtrace::disabled()).is_none());
    }
}
