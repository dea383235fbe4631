//! Real programs, the real server, nothing in between. Run by `cargo xtask test e2e`, which builds all of them first
//! and leaves out the modules of a language that is not set up (`--skip swift_`).

mod traces;

use std::path::Path;

use serde_json::Value;
use watchpost_tests::{Scene, kill_under_load};
use xtask::stand::{Example, Mode};

/// What a person must find on the page of an example's first issue.
struct Expected {
    title: &'static str,
    function: &'static str,
    cause: &'static str,
    crumb: &'static str,
    tag: (&'static str, &'static str),
}

macro_rules! examples {
    ($($module:ident: $name:literal, $expected:expr;)*) => {$(
        mod $module {
            use super::*;

            #[test]
            fn its_events_arrive_as_written() {
                arrives(Example::named($name).unwrap(), &$expected);
            }

            #[test]
            fn a_kill_after_capture_loses_nothing() {
                killed(Example::named($name).unwrap(), Mode::Normal);
            }

            #[test]
            fn a_kill_loses_nothing_even_if_the_next_run_captures_nothing() {
                killed(Example::named($name).unwrap(), Mode::Idle);
            }
        }
    )*};
}

examples! {
    rust_basic: "rust-basic", Expected {
        title: "BookingError", function: "import_invoices", cause: "ParseIntError", crumb: "invoice 1002", tag: ("importer", "nightly"),
    };
    rust_axum: "rust-axum", Expected {
        title: "BookingError", function: "refused", cause: "ParseIntError", crumb: "POST /invoices/1002/book", tag: ("route", "book"),
    };
    python_basic: "python-basic", Expected {
        title: "BookingError", function: "book", cause: "InvalidOperation", crumb: "invoice 1002", tag: ("importer", "nightly"),
    };
    python_flask: "python-flask", Expected {
        title: "BookingError", function: "book", cause: "ValueError", crumb: "POST /invoices/1002/book", tag: ("route", "book"),
    };
    node_basic: "node-basic", Expected {
        title: "BookingError", function: "book", cause: "TypeError", crumb: "invoice 1002", tag: ("importer", "nightly"),
    };
    node_express: "node-express", Expected {
        title: "BookingError", function: "book", cause: "TypeError", crumb: "POST /invoices/1002/book", tag: ("method", "POST"),
    };
    kotlin_cli: "kotlin-cli", Expected {
        title: "InvalidOrder", function: "parse", cause: "IllegalArgumentException", crumb: "read line 3", tag: ("file", "orders.csv"),
    };
    swift_cli: "swift-cli", Expected {
        title: "ImportError", function: "one", cause: "FieldError", crumb: "read line 3", tag: ("file", "orders.csv"),
    };
}

/// Twenty processes under capture load; `cargo xtask soak kills` does it a thousand times.
#[test]
fn twenty_kills_under_load_lose_nothing() {
    let kills = kill_under_load("kills-under-load", 20, Path::new(env!("CARGO_BIN_EXE_load"))).unwrap();
    assert!(kills.captured > kills.rounds, "hardly any captures: {}", kills.captured);
}

fn arrives(example: Example, expected: &Expected) {
    let scene = Scene::new(&format!("{}-arrives", example.name), example.language).unwrap();
    let server = scene.server_up().unwrap();
    let ids = scene.run(example, Mode::Normal).unwrap();
    assert_eq!(ids.len(), 4, "one bug twice, another once, a message once");
    assert_eq!(scene.all_stored_once(&ids).unwrap(), 4);

    let api = scene.api().unwrap();
    let issues = api.issues(&scene.project().slug).unwrap();
    let mut counts: Vec<u64> = issues.iter().map(|issue| issue.count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 1, 2], "{issues:?}");
    let issue = issues.iter().find(|issue| issue.count == 2).unwrap();
    assert!(issue.title.contains(expected.title), "{}", issue.title);

    let event = api.event(&scene.project().slug, &ids[0]).unwrap().unwrap();
    assert_eq!(event["groupID"], issue.id.as_str());
    let exceptions = entry(&event, "exception");
    let raised = exceptions.last().unwrap();
    assert!(raised["type"].as_str().unwrap().contains(expected.title), "{raised}");
    let cause = exceptions
        .iter()
        .find(|value| value["type"].as_str().is_some_and(|kind| kind.contains(expected.cause)));
    assert!(cause.is_some(), "no {} in the chain", expected.cause);
    let frames: Vec<&Value> =
        exceptions.iter().flat_map(|value| value["stacktrace"]["frames"].as_array()).flatten().collect();
    let names: Vec<&str> = frames.iter().filter_map(|frame| frame["function"].as_str()).collect();
    let at = frames.iter().position(|frame| {
        frame["inApp"] == true
            && frame["function"].as_str().is_some_and(|name| name.contains(expected.function))
    });
    assert!(at.is_some(), "no in-app frame of {}: {names:?}", expected.function);
    let crumbs = entry(&event, "breadcrumbs");
    assert!(crumbs.iter().any(|crumb| crumb["message"] == expected.crumb), "{crumbs:?}");
    let tag = serde_json::json!({"key": expected.tag.0, "value": expected.tag.1});
    assert!(event["tags"].as_array().unwrap().contains(&tag), "{}", event["tags"]);
    server.stop();
}

/// Server down: capture, SIGKILL. Server up: the next run delivers what the killed one left, once.
fn killed(example: Example, next: Mode) {
    let scene = Scene::new(&format!("{}-killed-{next:?}", example.name), example.language).unwrap();
    let mut ids = vec![scene.capture_and_kill(example).unwrap()];
    let server = scene.server_up().unwrap();
    ids.extend(scene.run(example, next).unwrap());
    let own = if next == Mode::Idle { 0 } else { 4 };
    assert_eq!(ids.len(), 1 + own);
    assert_eq!(scene.all_stored_once(&ids).unwrap(), 1 + own);
    server.stop();
}

/// The values of one of an event's entries.
fn entry<'a>(event: &'a Value, kind: &str) -> &'a [Value] {
    let entries = event["entries"].as_array().unwrap();
    let entry = entries.iter().find(|entry| entry["type"] == kind);
    entry.unwrap_or_else(|| panic!("no {kind} in {event}"))["data"]["values"].as_array().unwrap()
}
