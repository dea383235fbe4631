//! A point in time.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Microseconds since 1970-01-01 UTC. Read from Unix seconds (integer or float) or RFC 3339; written as Unix seconds
/// with up to six decimals. A time without a zone is taken for UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since the epoch.
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// From seconds since the epoch; `None` if it is not a number that fits.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        let micros = (seconds * 1e6).round();
        (micros.is_finite() && micros.abs() < 9e18).then_some(Self(micros as i64))
    }

    /// Seconds since the epoch.
    pub fn seconds(self) -> f64 {
        self.0 as f64 / 1e6
    }

    /// Reads RFC 3339, also without a zone or with a blank instead of the `T`.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        let text = text.trim();
        let parsed = OffsetDateTime::parse(text, &Rfc3339).or_else(|_| {
            let zoned = format!("{}Z", text.replacen(' ', "T", 1));
            OffsetDateTime::parse(&zoned, &Rfc3339)
        });
        i64::try_from(parsed.ok()?.unix_timestamp_nanos() / 1000).ok().map(Self)
    }

    /// `2026-01-02T03:04:05.678901Z`; without a fraction when it is zero.
    pub fn to_rfc3339(self) -> String {
        let nanos = i128::from(self.0) * 1000;
        let date = OffsetDateTime::from_unix_timestamp_nanos(nanos).unwrap_or(OffsetDateTime::UNIX_EPOCH);
        date.format(&Rfc3339).unwrap_or_default()
    }

    /// The time that lies `self - earlier` apart, zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// A later time.
    #[must_use]
    pub fn after(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }

    /// An earlier time.
    #[must_use]
    pub fn before(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(by.as_micros()).unwrap_or(i64::MAX)))
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        // In 64 bits: every breadcrumb and span asks.
        let micros = |d: Duration| {
            let seconds = i64::try_from(d.as_secs()).unwrap_or(i64::MAX);
            seconds.saturating_mul(1_000_000).saturating_add(d.subsec_micros().into())
        };
        Self(match time.duration_since(UNIX_EPOCH) {
            Ok(after) => micros(after),
            Err(before) => -micros(before.duration()),
        })
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0 % 1_000_000 == 0 {
            serializer.serialize_i64(self.0 / 1_000_000)
        } else {
            serializer.serialize_f64(self.seconds())
        }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Timestamp;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("Unix seconds or an RFC 3339 time like `2026-01-02T03:04:05Z`")
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Timestamp, E> {
                Ok(Timestamp(seconds.saturating_mul(1_000_000)))
            }
            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Timestamp, E> {
                self.visit_i64(i64::try_from(seconds).map_err(E::custom)?)
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Timestamp, E> {
                Timestamp::from_seconds(seconds).ok_or_else(|| E::custom("the time does not fit"))
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Timestamp, E> {
                Timestamp::parse_rfc3339(text)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> String {
        serde_json::to_string(&serde_json::from_str::<Timestamp>(json).unwrap()).unwrap()
    }

    #[test]
    fn every_form_is_read_and_one_is_written() {
        assert_eq!(read("1767323045"), "1767323045");
        assert_eq!(read("1767323045.5"), "1767323045.5");
        assert_eq!(read("\"2026-01-02T03:04:05.250Z\""), "1767323045.25");
        assert_eq!(read("\"2026-01-02T03:04:05\""), "1767323045");
        assert_eq!(read("\"2026-01-02 04:04:05+01:00\""), "1767323045");
        assert!(serde_json::from_str::<Timestamp>("\"yesterday\"").is_err());
    }
}
