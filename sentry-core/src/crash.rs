//! Crashes that a process could only record, for its next start to report.

use std::fmt::Debug;

use crate::hook::Hint;
use crate::options::ClientOptions;
use crate::protocol::Event;

/// A crash of an earlier process.
#[derive(Debug, Default)]
pub struct Crash {
    /// Which process it was, in the words of [`Vanished::process`](crate::Vanished::process).
    pub process: String,
    /// What is reported. Its time is that of the crash.
    pub event: Event,
    /// What goes with the event.
    pub hint: Hint,
}

/// Records crashes where nothing can be sent any more, and reads the records of earlier processes.
///
/// The client asks for what was recorded as soon as it may report anything, and reports it through its hooks, together
/// with what became of that process's session.
pub trait CrashRecorder: Send + Sync + Debug {
    /// Hands over each crash of processes that are gone, or only those of one process, each to one caller once. A
    /// record is forgotten when `report` returns.
    fn take(&self, options: &ClientOptions, process: Option<&str>, report: &mut dyn FnMut(Crash));

    /// Records crashes of this process from now on.
    fn watch(&self, options: &ClientOptions);

    /// Records nothing any more: the user does not agree.
    fn unwatch(&self);
}
