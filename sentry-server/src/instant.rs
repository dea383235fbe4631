//! Instants as the store keeps them: whole microseconds since the epoch, UTC.

use time::OffsetDateTime;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;

/// Microseconds since 1970-01-01T00:00:00Z.
pub(crate) type Micros = i64;

pub(crate) const SECOND: Micros = 1_000_000;
pub(crate) const HOUR: Micros = 3_600 * SECOND;
pub(crate) const DAY: Micros = 24 * HOUR;

const RFC3339: &[BorrowedFormatItem<'static>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");
const DATE: &[BorrowedFormatItem<'static>] = format_description!("[year]-[month]-[day]");

/// RFC 3339 in UTC with six fractional digits; an instant outside the calendar becomes the epoch.
pub(crate) fn rfc3339(at: Micros) -> String {
    calendar(at).format(RFC3339).unwrap_or_default()
}

/// Days since the epoch.
pub(crate) fn day(at: Micros) -> i64 {
    at.div_euclid(DAY)
}

/// Hours since the epoch.
pub(crate) fn hour(at: Micros) -> i64 {
    at.div_euclid(HOUR)
}

/// `2026-11-22` for a number of days since the epoch.
pub(crate) fn day_name(day: i64) -> String {
    calendar(day.saturating_mul(DAY)).format(DATE).unwrap_or_default()
}

/// `24h`, `14d`, `90m`, `2w`, `30s` as microseconds.
pub(crate) fn period(text: &str) -> Option<Micros> {
    let unit = text.chars().last()?;
    let count: i64 = text.strip_suffix(unit)?.parse().ok().filter(|count| *count > 0)?;
    let one = match unit {
        's' => SECOND,
        'm' => 60 * SECOND,
        'h' => HOUR,
        'd' => DAY,
        'w' => 7 * DAY,
        _ => return None,
    };
    count.checked_mul(one)
}

fn calendar(at: Micros) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_splits_instants() {
        let at = 1_795_365_157 * SECOND + 998_130;
        assert_eq!(rfc3339(at), "2026-11-22T16:32:37.998130Z");
        assert_eq!(day_name(day(at)), "2026-11-22");
        assert_eq!(hour(at), day(at) * 24 + 16);
    }

    #[test]
    fn reads_periods_and_refuses_others() {
        assert_eq!(period("24h"), Some(DAY));
        assert_eq!(period("2w"), Some(14 * DAY));
        for wrong in ["", "h", "0d", "-1d", "5y", "14 d", "99999999999999999d"] {
            assert_eq!(period(wrong), None, "{wrong}");
        }
    }
}
