//! When the server asked us to hold back, and for what.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use watchpost_core::{Category, Timestamp};

/// What to assume when the server answers 429 without saying for how long. Source: rate limiting, published
/// transport spec.
const DEFAULT_SECONDS: f64 = 60.0;

/// No limit is believed for longer than a day, so that a hostile or broken answer cannot silence an application.
const MAX_SECONDS: f64 = 86_400.0;

/// The limits of one DSN: one deadline per category, and one for everything.
///
/// A later deadline is never shortened by an earlier one.
#[derive(Debug, Clone, Default)]
pub struct RateLimits {
    all: Option<Timestamp>,
    by_category: BTreeMap<Category, Timestamp>,
}

impl RateLimits {
    /// Learns from one answer of the server, whatever its status.
    ///
    /// - `rate_limits`: the value of `X-Sentry-Rate-Limits` (several headers joined by commas). Each limit is
    ///   `seconds:categories:scope:reason:...`; seconds may be fractional, categories are separated by `;`, none
    ///   means all, blanks and further fields are ignored, and so is a limit that names only unknown categories.
    /// - `retry_after`: the value of `Retry-After`, seconds or an HTTP date; read only on a 429 without the former.
    ///
    /// A bare 429 means 60 s for everything. Returns whether a deadline moved.
    pub fn update(
        &mut self,
        status: u16,
        rate_limits: Option<&str>,
        retry_after: Option<&str>,
        now: Timestamp,
    ) -> bool {
        let mut moved = false;
        let mut understood = false;
        for limit in rate_limits.unwrap_or_default().split(',') {
            let mut fields = limit.split(':').map(str::trim);
            let Some(seconds) = fields.next().and_then(parse_seconds) else { continue };
            understood = true;
            moved |= self.apply(fields.next().unwrap_or_default(), after(now, seconds));
        }
        if status == 429 && !understood {
            let seconds =
                retry_after.and_then(|text| parse_retry_after(text, now)).unwrap_or(DEFAULT_SECONDS);
            moved |= later(&mut self.all, after(now, seconds));
        }
        moved
    }

    /// Until when items of this category must not be sent, if they must not.
    ///
    /// Client reports ([`Category::Internal`]) are held back only by a limit for everything.
    pub fn limited_until(&self, category: Category, now: Timestamp) -> Option<Timestamp> {
        let own = self.by_category.get(&category).copied().filter(|_| category != Category::Internal);
        own.max(self.all).filter(|until| is_ahead(*until, now))
    }

    /// The first deadline still to come.
    pub fn next_expiry(&self, now: Timestamp) -> Option<Timestamp> {
        self.deadlines().filter(|until| is_ahead(*until, now)).min()
    }

    /// The last deadline, past or to come: after it, nothing needs to be looked up.
    pub fn last_expiry(&self) -> Option<Timestamp> {
        self.deadlines().max()
    }

    fn deadlines(&self) -> impl Iterator<Item = Timestamp> {
        self.by_category.values().copied().chain(self.all)
    }

    fn apply(&mut self, categories: &str, until: Timestamp) -> bool {
        if categories.is_empty() {
            return later(&mut self.all, until);
        }
        let mut moved = false;
        for category in categories.split(';').filter_map(|name| Category::parse(name.trim())) {
            let mut deadline = self.by_category.get(&category).copied();
            if later(&mut deadline, until) {
                self.by_category.insert(category, until);
                moved = true;
            }
        }
        moved
    }
}

/// Seconds of a `Retry-After` value, at most a day; `None` if it is neither a number nor a date.
pub(crate) fn parse_retry_after(text: &str, now: Timestamp) -> Option<f64> {
    let text = text.trim();
    if let Some(seconds) = parse_seconds(text) {
        return Some(seconds);
    }
    let date = httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()?;
    let seconds = date.as_secs_f64() - now.micros() as f64 / 1e6;
    Some(seconds.clamp(0.0, MAX_SECONDS))
}

/// The moment `seconds` after `now`; takes what [`parse_seconds`] gives.
fn after(now: Timestamp, seconds: f64) -> Timestamp {
    now.after(Duration::from_secs_f64(seconds))
}

fn parse_seconds(text: &str) -> Option<f64> {
    let seconds: f64 = text.parse().ok()?;
    (seconds >= 0.0).then(|| seconds.min(MAX_SECONDS))
}

/// A deadline further away than any limit can be was set before the clock was put back: it no longer counts.
fn is_ahead(until: Timestamp, now: Timestamp) -> bool {
    until > now && until.since(now).as_secs_f64() <= MAX_SECONDS
}

fn later(deadline: &mut Option<Timestamp>, until: Timestamp) -> bool {
    let moved = deadline.is_none_or(|old| until > old);
    if moved {
        *deadline = Some(until);
    }
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_700_000_000_000_000);

    fn limits(status: u16, header: Option<&str>, retry_after: Option<&str>) -> RateLimits {
        let mut limits = RateLimits::default();
        limits.update(status, header, retry_after, NOW);
        limits
    }

    /// Seconds for which errors, transactions and sessions are limited.
    fn seconds(limits: &RateLimits) -> [f64; 3] {
        [Category::Error, Category::Transaction, Category::Session].map(|category| {
            let until = limits.limited_until(category, NOW);
            until.map_or(0.0, |until| (until.micros() - NOW.micros()) as f64 / 1e6)
        })
    }

    #[test]
    fn the_header_is_read_on_any_status() {
        for status in [200, 400, 429, 500] {
            let header = "60:transaction:key, 2700:default;error;security:organization:quota_exceeded";
            assert_eq!(seconds(&limits(status, Some(header), Some("5"))), [2700.0, 60.0, 0.0], "{status}");
        }
    }

    #[test]
    fn no_category_means_all() {
        for header in ["60", "60:", "60::organization", " 60 : : key "] {
            assert_eq!(seconds(&limits(200, Some(header), None)), [60.0; 3], "{header}");
        }
    }

    #[test]
    fn fractions_blanks_and_further_fields_are_fine() {
        let header = " 0.5 : error ; session : key : reason : custom : more , , 7:transaction";
        assert_eq!(seconds(&limits(200, Some(header), None)), [0.5, 7.0, 0.5]);
    }

    #[test]
    fn unknown_categories_limit_nothing() {
        assert_eq!(seconds(&limits(429, Some("60:telepathy"), Some("5"))), [0.0; 3]);
        assert_eq!(seconds(&limits(200, Some("60:telepathy;error"), None)), [60.0, 0.0, 0.0]);
    }

    #[test]
    fn garbage_is_no_limit() {
        for header in ["", "soon", "-1:error", "NaN:error", ",,,", ":error"] {
            assert_eq!(seconds(&limits(200, Some(header), None)), [0.0; 3], "{header}");
        }
    }

    #[test]
    fn retry_after_counts_only_on_429_without_the_header() {
        assert_eq!(seconds(&limits(429, None, Some("13.5"))), [13.5; 3]);
        assert_eq!(seconds(&limits(429, Some("7:error"), Some("13"))), [7.0, 0.0, 0.0]);
        assert_eq!(seconds(&limits(200, None, Some("13"))), [0.0; 3]);
        assert_eq!(seconds(&limits(503, None, Some("13"))), [0.0; 3]);
    }

    #[test]
    fn retry_after_may_be_a_date() {
        // 1700000000 is Tue, 14 Nov 2023 22:13:20 GMT.
        assert_eq!(seconds(&limits(429, None, Some("Tue, 14 Nov 2023 22:14:00 GMT"))), [40.0; 3]);
        assert_eq!(seconds(&limits(429, None, Some("Tue, 14 Nov 2023 22:00:00 GMT"))), [0.0; 3]);
    }

    #[test]
    fn a_bare_429_is_a_minute_for_everything() {
        assert_eq!(seconds(&limits(429, None, None)), [60.0; 3]);
        assert_eq!(seconds(&limits(429, None, Some("later"))), [60.0; 3]);
        assert_eq!(seconds(&limits(429, Some("nonsense"), None)), [60.0; 3]);
    }

    #[test]
    fn nothing_lasts_longer_than_a_day() {
        assert_eq!(seconds(&limits(200, Some("1e300:error, inf:session"), None)), [86_400.0, 0.0, 86_400.0]);
        assert_eq!(seconds(&limits(429, None, Some("Sat, 14 Nov 2099 22:13:20 GMT"))), [86_400.0; 3]);
    }

    #[test]
    fn the_later_deadline_stays() {
        let mut limits = limits(200, Some("60:error"), None);
        assert!(!limits.update(200, Some("5:error"), None, NOW));
        assert_eq!(seconds(&limits)[0], 60.0);
        assert!(limits.update(200, Some("90"), None, NOW));
        assert_eq!(seconds(&limits), [90.0; 3]);
        assert_eq!(limits.next_expiry(NOW), Some(after(NOW, 60.0)));
        assert_eq!(limits.last_expiry(), Some(after(NOW, 90.0)));
        assert_eq!(limits.limited_until(Category::Error, after(NOW, 90.0)), None);
    }
}
