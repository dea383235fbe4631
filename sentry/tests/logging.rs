//! The `log` and `tracing` crates, connected for real. The logger is the process's own, so this is a program of its own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::cell::Cell;

use log::{Log, Metadata, Record};
use tracing_subscriber::prelude::*;
use watchpost::integrations::Route;
use watchpost::integrations::log::WatchpostLogger;
use watchpost::integrations::tracing::layer;
use watchpost::testing::record;
use watchpost::{ClientOptions, Level};

/// Counts what reaches it, for each thread alone: the tests beside this one log too.
#[derive(Debug)]
struct Console;

thread_local! {
    static LINES: Cell<usize> = const { Cell::new(0) };
}

impl Log for Console {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, _: &Record<'_>) {
        LINES.set(LINES.get() + 1);
    }

    fn flush(&self) {}
}

fn install() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let logger = WatchpostLogger::wrapping(Console).with_filter(|metadata| match metadata.level() {
            log::Level::Error => Route::EVENT | Route::BREADCRUMB,
            log::Level::Warn if metadata.target() == "quiet" => Route::NONE,
            log::Level::Warn | log::Level::Info => Route::BREADCRUMB,
            _ => Route::NONE,
        });
        log::set_boxed_logger(Box::new(logger)).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
}

#[test]
fn log_records_become_breadcrumbs_and_events() {
    install();
    LINES.set(0);
    let ((), recorded) = record(ClientOptions::new(), || {
        log::info!(order = 1002, paid = true, rate = 0.5, who = "Ada"; "got an order");
        log::warn!(target: "quiet", "not wanted");
        log::debug!("details");
        log::error!(target: "shop::cart", step = "price"; "cannot book {}", 7);
        log::error!("and another");
    });
    assert_eq!(LINES.get(), 5);
    let events = recorded.events();
    assert_eq!(events.len(), 2);
    let first = &events[0];
    assert_eq!(first.logentry.as_ref().unwrap().formatted.as_deref(), Some("cannot book 7"));
    assert_eq!((first.level, first.logger.as_deref()), (Some(Level::Error), Some("shop::cart")));
    assert_eq!(first.contexts["log"]["step"], "price");
    assert_eq!(first.contexts["log"]["code.file.path"], file!());
    let crumb = &first.breadcrumbs[0];
    assert_eq!(first.breadcrumbs.len(), 1, "an event is not its own breadcrumb: {:?}", first.breadcrumbs);
    assert_eq!(
        (crumb.message.as_deref(), crumb.category.as_deref()),
        (Some("got an order"), Some("logging"))
    );
    assert_eq!(crumb.origin.as_deref(), Some("auto.log.log"));
    let data = serde_json::to_string(&crumb.data).unwrap();
    assert_eq!(data, r#"{"order":1002,"paid":true,"rate":0.5,"who":"Ada"}"#);
    assert_eq!(events[1].breadcrumbs.len(), 2, "the first error leads up to the second");
}

#[test]
fn what_hooks_and_the_sdk_log_never_comes_back() {
    install();
    let options = ClientOptions::new().with_before_send(|event, _| {
        log::error!("from before_send");
        Some(event)
    });
    let options = options.with_before_breadcrumb(|crumb, _| {
        log::error!("from before_breadcrumb");
        Some(crumb)
    });
    let diagnostics = watchpost::Diagnostics::to(std::sync::Arc::new(|line| log::error!("{line}")));
    let ((), recorded) = record(options.with_diagnostics(diagnostics), || {
        log::info!("a breadcrumb");
        log::error!("an event");
        log::error!(target: "watchpost::worker", "the SDK's own");
    });
    recorded.assert_event("an event");
    assert_eq!(recorded.events().len(), 1);
}

#[test]
fn a_record_with_values_that_log_does_not_recurse() {
    struct Loud;
    impl std::fmt::Display for Loud {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            log::error!("while formatting");
            f.write_str("loud")
        }
    }
    install();
    let ((), recorded) = record(ClientOptions::new(), || log::error!("it is {Loud}"));
    // The text is made once by the SDK, during which nothing is routed.
    assert_eq!(recorded.only_event().logentry.unwrap().formatted.as_deref(), Some("it is loud"));
}

#[test]
fn tracing_events_become_breadcrumbs_and_events() {
    let subscriber = tracing_subscriber::registry().with(layer());
    let ((), recorded) = record(ClientOptions::new(), || {
        tracing::subscriber::with_default(subscriber, || {
            tracing::info!(order = 1002_u64, big = 1_u128 << 100, "got an order");
            tracing::debug!("details");
            let failure = "12x".parse::<u32>().unwrap_err();
            let error = &failure as &dyn std::error::Error;
            tracing::error!(target: "shop::cart", error, order = ?Some(7), "cannot book");
        });
    });
    let event = recorded.only_event();
    assert_eq!(event.logentry.as_ref().unwrap().formatted.as_deref(), Some("cannot book"));
    assert_eq!((event.level, event.logger.as_deref()), (Some(Level::Error), Some("shop::cart")));
    assert_eq!(event.contexts["log"]["order"], "Some(7)");
    let exception = &event.exception[0];
    assert_eq!(exception.ty.as_deref(), Some("ParseIntError"));
    assert_eq!(exception.mechanism.as_ref().unwrap().ty.as_str(), "auto.log.tracing");
    let frame = exception.stacktrace.as_ref().unwrap().frames.last().unwrap();
    assert!(frame.abs_path.as_deref().unwrap().ends_with(file!()), "{frame:?}");
    assert_eq!(event.breadcrumbs.len(), 1);
    assert_eq!(event.breadcrumbs[0].data["order"], 1002);
    assert_eq!(event.breadcrumbs[0].data["big"], (1_u128 << 100).to_string());
}

#[test]
fn a_filter_of_tracing_events_decides() {
    let quiet = layer().with_event_filter(|metadata| {
        if metadata.fields().field("audit").is_some() { Route::EVENT } else { Route::NONE }
    });
    let subscriber = tracing_subscriber::registry().with(quiet);
    let ((), recorded) = record(ClientOptions::new(), || {
        tracing::subscriber::with_default(subscriber, || {
            tracing::error!("not wanted");
            tracing::trace!(audit = true, "wanted");
        });
    });
    let event = recorded.only_event();
    assert_eq!((event.level, event.breadcrumbs.len()), (Some(Level::Debug), 0));
}

#[test]
fn records_are_lines_of_the_log_where_that_is_on() {
    install();
    let quiet = layer().with_event_filter(|_| Route::LOG);
    let subscriber = tracing_subscriber::registry().with(quiet);
    let said = || {
        tracing::trace!(order = 1002, "a step");
        tracing::error!(paid = true, "cannot book");
    };
    let options = ClientOptions::new().with_enable_logs(true);
    let ((), recorded) = record(options, || tracing::subscriber::with_default(subscriber, said));
    let logs = recorded.logs();
    assert_eq!(logs.len(), 2, "{logs:?}");
    assert_eq!((&logs[0]["level"], &logs[0]["body"]), (&"trace".into(), &"a step".into()));
    assert_eq!((&logs[1]["level"], &logs[1]["attributes"]["paid"]["value"]), (&"error".into(), &true.into()));
    let attributes = &logs[0]["attributes"];
    assert_eq!(attributes["order"], serde_json::json!({"value": 1002, "type": "integer"}));
    assert_eq!(attributes["sentry.origin"]["value"], "auto.log.tracing");
    assert_eq!(attributes["logger.name"]["value"], "logging");
    assert_eq!(recorded.envelopes.len(), 1);

    let subscriber = tracing_subscriber::registry().with(layer().with_event_filter(|_| Route::LOG));
    let ((), recorded) = record(ClientOptions::new(), || tracing::subscriber::with_default(subscriber, said));
    recorded.assert_nothing();
}
