//! Scheduled jobs that say how they are.

use watchpost_core::{CheckIn, CheckInStatus, EventId, MonitorConfig, Result, Text, Timestamp};

use crate::init::with_client;
use crate::scopes::with_all;

/// Reports how far a scheduled job is. Its id, which the check-in that ends the run is to carry; `None` if it was
/// dropped.
///
/// # Errors
/// When a field has a value that no server takes; the error names it.
///
/// ```
/// use watchpost::{CheckIn, CheckInStatus};
/// # let (_guard, _test) = watchpost::testing::init(
/// #     watchpost::ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap(),
/// #     watchpost::Timestamp::from_micros(0), 1);
/// let refused = watchpost::capture_check_in(CheckIn::new("nightly report", CheckInStatus::Ok));
/// assert_eq!(refused.unwrap_err().field(), "monitor_slug");
/// ```
pub fn capture_check_in(check_in: CheckIn) -> Result<Option<EventId>> {
    with_client(|client| with_all(|scopes| client.capture_check_in(check_in, scopes))).unwrap_or(Ok(None))
}

/// Begins a run of the job `slug`: says `in_progress` now, and `ok` with the duration when the guard is dropped; `error`
/// if that happens in a panic, or after [`MonitorGuard::fail`]. With a configuration it also creates or changes the
/// monitor. The guard may be kept across an `await`.
///
/// ```
/// use watchpost::{MonitorConfig, Schedule};
/// let run = watchpost::monitor("nightly-report", MonitorConfig::new(Schedule::crontab("0 3 * * *")));
/// if "12a".parse::<u32>().is_err() {
///     run.fail();
/// }
/// ```
pub fn monitor(slug: impl Into<Text>, config: impl Into<Option<MonitorConfig>>) -> MonitorGuard {
    let mut begin = CheckIn::new(slug, CheckInStatus::InProgress);
    begin.monitor_config = config.into();
    let mut end = CheckIn::new(begin.monitor_slug.clone(), CheckInStatus::Ok);
    let started = with_client(watchpost_core::Client::now);
    end.check_in_id = match capture_check_in(begin) {
        Ok(id) => id,
        Err(error) => {
            // There is nobody to give the error to: a job is not to fail for its monitor.
            with_client(|client| client.options().diagnostics().say(|| error.to_string()));
            None
        }
    };
    MonitorGuard { end: Some(end), started }
}

/// Runs a job under [`monitor`]: `ok` for `Ok`, `error` for `Err` or a panic, which goes on.
///
/// # Errors
/// Those of the job.
///
/// ```
/// let rows = watchpost::with_monitor("nightly-report", None, || "42".parse::<u32>());
/// assert_eq!(rows, Ok(42));
/// ```
pub fn with_monitor<T, E>(
    slug: impl Into<Text>,
    config: impl Into<Option<MonitorConfig>>,
    job: impl FnOnce() -> std::result::Result<T, E>,
) -> std::result::Result<T, E> {
    let run = monitor(slug, config);
    let result = job();
    if result.is_err() {
        run.fail();
    }
    result
}

/// A run of a job; its end is reported when this is dropped.
#[derive(Debug)]
#[must_use = "dropped at once, it says that the job ended at once: bind it to a name"]
pub struct MonitorGuard {
    end: Option<CheckIn>,
    started: Option<Timestamp>,
}

impl MonitorGuard {
    /// Ends the run as failed.
    pub fn fail(mut self) {
        self.finish(CheckInStatus::Error);
    }

    fn finish(&mut self, status: CheckInStatus) {
        let Some(mut end) = self.end.take().filter(|end| end.check_in_id.is_some()) else { return };
        let now = with_client(watchpost_core::Client::now);
        end.status = status;
        end.duration = now.zip(self.started).map(|(now, started)| now.since(started).as_secs_f64());
        // What was wrong with it was wrong with its beginning, and has been said.
        let _ = capture_check_in(end);
    }
}

impl Drop for MonitorGuard {
    fn drop(&mut self) {
        let status = if std::thread::panicking() { CheckInStatus::Error } else { CheckInStatus::Ok };
        self.finish(status);
    }
}
