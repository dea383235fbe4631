//! One report of a scheduled job.

use serde::{Deserialize, Serialize};

use super::lists::wire_names;
use super::{Context, EventId};
use crate::error::{self, Error};
use crate::text::Text;

wire_names! {
    /// How far a job is.
    pub enum CheckInStatus {
        /// It has started.
        InProgress = "in_progress",
        /// It ended well.
        Ok = "ok",
        /// It failed.
        Error = "error",
    }
}

wire_names! {
    /// The unit of an interval between runs.
    pub enum ScheduleUnit {
        /// 365 days.
        Year = "year",
        /// A calendar month.
        Month = "month",
        /// Seven days.
        Week = "week",
        /// 24 hours.
        Day = "day",
        /// 60 minutes.
        Hour = "hour",
        /// 60 seconds.
        Minute = "minute",
    }
}

/// A check-in (check-ins, published spec). What is missing when it is captured is given by the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// Given by the client for a run that starts; the same for its end. All zeros: the latest run in progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_in_id: Option<EventId>,
    /// The name of the job: 1 to 50 characters of `a-z A-Z 0-9 _ - .`.
    pub monitor_slug: Text,
    /// How far it is.
    pub status: CheckInStatus,
    /// How long the run took, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration: Option<f64>,
    /// The version of the application.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Text>,
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub environment: Option<Text>,
    /// Creates the monitor, or changes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub monitor_config: Option<MonitorConfig>,
    /// The trace in which the job runs, under `trace`.
    #[serde(default, skip_serializing_if = "std::collections::BTreeMap::is_empty")]
    pub contexts: std::collections::BTreeMap<Text, Context>,
}

/// What is expected of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MonitorConfig {
    /// When it should run.
    pub schedule: Schedule,
    /// How many minutes late a run may start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkin_margin: Option<u64>,
    /// How many minutes a run may take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_runtime: Option<u64>,
    /// After how many failures in a row an issue is opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_issue_threshold: Option<u64>,
    /// After how many good runs in a row it is resolved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery_threshold: Option<u64>,
    /// The time zone of a crontab, like `Europe/Berlin`; UTC if missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timezone: Option<Text>,
    /// Who is told: `user:john@example.com` or `team:backend`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Text>,
}

/// When a job runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Schedule {
    /// Like `0 3 * * *`: five fields, or a name like `@daily`.
    Crontab {
        /// The expression.
        value: Text,
    },
    /// Every so often.
    Interval {
        /// At least 1.
        value: u64,
        /// Of what.
        unit: ScheduleUnit,
    },
}

impl CheckIn {
    /// A check-in of the job `monitor_slug`.
    pub fn new(monitor_slug: impl Into<Text>, status: CheckInStatus) -> Self {
        Self {
            check_in_id: None,
            monitor_slug: monitor_slug.into(),
            status,
            duration: None,
            release: None,
            environment: None,
            monitor_config: None,
            contexts: std::collections::BTreeMap::new(),
        }
    }

    /// Whether a server would take it.
    ///
    /// # Errors
    /// When a field has a value that it cannot have; the error names the field and shows a right value.
    pub fn check(&self) -> error::Result<()> {
        let slug = self.monitor_slug.as_str();
        let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
        if slug.is_empty() || slug.len() > 50 || !slug.chars().all(legal) {
            let text =
                format!("`{slug}` is not 1 to 50 letters, digits, `_`, `-` or `.`, like nightly-report");
            return Err(Error::payload("monitor_slug", text));
        }
        if let Some(duration) = self.duration
            && !(duration.is_finite() && duration >= 0.0)
        {
            let text = format!("{duration} is not a number of seconds, like 12.5");
            return Err(Error::payload("duration", text));
        }
        self.monitor_config.as_ref().map_or(Ok(()), MonitorConfig::check)
    }
}

impl MonitorConfig {
    /// What is expected of a job that runs by this schedule.
    pub fn new(schedule: Schedule) -> Self {
        Self {
            schedule,
            checkin_margin: None,
            max_runtime: None,
            failure_issue_threshold: None,
            recovery_threshold: None,
            timezone: None,
            owner: None,
        }
    }

    fn check(&self) -> error::Result<()> {
        self.schedule.check()?;
        for (name, minutes) in [("checkin_margin", self.checkin_margin), ("max_runtime", self.max_runtime)] {
            if minutes == Some(0) {
                return Err(Error::payload(name, "0 is not a number of minutes from 1, like 5"));
            }
        }
        let thresholds = [
            ("failure_issue_threshold", self.failure_issue_threshold),
            ("recovery_threshold", self.recovery_threshold),
        ];
        for (name, runs) in thresholds {
            if runs == Some(0) {
                return Err(Error::payload(name, "0 is not a number of runs from 1, like 2"));
            }
        }
        if let Some(zone) = &self.timezone
            && !is_zone(zone)
        {
            let text = format!("`{zone}` is not the name of a time zone, like Europe/Berlin");
            return Err(Error::payload("timezone", text));
        }
        if let Some(owner) = &self.owner {
            let known = owner
                .split_once(':')
                .filter(|(kind, who)| matches!(*kind, "user" | "team") && !who.is_empty());
            if known.is_none() {
                let text = format!("`{owner}` is not user:<mail address or id> or team:<name or id>");
                return Err(Error::payload("owner", text));
            }
        }
        Ok(())
    }
}

impl Schedule {
    /// By a crontab expression.
    pub fn crontab(value: impl Into<Text>) -> Self {
        Self::Crontab { value: value.into() }
    }

    /// Every `value` units.
    pub fn every(value: u64, unit: ScheduleUnit) -> Self {
        Self::Interval { value, unit }
    }

    fn check(&self) -> error::Result<()> {
        match self {
            Self::Crontab { value } if !is_crontab(value) => {
                let text = format!(
                    "`{value}` is not a crontab of five fields, like `0 3 * * *`, or a name like `@daily`"
                );
                Err(Error::payload("schedule", text))
            }
            Self::Interval { value: 0, .. } => {
                Err(Error::payload("schedule", "an interval of 0 is not a number from 1, like 2"))
            }
            _ => Ok(()),
        }
    }
}

/// Five fields of digits, names and `* / , - ? L W #`, each number within its field's range.
fn is_crontab(text: &str) -> bool {
    const NAMES: [&str; 7] =
        ["@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"];
    const RANGES: [(u32, u32); 5] = [(0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];
    if text.starts_with('@') {
        return NAMES.contains(&text);
    }
    let fields: Vec<&str> = text.split_whitespace().collect();
    fields.len() == RANGES.len()
        && fields.iter().zip(RANGES).all(|(field, range)| is_crontab_field(field, range))
}

fn is_crontab_field(field: &str, (low, high): (u32, u32)) -> bool {
    field.split(',').all(|part| {
        let (span, step) = part.split_once('/').map_or((part, None), |(span, step)| (span, Some(step)));
        let step_is_right = step.is_none_or(|step| step.parse::<u32>().is_ok_and(|step| step > 0));
        let is_point = |point: &str| match point.parse::<u32>() {
            Ok(number) => (low..=high).contains(&number),
            Err(_) => !point.is_empty() && point.chars().all(|c| c.is_ascii_alphanumeric() || c == '#'),
        };
        step_is_right && (matches!(span, "*" | "?") || span.splitn(2, '-').all(is_point))
    })
}

fn is_zone(name: &str) -> bool {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '+');
    !name.is_empty() && name.len() <= 64 && name.chars().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crontabs() {
        for good in
            ["* * * * *", "0 3 * * *", "*/5 0-6 1,15 JAN-MAR mon-fri", "0 0 L * 5#2", "@daily", "0 0 * * 7"]
        {
            assert!(is_crontab(good), "{good}");
        }
        for bad in [
            "",
            "* * * *",
            "* * * * * *",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "*/0 * * * *",
            "@often",
            "a b",
        ] {
            assert!(!is_crontab(bad), "{bad}");
        }
    }
}
