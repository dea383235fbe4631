//! When a job is to run: by a crontab in its time zone, or every so often.

use cronexpr::{Crontab, FallbackTimezoneOption, MakeTimestamp, ParseOptions, parse_crontab_with};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde_json::Value;

use crate::instant::{DAY, HOUR, Micros, SECOND};

/// What a monitor's config says.
#[derive(Debug)]
pub(crate) struct Plan {
    schedule: Schedule,
    /// How much later than planned a run may begin.
    margin: Micros,
    /// How long a run may take.
    pub(crate) max_runtime: Micros,
    /// Failures in a row that make an issue, and successes in a row that resolve it.
    pub(crate) failures: i64,
    pub(crate) recoveries: i64,
}

#[derive(Debug)]
enum Schedule {
    Crontab(Box<Crontab>),
    Fixed(Micros),
    /// Months are not all equally long.
    Months(i64, TimeZone),
}

impl Plan {
    /// Reads a config in the form of clients (`"schedule": {"type", "value", "unit"}`) or of the API (`schedule_type`,
    /// `schedule`).
    ///
    /// # Errors
    /// What is wrong, with the field's name.
    pub(crate) fn read(config: &Value) -> Result<Self, String> {
        let zone = match &config["timezone"] {
            Value::Null => "UTC",
            Value::String(name) if name.is_empty() => "UTC",
            Value::String(name) => name,
            _ => return Err("timezone must be a name like Europe/Berlin.".to_owned()),
        };
        let time_zone = TimeZone::get(zone)
            .map_err(|_| format!("timezone {zone:?} is not in the database of time zones."))?;
        let given = &config["schedule"];
        let (kind, value, unit) = match given {
            Value::Object(_) => (&given["type"], &given["value"], &given["unit"]),
            Value::Array(pair) => (
                &config["schedule_type"],
                pair.first().unwrap_or(&Value::Null),
                pair.get(1).unwrap_or(&Value::Null),
            ),
            _ => (&config["schedule_type"], given, &Value::Null),
        };
        let schedule = match (kind.as_str(), value) {
            (Some("crontab"), Value::String(text)) => Schedule::Crontab(Box::new(crontab(text, zone)?)),
            (Some("interval"), value) => interval(value, unit, time_zone)?,
            _ => {
                return Err("schedule must be a crontab, like {\"type\": \"crontab\", \"value\": \"0 * * * *\"}, or an \
                            interval, like {\"type\": \"interval\", \"value\": 2, \"unit\": \"hour\"}."
                    .to_owned());
            }
        };
        let number = |name: &str, default: i64, max: i64| match &config[name] {
            Value::Null => Ok(default),
            value => value
                .as_i64()
                .filter(|number| (0..=max).contains(number))
                .ok_or_else(|| format!("{name} must be a number from 0 to {max}.")),
        };
        Ok(Self {
            schedule,
            margin: number("checkin_margin", 1, MAX_MINUTES)?.max(1) * MINUTE,
            max_runtime: number("max_runtime", 30, MAX_MINUTES)?.max(1) * MINUTE,
            failures: number("failure_issue_threshold", 1, MAX_THRESHOLD)?.max(1),
            recoveries: number("recovery_threshold", 1, MAX_THRESHOLD)?.max(1),
        })
    }

    /// When the next run is due after one at `from`, not before `after` either. `None` for a day that never comes.
    pub(crate) fn next(&self, from: Micros, after: Micros) -> Option<Micros> {
        let after = after.max(from);
        match &self.schedule {
            Schedule::Crontab(crontab) => {
                let at = MakeTimestamp::from_microsecond(after).ok()?;
                Some(crontab.find_next(at).ok()?.timestamp().as_microsecond())
            }
            Schedule::Fixed(length) => {
                // Planned by the minute, as crontabs are.
                let from = from.div_euclid(MINUTE) * MINUTE;
                Some(from + ((after - from) / length + 1) * length)
            }
            Schedule::Months(months, zone) => {
                let from = from.div_euclid(MINUTE) * MINUTE;
                let begin = Timestamp::from_microsecond(from).ok()?.to_zoned(zone.clone());
                // Counted from the beginning, so that the 31st stays the 31st.
                (1..=MAX_STEPS).find_map(|step| {
                    let span = Span::new().try_months(months * step).ok()?;
                    let at = begin.checked_add(span).ok()?.timestamp().as_microsecond();
                    (at > after).then_some(at)
                })
            }
        }
    }

    /// Until when a run that is due may report.
    pub(crate) fn latest(&self, due: Micros) -> Micros {
        due + self.margin
    }

    /// Runs before this one have had their time, at this moment.
    pub(crate) fn had_its_time(&self, now: Micros) -> Micros {
        now - self.margin
    }
}

fn crontab(text: &str, zone: &str) -> Result<Crontab, String> {
    let text = match text.trim() {
        "@yearly" | "@annually" => "0 0 1 1 *",
        "@monthly" => "0 0 1 * *",
        "@weekly" => "0 0 * * 0",
        "@daily" | "@midnight" => "0 0 * * *",
        "@hourly" => "0 * * * *",
        other => other,
    };
    let mut options = ParseOptions::default();
    options.fallback_timezone_option = FallbackTimezoneOption::None;
    if text.split_ascii_whitespace().count() != 5 {
        return Err(format!("schedule {text:?} is no crontab of five fields."));
    }
    parse_crontab_with(&format!("{text} {zone}"), options)
        .map_err(|error| format!("schedule {text:?} is no crontab: {}", error.to_string().trim()))
}

fn interval(value: &Value, unit: &Value, zone: TimeZone) -> Result<Schedule, String> {
    let count = value.as_i64().filter(|count| (1..=MAX_COUNT).contains(count));
    let count =
        count.ok_or_else(|| format!("schedule: an interval must be a number from 1 to {MAX_COUNT}."))?;
    Ok(match unit.as_str().unwrap_or_default().trim_end_matches('s') {
        "minute" => Schedule::Fixed(count * MINUTE),
        "hour" => Schedule::Fixed(count * HOUR),
        "day" => Schedule::Fixed(count * DAY),
        "week" => Schedule::Fixed(count * 7 * DAY),
        "month" => Schedule::Months(count, zone),
        "year" => Schedule::Months(count * 12, zone),
        _ => {
            return Err("schedule: the unit of an interval must be minute, hour, day, week, month or year."
                .to_owned());
        }
    })
}

const MINUTE: Micros = 60 * SECOND;
/// Four weeks.
const MAX_MINUTES: i64 = 40_320;
const MAX_THRESHOLD: i64 = 720;
const MAX_COUNT: i64 = 1_000_000;
const MAX_STEPS: i64 = 1_200;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::instant::rfc3339;

    fn after(config: Value, from: &str, after: &str) -> String {
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let next = Plan::read(&config).unwrap().next(micros(from), micros(after));
        next.map_or_else(|| "never".to_owned(), |next| rfc3339(next)[..16].to_owned())
    }

    fn cron(text: &str, zone: &str) -> Value {
        json!({ "schedule": { "type": "crontab", "value": text }, "timezone": zone })
    }

    #[test]
    fn runs_are_due_by_the_clock_of_their_zone() {
        let at = "2026-11-22T18:00:00Z";
        for (config, wanted) in [
            (cron("0 * * * *", "UTC"), "2026-11-22T19:00"),
            (cron("*/15 * * * *", ""), "2026-11-22T18:15"),
            (cron("0 9 * * MON-FRI", "Europe/Berlin"), "2026-11-23T08:00"),
            (cron("@daily", "America/New_York"), "2026-11-23T05:00"),
            (cron("0 0 31 2 *", "UTC"), "never"),
            (json!({ "schedule_type": "crontab", "schedule": "0 0 1 1 *" }), "2027-01-01T00:00"),
            (json!({ "schedule_type": "interval", "schedule": [2, "hour"] }), "2026-11-22T20:00"),
            (json!({ "schedule": { "type": "interval", "value": 1, "unit": "month" } }), "2026-12-22T18:00"),
        ] {
            assert_eq!(after(config.clone(), at, at), wanted, "{config}");
        }
        // The night in which a clock is set forward has no half past two: the run comes when the gap is over, or the day after.
        let spring =
            after(cron("30 2 * * *", "Europe/Berlin"), "2027-03-27T12:00:00Z", "2027-03-27T12:00:00Z");
        assert!(spring.starts_with("2027-03-28T01:") || spring == "2027-03-29T00:30", "{spring}");
    }

    #[test]
    fn what_is_long_past_is_left_out() {
        let hours = json!({ "schedule": { "type": "interval", "value": 3, "unit": "hour" } });
        assert_eq!(after(hours, "2020-01-01T00:00:30Z", "2026-11-22T17:00:00Z"), "2026-11-22T18:00");
        let months = json!({ "schedule": { "type": "interval", "value": 1, "unit": "month" } });
        assert_eq!(after(months, "2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z"), "2026-03-31T00:00");
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (config, named) in [
            (json!({}), "schedule"),
            (cron("61 * * * *", "UTC"), "crontab"),
            (cron("* * * *", "UTC"), "five fields"),
            (cron("0 * * * *", "Mars/Olympus"), "Mars/Olympus"),
            (json!({ "schedule": { "type": "interval", "value": 0, "unit": "hour" } }), "interval"),
            (json!({ "schedule": { "type": "interval", "value": 1, "unit": "blink" } }), "unit"),
            (
                json!({ "schedule": { "type": "crontab", "value": "0 * * * *" }, "max_runtime": -1 }),
                "max_runtime",
            ),
        ] {
            let told = Plan::read(&config).unwrap_err();
            assert!(told.contains(named), "{config}: {told}");
        }
    }
}
