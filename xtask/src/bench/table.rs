//! The table of a benchmark: medians of both sides and their ratio.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::console::line;
use crate::language::Language;

/// Figures of all rounds.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: BTreeMap<&'static str, (Vec<f64>, Vec<f64>)>,
}

/// What a program reports, and what a person calls it.
const ROWS: [(&str, &str); 7] = [
    ("thread", "calling thread, CPU per capture, us"),
    ("call", "the call itself, us"),
    ("first", "the first capture in the process, us"),
    ("process", "whole process, CPU per delivered event, us"),
    ("breadcrumb", "add_breadcrumb, us"),
    ("fork", "scope fork with one tag, us"),
    ("wire", "bytes on the wire per event"),
];

impl Table {
    pub(super) fn add(&mut self, ours: &Value, peer: &Value) {
        for (name, _) in ROWS {
            if let (Some(a), Some(b)) = (ours[name].as_f64(), peer[name].as_f64()) {
                let row = self.rows.entry(name).or_default();
                row.0.push(a);
                row.1.push(b);
            }
        }
    }

    pub(super) fn print(&self, language: Language) {
        line("");
        line(format_args!("{:<46} {:>10} {:>10} {:>8}", language.name(), "watchpost", "official", "ratio"));
        for (name, title) in ROWS {
            let Some((ours, peer)) = self.rows.get(name) else { continue };
            let (a, b) = (median(ours), median(peer));
            line(format_args!("{title:<46} {a:>10.2} {b:>10.2} {:>8}", ratio(a, b)));
        }
        let rounds = self.rows.values().map(|(ours, _)| ours.len()).max().unwrap_or(0);
        line(format_args!("median of {rounds} rounds, both sides taking turns"));
    }
}

/// `1/8.3` when ours is the smaller figure, `1.2` when it is the larger.
fn ratio(ours: f64, peer: f64) -> String {
    if ours <= 0.0 || peer <= 0.0 {
        return "-".to_owned();
    }
    if ours < peer { format!("1/{:.1}", peer / ours) } else { format!("{:.2}", ours / peer) }
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => sorted[n / 2],
        n => f64::midpoint(sorted[n / 2 - 1], sorted[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_ratios() {
        assert!((median(&[9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < f64::EPSILON);
        assert_eq!(ratio(10.0, 83.0), "1/8.3");
        assert_eq!(ratio(12.0, 10.0), "1.20");
        assert_eq!(ratio(0.0, 10.0), "-");
    }
}
