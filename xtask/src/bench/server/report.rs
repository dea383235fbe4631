//! The table of the servers: what each took, their ratio, and what it may be.

use crate::bench::table::median;
use crate::console::line;

/// What a figure must keep to.
#[derive(Debug, Clone, Copy)]
pub(super) enum Budget {
    /// Ours at most this part of the peer's.
    Part(f64),
    /// Ours at least so many times the peer's.
    Times(f64),
    /// Ours at most this, whatever the peer's.
    AtMost(f64),
    /// Stated, not judged.
    None,
}

pub(super) fn head(title: &str) {
    line("");
    line(format_args!("{title:<52} {:>11} {:>11} {:>9} {:>9}", "watchpost", "Bugsink", "ratio", "budget"));
}

/// One line; `peer` is empty where it has no such figure.
pub(super) fn row(title: &str, ours: &[f64], peer: &[f64], budget: Budget) {
    let (a, b) = (median(ours), (!peer.is_empty()).then(|| median(peer)));
    let ratio = b.map_or_else(|| "-".to_owned(), |b| ratio(a, b));
    let peer = b.map_or_else(|| "-".to_owned(), figure);
    let (wanted, kept) = judged(a, b, budget);
    let verdict = kept.map_or("", |kept| if kept { "kept" } else { "MISSED" });
    line(format_args!("{title:<52} {:>11} {peer:>11} {ratio:>9} {wanted:>9} {verdict}", figure(a)));
}

fn judged(ours: f64, peer: Option<f64>, budget: Budget) -> (String, Option<bool>) {
    match (budget, peer) {
        (Budget::Part(part), Some(peer)) => (format!("1/{:.0}", 1.0 / part), Some(ours <= peer * part)),
        (Budget::Times(times), Some(peer)) => (format!("{times:.0}x"), Some(ours >= peer * times)),
        (Budget::AtMost(most), _) => (figure(most), Some(ours <= most)),
        (Budget::None | Budget::Part(_) | Budget::Times(_), _) => ("-".to_owned(), None),
    }
}

fn ratio(ours: f64, peer: f64) -> String {
    if ours <= 0.0 || peer <= 0.0 {
        return "-".to_owned();
    }
    if ours < peer { format!("1/{:.1}", peer / ours) } else { format!("{:.1}x", ours / peer) }
}

fn figure(value: f64) -> String {
    match value {
        large if large >= 1_000.0 => format!("{large:.0}"),
        middle if middle >= 10.0 => format!("{middle:.1}"),
        small => format!("{small:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_the_budget() {
        let kept = |ours, peer, budget| judged(ours, peer, budget).1;
        assert_eq!(kept(1.0, Some(100.0), Budget::Part(0.01)), Some(true));
        assert_eq!(kept(1.1, Some(100.0), Budget::Part(0.01)), Some(false));
        assert_eq!(kept(5_000.0, Some(50.0), Budget::Times(100.0)), Some(true));
        assert_eq!(kept(4_999.0, Some(50.0), Budget::Times(100.0)), Some(false));
        assert_eq!(kept(20.0, None, Budget::AtMost(20.0)), Some(true));
        assert_eq!(kept(20.1, None, Budget::AtMost(20.0)), Some(false));
        assert_eq!(kept(1.0, None, Budget::Part(0.5)), None, "without a peer there is no ratio");
        assert_eq!((ratio(1.0, 40.0).as_str(), ratio(400.0, 4.0).as_str()), ("1/40.0", "100.0x"));
    }
}
