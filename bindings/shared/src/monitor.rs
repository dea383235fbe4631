//! A run of a scheduled job, as a host watches it.

use watchpost_core::{CheckIn, CheckInStatus, EventId, MonitorConfig, Result, Scopes, Timestamp};

use crate::client::HostClient;

/// A run of a job; its end is to be reported by [`HostClient::finish_monitor`].
#[derive(Debug)]
pub struct HostMonitor {
    /// None if the beginning was dropped.
    id: Option<EventId>,
    slug: String,
    started: Timestamp,
}

impl HostClient {
    /// Captures a check-in.
    ///
    /// # Errors
    /// When a field has a value that no server takes; the error names it.
    pub fn capture_check_in(&self, check_in: CheckIn, scopes: Scopes<'_>) -> Result<Option<EventId>> {
        self.client().capture_check_in(check_in, scopes)
    }

    /// Begins a run of the job `slug`: says `in_progress` now. With a configuration it also creates or changes the
    /// monitor. What is wrong is said, and nothing else: a job is not to fail for its monitor.
    pub fn start_monitor(
        &self,
        slug: String,
        config: Option<MonitorConfig>,
        scopes: Scopes<'_>,
    ) -> HostMonitor {
        let started = self.client().now();
        let begin =
            CheckIn { monitor_config: config, ..CheckIn::new(slug.as_str(), CheckInStatus::InProgress) };
        let id = self.capture_check_in(begin, scopes).unwrap_or_else(|error| {
            self.options().client.diagnostics().say(|| error.to_string());
            None
        });
        HostMonitor { id, slug, started }
    }

    /// Ends a run: `ok`, or `error` if it failed, with how long it took.
    pub fn finish_monitor(&self, run: HostMonitor, failed: bool, scopes: Scopes<'_>) {
        if run.id.is_none() {
            return;
        }
        let status = if failed { CheckInStatus::Error } else { CheckInStatus::Ok };
        let end = CheckIn {
            check_in_id: run.id,
            duration: Some(self.client().now().since(run.started).as_secs_f64()),
            ..CheckIn::new(run.slug, status)
        };
        // What was wrong with it was wrong with its beginning, and has been said.
        let _ = self.capture_check_in(end, scopes);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use watchpost_core::{Schedule, SharedScope, Value};

    use super::*;
    use crate::{HostEnd, HostOptions, NameStyle, TestSetup};

    fn options() -> HostOptions {
        let given = serde_json::json!({"dsn": "https://key@h.example/1", "release": "shop@1",
            "auto_session_tracking": true});
        let Value::Object(given) = given else { panic!() };
        HostOptions::parse(given, NameStyle::Snake, |_| None).unwrap()
    }

    fn sent(client: &HostClient) -> Vec<Value> {
        let envelopes: Vec<Value> = serde_json::from_str(&client.take_recorded_json()).unwrap();
        envelopes.iter().map(|envelope| envelope["items"][0]["payload"].clone()).collect()
    }

    #[test]
    fn a_run_is_two_check_ins() {
        let client = HostClient::start_testing(options(), TestSetup::new(0.0, 1));
        let scope = SharedScope::new();
        let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
        let config = MonitorConfig::new(Schedule::crontab("0 3 * * *"));
        let run = client.start_monitor("nightly".to_owned(), Some(config), scopes);
        client.advance_clock(Duration::from_secs(3));
        client.finish_monitor(run, true, scopes);
        let wrong = client.start_monitor("no such name".to_owned(), None, scopes);
        client.finish_monitor(wrong, false, scopes);
        let [begin, end] = &sent(&client)[..] else { panic!() };
        assert_eq!(begin["monitor_config"]["schedule"]["value"], "0 3 * * *");
        assert_eq!((&begin["status"], &end["status"]), (&"in_progress".into(), &"error".into()));
        assert_eq!((&begin["check_in_id"], &end["duration"]), (&end["check_in_id"], &3.0.into()));
    }

    #[test]
    fn the_next_start_reports_what_the_last_one_left() {
        let client = HostClient::start_testing(options(), TestSetup::new(0.0, 1));
        let end = HostEnd { how: "killed".to_owned(), after: Duration::from_secs(5), crash: None };
        let next = client.restart_testing(options(), 2, &end).unwrap();
        assert!(sent(&next).iter().any(|payload| payload["status"] == "abnormal"));
        let end = HostEnd { how: "bored".to_owned(), ..HostEnd::default() };
        assert!(next.restart_testing(options(), 3, &end).is_err());
    }
}
