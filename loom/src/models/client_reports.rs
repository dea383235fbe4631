//! What is counted is reported once, whoever counts and takes at the same time.

use loom::sync::Arc;
use loom::thread;
use watchpost_core::{Category, DiscardReason, Timestamp};

use super::model;
use crate::client_reports::{ClientReport, ClientReports};
use crate::fork::bump_generation;

const NOW: Timestamp = Timestamp::from_micros(0);

fn quantity(report: Option<&ClientReport>) -> u64 {
    report.map_or(0, |report| report.discarded_events.iter().map(|lost| lost.quantity).sum())
}

fn record(reports: &ClientReports, quantity: u64) {
    reports.record(DiscardReason::QueueOverflow, Category::Error, quantity);
}

#[test]
fn no_count_is_lost_or_reported_twice_while_reports_are_taken() {
    model(|| {
        let reports = Arc::new(ClientReports::default());
        let other = {
            let reports = reports.clone();
            thread::spawn(move || [1, 10].map(|quantity| record(&reports, quantity)))
        };
        let first = reports.take(NOW);
        other.join().unwrap();
        let second = reports.take(NOW);
        assert_eq!(quantity(first.as_ref()) + quantity(second.as_ref()), 11);
        assert_eq!(reports.take(NOW), None);
    });
}

#[test]
fn a_report_that_could_not_be_sent_is_counted_again() {
    model(|| {
        let reports = Arc::new(ClientReports::default());
        record(&reports, 1);
        let worker = {
            let reports = reports.clone();
            thread::spawn(move || {
                if let Some(report) = reports.take(NOW) {
                    reports.restore(report);
                }
            })
        };
        record(&reports, 10);
        worker.join().unwrap();
        assert_eq!(quantity(reports.take(NOW).as_ref()), 11);
    });
}

#[test]
fn what_the_parent_counted_is_the_parents_to_report() {
    model(|| {
        let reports = Arc::new(ClientReports::default());
        record(&reports, 1000);
        bump_generation();
        let other = {
            let reports = reports.clone();
            thread::spawn(move || record(&reports, 1))
        };
        record(&reports, 10);
        other.join().unwrap();
        assert_eq!(quantity(reports.take(NOW).as_ref()), 11);
    });
}
