//! The thread at hand, for events that say where they come from.

use watchpost_core::Thread;

/// This thread, without its stack: its number, and its name if it has one.
pub(crate) fn current() -> Thread {
    let thread = std::thread::current();
    let name = thread.name();
    // Nothing else than its `Debug` form tells the number.
    let digits = format!("{:?}", thread.id()).replace(|c: char| !c.is_ascii_digit(), "");
    Thread {
        id: Some(digits.parse::<u64>().unwrap_or_default().into()),
        name: name.map(Into::into),
        current: Some(true),
        main: Some(name == Some("main")),
        ..Thread::default()
    }
}
