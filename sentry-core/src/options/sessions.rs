//! Options about sessions and ends without warning.

use std::sync::Arc;

use super::ClientOptions;
use crate::crash::CrashRecorder;

/// The settings of sessions and last words.
#[derive(Debug, Clone)]
pub(crate) struct SessionOptions {
    pub(crate) auto_session_tracking: Option<bool>,
    report_killed: bool,
    mark_sigterm: bool,
    crash_recorder: Option<Arc<dyn CrashRecorder>>,
}

impl Default for SessionOptions {
    fn default() -> Self {
        Self { auto_session_tracking: None, report_killed: false, mark_sigterm: true, crash_recorder: None }
    }
}

impl ClientOptions {
    /// False tracks no session unless the application starts one; true by default. Without a `release` there are no
    /// sessions.
    #[must_use]
    pub fn with_auto_session_tracking(mut self, yes: bool) -> Self {
        self.sessions.auto_session_tracking = Some(yes);
        self
    }

    /// The value of `auto_session_tracking`.
    pub fn auto_session_tracking(&self) -> bool {
        self.sessions.auto_session_tracking.unwrap_or(true)
    }

    /// True reports, at the next start, a process that was killed (out of memory, `kill -9`) as an event with the
    /// breadcrumbs it left; false by default. They are scrubbed and written to the spool folder, at most once a second.
    #[must_use]
    pub fn with_report_killed(mut self, yes: bool) -> Self {
        self.sessions.report_killed = yes;
        self
    }

    /// The value of `report_killed`.
    pub fn report_killed(&self) -> bool {
        self.sessions.report_killed
    }

    /// False leaves SIGTERM alone; true by default. A process that nobody taught to handle SIGTERM still dies of it, at
    /// once and with the same status, but notes it first, so that a deployment is not taken for a crash.
    #[must_use]
    pub fn with_mark_sigterm(mut self, yes: bool) -> Self {
        self.sessions.mark_sigterm = yes;
        self
    }

    /// The value of `mark_sigterm`.
    pub fn mark_sigterm(&self) -> bool {
        self.sessions.mark_sigterm
    }

    /// Who records crashes of the process, and reads what earlier processes have recorded. For SDKs, not for
    /// applications.
    #[must_use]
    pub fn with_crash_recorder(mut self, recorder: Arc<dyn CrashRecorder>) -> Self {
        self.sessions.crash_recorder = Some(recorder);
        self
    }

    /// The crash recorder, if there is one.
    pub fn crash_recorder(&self) -> Option<&Arc<dyn CrashRecorder>> {
        self.sessions.crash_recorder.as_ref()
    }
}
