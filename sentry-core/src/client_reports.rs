//! Honest counts of what was not delivered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::fork::{ForkLock, generation};
use crate::protocol::{Category, DiscardReason, Timestamp};

/// The counters of one client: how much was dropped, by reason and category.
///
/// Whoever drops records, once, at final disposal (client reports, published spec 1.20.0).
#[derive(Debug, Default)]
pub struct ClientReports {
    counts: ForkLock<Counts>,
}

/// Counts of one fork generation: what a parent counted is the parent's to report.
#[derive(Debug, Default)]
struct Counts {
    generation: u64,
    quantities: BTreeMap<(DiscardReason, Category), u64>,
}

impl Counts {
    fn own(&mut self) -> &mut BTreeMap<(DiscardReason, Category), u64> {
        if self.generation != generation() {
            self.generation = generation();
            self.quantities = BTreeMap::new();
        }
        &mut self.quantities
    }
}

/// The payload of a `client_report` item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClientReport {
    /// When the counts were taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<Timestamp>,
    /// One entry per reason and category, never with a quantity of zero.
    pub discarded_events: Vec<Discarded>,
}

/// How many items of one category were dropped for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discarded {
    /// Why.
    pub reason: DiscardReason,
    /// What.
    pub category: Category,
    /// How many: items, or bytes for the `*_byte` categories.
    pub quantity: u64,
}

impl ClientReports {
    /// Counts a loss. A quantity of zero is ignored.
    pub fn record(&self, reason: DiscardReason, category: Category, quantity: u64) {
        if quantity > 0 {
            self.counts.with(|counts| *counts.own().entry((reason, category)).or_default() += quantity);
        }
    }

    /// Takes all counts and resets them; `None` when nothing was lost.
    pub fn take(&self, now: Timestamp) -> Option<ClientReport> {
        let counts = self.counts.with(|counts| std::mem::take(counts.own()));
        let entries = counts.into_iter();
        let discarded_events: Vec<_> =
            entries.map(|((reason, category), quantity)| Discarded { reason, category, quantity }).collect();
        (!discarded_events.is_empty()).then_some(ClientReport { timestamp: Some(now), discarded_events })
    }

    /// Puts the counts of a report back that could not be delivered.
    pub fn restore(&self, report: ClientReport) {
        for Discarded { reason, category, quantity } in report.discarded_events {
            self.record(reason, category, quantity);
        }
    }
}
