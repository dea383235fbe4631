//! Metrics that clients send as totals since their start, which is what OpenTelemetry's SDKs do unless they are told
//! otherwise: what is kept is by how much a total has grown, so that sums over points are right.
//!
//! Totals are remembered in memory. Of one that began before the server did and that it has not seen yet, only the growth
//! from then on counts.

use std::collections::HashMap;
use std::sync::Mutex;

use serde_json::{Map, Value};

use crate::instant::Micros;
use crate::store::ProjectId;

/// The last totals of all series.
#[derive(Debug)]
pub(crate) struct Totals {
    since: Micros,
    known: Mutex<HashMap<SeriesKey, Total>>,
}

/// How often and how much: a counter only has a sum.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Amount {
    pub(super) count: u64,
    pub(super) sum: f64,
}

impl Amount {
    /// What is measured may be negative, so that a sum falls while its count rises.
    fn goes_on(self, last: Self) -> bool {
        self.count > last.count || (self.count == last.count && self.sum >= last.sum)
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
struct Total {
    /// When the client began to count, in nanoseconds since the epoch.
    start: u64,
    at: u64,
    amount: Amount,
}

type SeriesKey = [u8; 16];

/// The totals of one export: they are known to all once it is durable.
pub(super) struct Growing<'a> {
    totals: &'a Totals,
    project: ProjectId,
    pending: HashMap<SeriesKey, Total>,
}

/// What a total says.
pub(super) struct Point<'a> {
    pub(super) name: &'a str,
    pub(super) resource: &'a Map<String, Value>,
    pub(super) attributes: &'a Map<String, Value>,
    pub(super) start: u64,
    pub(super) at: u64,
    pub(super) amount: Amount,
}

impl Totals {
    /// None is known to a server that starts at `since`.
    pub(crate) fn new(since: Micros) -> Self {
        Self { since, known: Mutex::default() }
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<SeriesKey, Total>> {
        // Totals of a thread that panicked are as good as any.
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl<'a> Growing<'a> {
    pub(super) fn new(totals: &'a Totals, project: ProjectId) -> Self {
        Self { totals, project, pending: HashMap::new() }
    }

    /// By how much the series has grown; `None` if it has not, or nobody knows.
    pub(super) fn growth(&mut self, point: &Point<'_>) -> Option<Amount> {
        let key = self.key(point);
        let last = self.pending.get(&key).copied().or_else(|| self.totals.known().get(&key).copied());
        let total = Total { start: point.start, at: point.at, amount: point.amount };
        let grown = match last {
            // An older one that comes late, or again.
            Some(last) if last.start == total.start && total.at <= last.at => return None,
            Some(last) if last.start == total.start && total.amount.goes_on(last.amount) => Amount {
                count: total.amount.count.saturating_sub(last.amount.count),
                sum: total.amount.sum - last.amount.sum,
            },
            // It began anew.
            Some(_) => total.amount,
            None if i128::from(total.start) >= i128::from(self.totals.since) * 1_000 => total.amount,
            None => Amount::default(),
        };
        self.pending.insert(key, total);
        (grown != Amount::default()).then_some(grown)
    }

    /// What was seen is what the next export grows from.
    pub(super) fn keep(self) {
        let mut known = self.totals.known();
        known.extend(self.pending);
        if known.len() > MAX_SERIES {
            let mut times: Vec<u64> = known.values().map(|total| total.at).collect();
            let (_, middle, _) = times.select_nth_unstable(MAX_SERIES / 2);
            let middle = *middle;
            known.retain(|_, total| total.at > middle);
        }
    }

    fn key(&self, point: &Point<'_>) -> SeriesKey {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.project.to_le_bytes());
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
        };
        add(point.name);
        for attributes in [point.resource, point.attributes] {
            let mut sorted: Vec<(&String, &Value)> = attributes.iter().collect();
            sorted.sort_unstable_by_key(|(name, _)| *name);
            add(&sorted.len().to_string());
            for (name, value) in sorted {
                add(name);
                add(&value.to_string());
            }
        }
        let mut key = SeriesKey::default();
        key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
        key
    }
}

/// Some 100 bytes each; from here on the half that was silent longest is forgotten.
const MAX_SERIES: usize = 100_000;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn grown(growing: &mut Growing<'_>, tenant: &str, start: u64, at: u64, sum: f64) -> Option<f64> {
        let attributes = Map::from_iter([("tenant".to_owned(), json!({ "value": tenant }))]);
        let point = Point {
            name: "checkouts",
            resource: &Map::new(),
            attributes: &attributes,
            start,
            at,
            amount: Amount { count: 0, sum },
        };
        growing.growth(&point).map(|amount| amount.sum)
    }

    #[test]
    fn a_total_counts_by_its_growth() {
        let totals = Totals::new(1);
        let mut first = Growing::new(&totals, 1);
        assert_eq!(grown(&mut first, "acme", 1_000, 2_000, 5.0), Some(5.0));
        assert_eq!(grown(&mut first, "acme", 1_000, 3_000, 7.0), Some(2.0), "twice in one export");
        assert_eq!(grown(&mut first, "other", 1_000, 2_000, 1.0), Some(1.0), "a series of its own");
        first.keep();
        let mut second = Growing::new(&totals, 1);
        assert_eq!(grown(&mut second, "acme", 1_000, 4_000, 7.0), None, "it has not grown");
        assert_eq!(grown(&mut second, "acme", 1_000, 3_500, 6.0), None, "late");
        assert_eq!(grown(&mut second, "acme", 5_000, 6_000, 3.0), Some(3.0), "the client started again");
        assert_eq!(
            grown(&mut Growing::new(&totals, 2), "acme", 1_000, 4_000, 7.0),
            Some(7.0),
            "another project"
        );
    }

    #[test]
    fn a_sum_may_fall_while_its_count_rises() {
        let (last, next) = (Amount { count: 2, sum: 5.0 }, Amount { count: 3, sum: -1.0 });
        assert!(next.goes_on(last) && !last.goes_on(next));
        assert!(
            !Amount { count: 0, sum: 1.0 }.goes_on(Amount { count: 0, sum: 2.0 }),
            "a counter never falls"
        );
    }

    #[test]
    fn what_was_not_durable_comes_again() {
        let totals = Totals::new(1);
        assert_eq!(grown(&mut Growing::new(&totals, 1), "acme", 1_000, 2_000, 5.0), Some(5.0));
        assert_eq!(grown(&mut Growing::new(&totals, 1), "acme", 1_000, 2_000, 5.0), Some(5.0));
    }

    #[test]
    fn a_total_from_before_the_server_counts_from_then_on() {
        let totals = Totals::new(10);
        let mut growing = Growing::new(&totals, 1);
        assert_eq!(grown(&mut growing, "acme", 1_000, 20_000, 500.0), None);
        assert_eq!(grown(&mut growing, "acme", 1_000, 30_000, 501.0), Some(1.0));
    }

    #[test]
    fn the_silent_are_forgotten_first() {
        let totals = Totals::new(0);
        let mut growing = Growing::new(&totals, 1);
        for number in 0..=MAX_SERIES as u64 {
            grown(&mut growing, &number.to_string(), 0, number + 1, 1.0);
        }
        growing.keep();
        let left = totals.known().len();
        assert!((MAX_SERIES / 2 - 1..=MAX_SERIES / 2 + 1).contains(&left), "{left}");
        assert!(totals.known().values().all(|total| total.at > MAX_SERIES as u64 / 2));
    }
}
