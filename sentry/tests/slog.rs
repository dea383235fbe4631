//! The drain for `slog`, in front of another one.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;
use slog::{Drain, Key, Logger, OwnedKVList, Serializer, crit, debug, error, info, o, warn};
use watchpost::integrations::Route;
use watchpost::integrations::slog::WatchpostDrain;
use watchpost::testing::record;
use watchpost::{ClientOptions, Level};

/// Counts what reaches it.
struct Console;

static LINES: AtomicUsize = AtomicUsize::new(0);

impl Drain for Console {
    type Ok = ();
    type Err = slog::Never;

    fn log(&self, _: &slog::Record<'_>, _: &OwnedKVList) -> Result<(), slog::Never> {
        LINES.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    fn is_enabled(&self, level: slog::Level) -> bool {
        level.is_at_least(slog::Level::Info)
    }
}

#[test]
fn records_become_breadcrumbs_events_and_lines_of_the_log() {
    let options = ClientOptions::new().with_enable_logs(true);
    let ((), recorded) = record(options, || {
        let root = Logger::root(WatchpostDrain::wrapping(Console), o!("shop" => "main", "step" => "none"));
        let cart = root.new(o!("cart" => 7, "step" => "cart"));
        info!(root, "got an order"; "paid" => true, "rate" => 0.5, "note" => Option::<u32>::None);
        debug!(root, "details");
        error!(cart, "cannot book {}", 1002; "step" => "price", "cause" => %"no rate");
        warn!(root, "slow");
        crit!(root, "the day cannot be closed");
    });
    assert_eq!(LINES.load(Ordering::Relaxed), 4, "the next drain is asked whether it wants them");
    let events = recorded.events();
    let texts: Vec<_> =
        events.iter().map(|event| event.logentry.clone().unwrap().formatted.unwrap()).collect();
    assert_eq!(texts, ["cannot book 1002", "the day cannot be closed"]);
    assert_eq!((events[0].level, events[1].level), (Some(Level::Error), Some(Level::Fatal)));
    assert_eq!(events[0].logger.as_deref(), Some(module_path!()));
    let context = &events[0].contexts["log"];
    assert_eq!((&context["step"], &context["cart"]), (&"price".into(), &7.into()), "the nearest wins");
    assert_eq!((&context["shop"], &context["cause"]), (&"main".into(), &"no rate".into()));
    assert!(context["code.file.path"].as_str().unwrap().ends_with("slog.rs"), "{context:?}");
    let crumb = &events[0].breadcrumbs[0];
    assert_eq!((crumb.message.as_deref(), crumb.level), (Some("got an order"), Some(Level::Info)));
    let data = serde_json::to_value(&crumb.data).unwrap();
    assert_eq!((&data["paid"], &data["rate"], &data["note"]), (&true.into(), &0.5.into(), &Value::Null));
    assert_eq!(events[1].breadcrumbs.len(), 3, "and not itself");
    let lines: Vec<_> = recorded.logs().iter().map(|line| line["level"].clone()).collect();
    assert_eq!(lines, ["info", "error", "warn", "fatal"]);
}

#[test]
fn a_filter_decides_and_what_is_logged_while_routing_goes_no_further() {
    struct Chatty(Logger);

    impl slog::Value for Chatty {
        fn serialize(&self, _: &slog::Record<'_>, key: Key, to: &mut dyn Serializer) -> slog::Result {
            error!(self.0, "from a value");
            to.emit_str(key, "said")
        }
    }

    let ((), recorded) = record(ClientOptions::new(), || {
        let drain = WatchpostDrain::wrapping(slog::Discard).with_filter(|level| match level {
            slog::Level::Error => Route::EVENT,
            _ => Route::NONE,
        });
        let root = Logger::root(drain, o!());
        warn!(root, "not wanted");
        error!(root, "wanted"; "chatty" => Chatty(root.clone()));
    });
    let event = recorded.only_event();
    assert_eq!((event.breadcrumbs.len(), &event.contexts["log"]["chatty"]), (0, &"said".into()));
}
