//! Counting what happens to items that do not become events.

use std::collections::HashMap;

use serde::Deserialize;
use watchpost_core::Category;

use crate::ingest::RecordHead;
use crate::instant;
use crate::store::OutcomeKey;

/// Adds to a batch's counts.
pub(super) fn count(
    outcomes: &mut HashMap<OutcomeKey, i64>,
    head: &RecordHead,
    category: Category,
    outcome: &'static str,
    reason: &str,
    quantity: i64,
) {
    count_named(outcomes, head, category.as_str(), outcome, reason, quantity);
}

/// The same for a category that is no limit's, like `attachment_item`.
pub(super) fn count_named(
    outcomes: &mut HashMap<OutcomeKey, i64>,
    head: &RecordHead,
    category: &str,
    outcome: &'static str,
    reason: &str,
    quantity: i64,
) {
    let key = OutcomeKey {
        project: head.project,
        hour: instant::hour(head.received),
        category: category.to_owned(),
        outcome,
        reason: reason.to_owned(),
    };
    *outcomes.entry(key).or_default() += quantity;
}

/// Books what a client says it dropped. False when the report cannot be read.
pub(super) fn client_report(
    outcomes: &mut HashMap<OutcomeKey, i64>,
    head: &RecordHead,
    payload: &[u8],
) -> bool {
    #[derive(Deserialize)]
    struct Report {
        #[serde(default)]
        discarded_events: Vec<Discarded>,
    }
    #[derive(Deserialize)]
    struct Discarded {
        reason: String,
        category: String,
        quantity: i64,
    }
    let Ok(report) = serde_json::from_slice::<Report>(payload) else { return false };
    for discarded in report.discarded_events {
        if discarded.quantity <= 0 {
            continue;
        }
        let reason: String = discarded.reason.chars().take(64).collect();
        let category = Category::parse(&discarded.category).unwrap_or(Category::Default);
        count(outcomes, head, category, "client_discard", &reason, discarded.quantity);
    }
    true
}
