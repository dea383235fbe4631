//! The table of a benchmark: medians of both sides, their ratio, and what it may be.

use serde_json::Value;

use crate::console::line;
use crate::language::Language;

/// Figures of all rounds.
#[derive(Debug, Default)]
pub(super) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: &'static str,
    ours: Vec<f64>,
    peer: Vec<f64>,
}

/// What a program reports, what a person calls it, and how large ours may be beside the peer's in Python, Node, Rust.
struct Title(&'static str, &'static str, [Option<f64>; 3]);

const ROWS: [Title; 26] = [
    Title(
        "thread",
        "calling thread, CPU per capture, us",
        [Some(1.0 / 20.0), Some(1.0 / 10.0), Some(1.0 / 5.0)],
    ),
    Title("call", "the call itself, us", [None, Some(1.0 / 3.0), None]),
    Title("first", "the first capture in the process, us", [Some(1.0), Some(1.0), Some(1.0)]),
    Title("sites", "10,000 distinct places, CPU per capture, us", [None, None, Some(0.5)]),
    Title("allocations", "calling thread, allocations per capture", [None, None, None]),
    Title("process", "whole process, CPU per delivered event, us", [Some(0.1), Some(0.2), Some(1.0 / 3.0)]),
    Title("process_bulk", "the same, 2,000 in a row, us", [None, None, Some(1.0 / 3.0)]),
    Title("second_1", "seconds per 1,000 delivered, 1 thread", [None, None, None]),
    Title("second_4", "seconds per 1,000 delivered, 4 threads", [None, None, None]),
    Title("breadcrumb", "add_breadcrumb, us", [Some(1.0 / 3.0), Some(1.0), Some(0.5)]),
    Title("fork", "scope fork with one tag, us", [Some(1.0 / 3.0), Some(1.0), Some(0.5)]),
    Title(
        "transaction",
        "sampled transaction, 10 spans, whole process, us",
        [Some(1.0 / 5.0), Some(1.0 / 5.0), Some(1.0 / 3.0)],
    ),
    Title("transaction_bulk", "the same per delivered one, 200 in a row, us", [None, None, Some(1.0 / 3.0)]),
    Title("transaction_thread", "the same, calling thread, us", [None, None, None]),
    Title(
        "unsampled",
        "unsampled transaction, 10 spans, us",
        [Some(1.0 / 10.0), Some(1.0 / 5.0), Some(1.0 / 5.0)],
    ),
    Title("log", "log call, us", [None, None, None]),
    Title("log_delivered", "the same per delivered line, whole process, us", [None, None, None]),
    Title("metric", "metric call, us", [None, None, None]),
    Title("metric_delivered", "the same per delivered one, whole process, us", [None, None, None]),
    Title("wire", "bytes on the wire per event", [None, None, None]),
    Title("wire_gzip", "the same, ours beside gzip -6 of it", [Some(1.15), Some(1.15), Some(1.15)]),
    Title("bytes", "bytes of an event before compression", [None, None, None]),
    Title("init", "import and init, ms", [Some(0.25), Some(0.25), Some(0.25)]),
    Title("resident", "resident kB that they add", [Some(0.25), Some(0.25), Some(0.25)]),
    Title("alone", "capture from one thread, CPU, us", [None, None, None]),
    Title("crowd", "capture from each of 8 threads, CPU, us", [None, None, None]),
];

impl Table {
    /// Adds what one round measured, as far as both sides did.
    pub(super) fn add(&mut self, ours: &Value, peer: &Value) {
        for Title(name, ..) in &ROWS {
            if let (Some(a), Some(b)) = (ours[*name].as_f64(), peer[*name].as_f64()) {
                let row = match self.rows.iter().position(|row| row.name == *name) {
                    Some(at) => &mut self.rows[at],
                    None => {
                        self.rows.push(Row { name, ours: Vec::new(), peer: Vec::new() });
                        let last = self.rows.len() - 1;
                        &mut self.rows[last]
                    }
                };
                row.ours.push(a);
                row.peer.push(b);
            }
        }
    }

    pub(super) fn print(&self, language: Language) {
        line("");
        line(format_args!(
            "{:<50} {:>10} {:>10} {:>8} {:>7} {:>7}",
            language.name(),
            "watchpost",
            "official",
            "ratio",
            "budget",
            "rounds"
        ));
        for Title(name, title, budgets) in &ROWS {
            let Some(row) = self.rows.iter().find(|row| row.name == *name) else { continue };
            let (a, b) = (median(&row.ours), median(&row.peer));
            let budget = budgets[place(language)];
            let verdict = budget.map_or(String::new(), |budget| verdict(a, b, budget).to_owned());
            line(format_args!(
                "{title:<50} {a:>10.2} {b:>10.2} {:>8} {:>7} {:>7} {verdict}",
                ratio(a, b),
                budget.map_or_else(|| "-".to_owned(), |budget| ratio(budget, 1.0)),
                row.ours.len(),
            ));
        }
        line("medians, both sides taking turns");
    }
}

fn place(language: Language) -> usize {
    match language {
        Language::Python => 0,
        Language::Node => 1,
        _ => 2,
    }
}

/// Whether a figure keeps to its budget.
pub(super) fn verdict(ours: f64, peer: f64, budget: f64) -> &'static str {
    if ours <= peer * budget { "kept" } else { "MISSED" }
}

/// `1/8.3` when ours is the smaller figure, `1.2` when it is the larger.
fn ratio(ours: f64, peer: f64) -> String {
    if ours <= 0.0 || peer <= 0.0 {
        return "-".to_owned();
    }
    if ours < peer { format!("1/{:.1}", peer / ours) } else { format!("{:.2}", ours / peer) }
}

/// The value in the middle.
pub(super) fn median(values: &[f64]) -> f64 {
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
    fn medians_ratios_and_verdicts() {
        assert!((median(&[9.0, 1.0, 2.0]) - 2.0).abs() < f64::EPSILON);
        assert!((median(&[4.0, 1.0, 2.0, 9.0]) - 3.0).abs() < f64::EPSILON);
        assert_eq!(ratio(10.0, 83.0), "1/8.3");
        assert_eq!(ratio(12.0, 10.0), "1.20");
        assert_eq!(ratio(0.0, 10.0), "-");
        assert_eq!((verdict(1.0, 5.0, 0.2), verdict(1.1, 5.0, 0.2)), ("kept", "MISSED"));
    }
}
