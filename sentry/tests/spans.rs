//! Spans of the `tracing` crate, and a real future that carries them from poll to poll.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use tracing::Instrument as _;
use tracing_subscriber::prelude::*;
use watchpost::integrations::tracing::{WatchpostLayer, layer};
use watchpost::testing::{Recorded, record};
use watchpost::{ClientOptions, ScopeFutureExt as _};

fn traced(layer: WatchpostLayer, f: impl FnOnce()) -> Recorded {
    let subscriber = tracing_subscriber::registry().with(layer);
    let options = ClientOptions::new().with_traces_sample_rate(1.0).unwrap();
    record(options, || tracing::subscriber::with_default(subscriber, f)).1
}

#[test]
fn spans_nest_and_carry_their_fields() {
    let recorded = traced(layer(), || {
        let root = tracing::info_span!("import", sentry.op = "task", rows = tracing::field::Empty);
        let _entered = root.enter();
        tracing::info_span!("query", sentry.op = "db.query", sentry.name = "SELECT 1", table = "ledger")
            .in_scope(|| {
                tracing::debug_span!("details").in_scope(|| {
                    tracing::error!("cannot read the ledger");
                });
            });
        root.record("rows", 42);
    });
    let transactions = recorded.transactions();
    assert_eq!(transactions.len(), 1, "{transactions:?}");
    let trace = &transactions[0]["contexts"]["trace"];
    assert_eq!((&transactions[0]["transaction"], &trace["op"]), (&"import".into(), &"task".into()));
    assert_eq!((&trace["origin"], &trace["data"]["rows"]), (&"auto.tracing".into(), &42.into()));
    let spans = transactions[0]["spans"].as_array().unwrap();
    assert_eq!(spans.len(), 1, "a span for developers is not sent: {spans:?}");
    assert_eq!((&spans[0]["op"], &spans[0]["description"]), (&"db.query".into(), &"SELECT 1".into()));
    assert_eq!(
        (&spans[0]["data"]["table"], &spans[0]["parent_span_id"]),
        (&"ledger".into(), &trace["span_id"])
    );
    let event = recorded.only_event();
    assert_eq!(event.contexts["trace"]["span_id"], spans[0]["span_id"]);
    assert_eq!(event.contexts["trace"]["trace_id"], trace["trace_id"]);
}

#[test]
fn a_filter_decides_and_the_active_span_of_ours_is_the_parent() {
    let only_jobs = layer().with_span_filter(|metadata| metadata.name() == "job");
    let recorded = traced(only_jobs, || {
        let transaction = watchpost::start_transaction("outer", "task");
        tracing::error_span!("noise").in_scope(|| tracing::trace_span!("job").in_scope(|| ()));
        assert!(watchpost::current_span().unwrap().is_same(&transaction));
        tracing::info_span!(parent: None, "job").in_scope(|| ());
    });
    let transactions = recorded.transactions();
    let names: Vec<_> = transactions.iter().map(|item| item["transaction"].as_str().unwrap()).collect();
    assert_eq!(names, ["job", "outer"]);
    assert_eq!(transactions[1]["spans"][0]["description"], "job");
}

#[test]
fn instrumented_futures_that_take_turns_keep_their_spans() {
    let recorded = traced(layer(), || {
        let step = |name: &'static str| {
            let work = async move {
                for _ in 0..3 {
                    tokio::task::yield_now().await;
                    watchpost::capture_message(name, None);
                }
            };
            work.instrument(tracing::info_span!(parent: None, "task", name)).isolated()
        };
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async { tokio::join!(step("a"), step("b")) });
        assert!(watchpost::current_span().is_none());
    });
    let transactions = recorded.transactions();
    assert_eq!(transactions.len(), 2);
    let events = recorded.events();
    assert_eq!(events.len(), 6);
    for event in &events {
        let name = event.logentry.as_ref().unwrap().formatted.as_deref().unwrap();
        let own = transactions.iter().find(|item| item["contexts"]["trace"]["data"]["name"] == name).unwrap();
        assert_eq!(event.contexts["trace"]["span_id"], own["contexts"]["trace"]["span_id"]);
    }
}
