//! Client times: reading them, and correcting a clock that is off.

use super::notes::{Notes, Path};
use crate::json::{Map, Value};

const SECOND: i64 = 1_000_000;
/// Smaller differences between `sent_at` and arrival are travel time, not a wrong clock.
const MIN_DRIFT: i64 = 55 * SECOND;
/// An event from further ahead than this cannot be true.
const MAX_FUTURE: i64 = 60 * SECOND;
/// Older events are dated to their arrival: retention would delete them at once.
const MAX_AGE: i64 = 30 * 24 * 3600 * SECOND;

/// Rewrites every time of the event as float seconds on the server's clock; returns the event's own.
pub(super) fn normalize(body: &mut Map, received: i64, sent_at: Option<i64>, notes: &mut Notes) -> i64 {
    let shift = drift(received, sent_at);

    let path = Path::root("timestamp");
    let given = body.get("timestamp").filter(|v| !v.is_null());
    let timestamp = match given.map(|value| (value, micros(value))) {
        None => received,
        Some((value, None)) => {
            notes.invalid(
                &path,
                Some(value),
                "expected Unix seconds or RFC 3339; the time of arrival is used",
            );
            received
        }
        Some((value, Some(time))) => {
            let time = time.saturating_add(shift);
            if time > received + MAX_FUTURE {
                notes.error("future_timestamp", &path, Some(value), "the time of arrival is used");
                received
            } else if time < received - MAX_AGE {
                notes.error("past_timestamp", &path, Some(value), "the time of arrival is used");
                received
            } else {
                time
            }
        }
    };
    body.insert("timestamp".into(), seconds(timestamp));
    shift_key(body, "start_timestamp", shift);
    for span in body.get_mut("spans").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Value::Object(span) = span {
            shift_key(span, "start_timestamp", shift);
            shift_key(span, "timestamp", shift);
        }
    }
    for crumb in super::list::values_mut(body, "breadcrumbs") {
        shift_key(crumb, "timestamp", shift);
    }
    timestamp
}

/// How far the client's clock is behind: what is to be added to its times.
pub(crate) fn drift(received: i64, sent_at: Option<i64>) -> i64 {
    let shift = sent_at.map_or(0, |sent| received - sent);
    if shift.abs() < MIN_DRIFT { 0 } else { shift }
}

/// A client's time on the server's clock; the time of arrival where none was given or it cannot be true.
pub(crate) fn corrected(value: Option<&Value>, received: i64, shift: i64) -> i64 {
    let given = value.and_then(micros).map(|time| time.saturating_add(shift));
    given.filter(|time| (received - MAX_AGE..=received + MAX_FUTURE).contains(time)).unwrap_or(received)
}

/// Float seconds as they stand in a normalised event.
pub(super) fn seconds(micros: i64) -> Value {
    // Exact to the microsecond until the year 2255.
    #[expect(clippy::cast_precision_loss, reason = "microseconds of this era fit a double")]
    Value::from(micros as f64 / 1e6)
}

fn shift_key(map: &mut Map, key: &str, shift: i64) {
    let Some(value) = map.get_mut(key) else { return };
    match micros(value) {
        Some(time) => *value = seconds(time.saturating_add(shift)),
        None => {
            map.remove(key);
        }
    }
}

/// Microseconds since the epoch of Unix seconds (number or text) or an RFC 3339 text; no zone means UTC.
pub(crate) fn micros(value: &Value) -> Option<i64> {
    match value {
        Value::Number(number) => from_seconds(number.as_f64()?),
        Value::String(text) => {
            let text = text.trim();
            text.parse::<f64>().map_or_else(|_| rfc3339(text), from_seconds)
        }
        _ => None,
    }
}

fn from_seconds(seconds: f64) -> Option<i64> {
    // Seconds beyond the year 5138 are milliseconds from a careless client.
    let seconds = if seconds.abs() >= 1e11 { seconds / 1e3 } else { seconds };
    #[expect(clippy::cast_possible_truncation, reason = "bounded by the check")]
    (seconds.is_finite() && seconds.abs() < 1e11).then(|| (seconds * 1e6).round() as i64)
}

fn rfc3339(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let at = |index: usize, wanted: &[u8]| bytes.get(index).is_some_and(|b| wanted.contains(b));
    if !(at(4, b"-") && at(7, b"-")) {
        return None;
    }
    let (year, month, day) = (digits(bytes, 0, 4)?, digits(bytes, 5, 2)?, digits(bytes, 8, 2)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let midnight = days_from_civil(year, month, day) * 86_400;
    if bytes.len() == 10 {
        return Some(midnight * SECOND);
    }
    if !(at(10, b"Tt ") && at(13, b":")) {
        return None;
    }
    let (hour, minute) = (digits(bytes, 11, 2)?, digits(bytes, 14, 2)?);
    let mut rest = 16;
    let mut second = 0;
    if at(16, b":") {
        second = digits(bytes, 17, 2)?;
        rest = 19;
    }
    if hour > 24 || minute > 59 || second > 60 {
        return None;
    }
    let mut fraction = 0;
    if at(rest, b".,") {
        let length = bytes[rest + 1..].iter().take_while(|b| b.is_ascii_digit()).count();
        fraction = digits(bytes, rest + 1, length.clamp(1, 6))? * 10_i64.pow(6 - length.clamp(1, 6) as u32);
        rest += 1 + length;
    }
    let offset = offset(bytes[rest..].trim_ascii_start())?;
    Some((midnight + hour * 3600 + minute * 60 + second - offset) * SECOND + fraction)
}

/// Seconds east of UTC of `Z`, `UTC`, `+02:00`, `+0200`, `+02` or nothing.
fn offset(zone: &[u8]) -> Option<i64> {
    let sign = match zone {
        b"" | b"Z" | b"z" | b"UTC" => return Some(0),
        [b'+', ..] => 1,
        [b'-', ..] => -1,
        _ => return None,
    };
    let minutes = match zone.len() {
        3 => 0,
        5 => digits(zone, 3, 2)?,
        6 => digits(zone, 4, 2)?,
        _ => return None,
    };
    Some(sign * (digits(zone, 1, 2)? * 3600 + minutes * 60))
}

fn digits(bytes: &[u8], at: usize, count: usize) -> Option<i64> {
    bytes
        .get(at..at + count)?
        .iter()
        .try_fold(0, |number, b| b.is_ascii_digit().then(|| number * 10 + i64::from(b - b'0')))
}

/// Days since 1970-01-01 in the proleptic Gregorian calendar.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    use crate::json::json;

    use super::*;

    #[test]
    fn reads_the_forms_in_the_wild() {
        for (text, expected) in [
            ("2026-11-22T16:31:21.181548Z", 1_795_365_081_181_548),
            ("2026-11-22T18:31:21.5+02:00", 1_795_365_081_500_000),
            ("2026-11-22 16:31:21", 1_795_365_081_000_000),
            ("2026-11-22T16:31:21.1815481234", 1_795_365_081_181_548),
            ("1795365081.25", 1_795_365_081_250_000),
            ("1970-01-01", 0),
            ("2000-02-29T00:00Z", 951_782_400_000_000),
        ] {
            assert_eq!(micros(&json!(text)), Some(expected), "{text}");
        }
        assert_eq!(micros(&json!(1_795_365_081_250_i64)), Some(1_795_365_081_250_000));
        for bad in ["yesterday", "2026-13-01T00:00:00Z", "2026-11-22T16:31:21+x", "", "NaN", "価価価格"] {
            assert_eq!(micros(&json!(bad)), None, "{bad}");
        }
    }

    fn run(body: Value, sent_at: Option<i64>) -> (i64, Value) {
        let Value::Object(mut body) = body else { panic!() };
        let mut notes = Notes::default();
        let time = normalize(&mut body, 1_000_000 * SECOND + 3_000_000_000 * SECOND / 3, sent_at, &mut notes);
        notes.write(&mut body);
        (time / SECOND, Value::Object(body))
    }

    #[test]
    fn a_wrong_clock_is_corrected_everywhere() {
        let received = 1_001_000_000;
        let sent = (received - 7200) * SECOND;
        let crumbs = json!({"values": [{"timestamp": received - 7300}]});
        let (time, body) = run(json!({"timestamp": received - 7210, "breadcrumbs": crumbs}), Some(sent));
        assert_eq!(time, received - 10);
        assert_eq!(body["breadcrumbs"]["values"][0]["timestamp"], json!((received - 100) as f64));
        assert_eq!(run(json!({"timestamp": received - 40}), Some((received - 30) * SECOND)).0, received - 40);
    }

    #[test]
    fn impossible_times_become_the_arrival() {
        let received = 1_001_000_000;
        let (time, body) = run(json!({"timestamp": received + 3600}), None);
        assert_eq!((time, body["errors"][0]["type"].as_str()), (received, Some("future_timestamp")));
        assert_eq!(run(json!({"timestamp": 0}), None).0, received);
        assert_eq!(run(json!({"timestamp": null}), None).0, received);
    }
}
