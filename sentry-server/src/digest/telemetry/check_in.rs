//! Check-ins of scheduled jobs.

use super::{Arrival, MAX_ENVIRONMENT, MAX_RELEASE, Read, hex, object, seconds, text};
use crate::json::{Map, Value};
use crate::store::{NewCheckIn, Tells};

pub(super) fn read(payload: &[u8], arrival: &Arrival) -> Result<Read, &'static str> {
    let report = object(payload)?;
    let slug = report.get("monitor_slug").and_then(Value::as_str).and_then(slug).ok_or("malformed")?;
    let status = match report.get("status").and_then(Value::as_str).unwrap_or_default() {
        "in_progress" => "in_progress",
        "ok" => "ok",
        "error" => "error",
        _ => return Err("malformed"),
    };
    let trace = report.get("contexts").and_then(|contexts| contexts.get("trace")?.get("trace_id"));
    let check_in = NewCheckIn {
        project: arrival.project,
        slug,
        check_in: hex(report.get("check_in_id")).filter(|id| *id != [0; 16]),
        fallback: arrival.id,
        status,
        environment: text(&report, "environment", MAX_ENVIRONMENT).unwrap_or_else(|| "production".to_owned()),
        received: arrival.received,
        duration: seconds(report.get("duration")),
        release: text(&report, "release", MAX_RELEASE),
        trace: hex(trace),
        config: report.get("monitor_config").and_then(Value::as_object).and_then(config),
    };
    Ok(Read { tells: Tells::CheckIn(Box::new(check_in)), counts: vec![("monitor", 1)], ..Read::default() })
}

/// A name for addresses: letters, digits, `_`, `-` and `.`; anything else becomes a hyphen, as the clients' own tools do.
pub(crate) fn slug(name: &str) -> Option<String> {
    let legal = |c: char| if c.is_ascii_alphanumeric() || "_-.".contains(c) { c } else { '-' };
    let slug: String = name.trim().to_ascii_lowercase().chars().take(50).map(legal).collect();
    (!slug.trim_matches('-').is_empty()).then_some(slug)
}

/// The fields of a schedule that are known, as JSON text; `None` if it names no schedule.
fn config(given: &Map) -> Option<String> {
    given.get("schedule").filter(|schedule| schedule.is_object())?;
    let known = [
        "schedule",
        "checkin_margin",
        "max_runtime",
        "failure_issue_threshold",
        "recovery_threshold",
        "timezone",
        "owner",
    ];
    let kept: Map = given
        .iter()
        .filter(|(key, value)| known.contains(&key.as_str()) && !value.is_null())
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    let text = Value::Object(kept).to_string();
    (text.len() <= MAX_CONFIG_BYTES).then_some(text)
}

const MAX_CONFIG_BYTES: usize = 4_096;

#[cfg(test)]
mod tests {
    use super::super::tests::arrival;
    use super::*;

    fn taken(text: &str) -> Result<NewCheckIn, &'static str> {
        match read(text.as_bytes(), &arrival())?.tells {
            Tells::CheckIn(report) => Ok(*report),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_report_with_and_without_its_run() {
        let report = taken(
            r#"{"check_in_id":"5afe2427de2d4f2baea15542aa31f3df","monitor_slug":"Nightly bill","status":"ok",
            "duration":1.5,"monitor_config":{"schedule":{"type":"crontab","value":"0 * * * *"},"x":1}}"#,
        )
        .unwrap();
        assert_eq!((report.slug.as_str(), report.duration), ("nightly-bill", Some(1_500_000)));
        assert_eq!(report.config.as_deref(), Some(r#"{"schedule":{"type":"crontab","value":"0 * * * *"}}"#));
        let zeros = "0".repeat(32);
        let latest =
            taken(&format!(r#"{{"check_in_id":"{zeros}","monitor_slug":"a","status":"error"}}"#)).unwrap();
        assert_eq!((latest.check_in, latest.fallback, latest.config), (None, [7; 16], None));
        for wrong in
            [r#"{"status":"ok"}"#, r#"{"monitor_slug":"--","status":"ok"}"#, r#"{"monitor_slug":"a"}"#]
        {
            assert_eq!(taken(wrong), Err("malformed"), "{wrong}");
        }
    }
}
