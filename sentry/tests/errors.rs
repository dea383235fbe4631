//! Errors that bring their own backtrace. `RUST_BACKTRACE` is read once per process, so this is a program of its own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use anyhow::Context as _;
use watchpost::testing::record;
use watchpost::{ClientOptions, Exception};

fn innermost(exception: &Exception) -> &str {
    exception.stacktrace.as_ref().unwrap().frames.last().unwrap().context_line.as_deref().unwrap()
}

#[inline(never)]
fn order() -> anyhow::Result<u32> {
    let cents = "12x".parse::<u32>().context("the amount is no number")?;
    Ok(cents)
}

#[test]
fn anyhow_tells_where_it_was_made() {
    let error = order().context("order 1002 cannot be booked").unwrap_err();
    let ((), recorded) = record(ClientOptions::new(), || {
        watchpost::capture_anyhow(&error).unwrap();
    });
    let event = recorded.only_event();
    let values: Vec<_> =
        event.exception.iter().map(|exception| exception.value.as_deref().unwrap()).collect();
    assert_eq!(
        values,
        ["invalid digit found in string", "the amount is no number", "order 1002 cannot be booked"]
    );
    let types: Vec<_> = event.exception.iter().map(|exception| exception.ty.as_deref().unwrap()).collect();
    assert_eq!(types, ["ParseIntError", "Error", "Error"]);
    let root = event.exception.last().unwrap();
    let mechanism = root.mechanism.as_ref().unwrap();
    assert_eq!(
        (mechanism.ty.as_str(), mechanism.handled, mechanism.exception_id),
        ("generic", Some(true), Some(0))
    );
    let status = error.backtrace().status();
    let line = innermost(root);
    if status == std::backtrace::BacktraceStatus::Captured {
        assert!(line.contains("\"12x\".parse"), "{line}");
    } else {
        assert!(line.contains("capture_anyhow"), "{line}");
    }
}

#[test]
fn an_error_with_a_backtrace_beside_it() {
    let here = std::backtrace::Backtrace::force_capture();
    let error = "12x".parse::<u32>().unwrap_err();
    let ((), recorded) = record(ClientOptions::new(), || {
        watchpost::capture_error_with_backtrace(&error, &here).unwrap();
        watchpost::capture_error_with_backtrace(&error, &std::backtrace::Backtrace::disabled()).unwrap();
    });
    let events = recorded.events();
    assert!(innermost(&events[0].exception[0]).contains("force_capture"));
    assert!(innermost(&events[1].exception[0]).contains("Backtrace::disabled"));
}

#[test]
fn recordings_do_not_see_each_other() {
    let ((), outer) = record(ClientOptions::new(), || {
        watchpost::global_scope().update(|scope| scope.set_tag("outer", "1"));
        let ((), inner) = record(ClientOptions::new(), || {
            watchpost::capture_message("inner", None);
        });
        assert!(inner.only_event().tags.is_empty());
        std::thread::spawn(|| watchpost::capture_message("elsewhere", None)).join().unwrap();
    });
    outer.assert_nothing();
    assert!(std::panic::catch_unwind(|| outer.only_event()).is_err());
}

#[test]
fn integrations_that_are_compiled_in_are_named() {
    let dsn = "https://key@errors.example.com/42";
    // Nothing is captured: nothing is sent.
    let guard = watchpost::init(dsn).unwrap();
    let client = watchpost::client().unwrap();
    let names: Vec<&str> = client.options().sdk().integrations.iter().map(|name| name.as_str()).collect();
    for name in ["anyhow", "backtrace", "contexts", "debug-images", "log", "panic", "tower", "tracing"] {
        assert!(names.contains(&name), "{name} is missing in {names:?}");
    }
    drop(guard);
}

/// An error whose own code is broken, each time in another place.
struct Broken(&'static str);

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Broken")?;
        if self.0 == "debug" { panic!("in Debug") } else { Ok(()) }
    }
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("it broke: ")?;
        match self.0 {
            "display" => panic!("in Display"),
            "refuses" => Err(std::fmt::Error),
            "captures" => {
                watchpost::capture_message("from Display", None);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl std::error::Error for Broken {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        if self.0 == "source" { panic!("in source") } else { None }
    }
}

#[test]
fn an_error_that_cannot_be_shown_is_reported_all_the_same() {
    for (how, value) in [
        ("debug", "it broke: "),
        ("display", "it broke: <unprintable>"),
        ("refuses", "it broke: <unprintable>"),
        ("captures", "it broke: "),
        ("source", "it broke: "),
    ] {
        let ((), recorded) = record(ClientOptions::new(), || {
            let error: Box<dyn std::error::Error> = Box::new(Broken(how));
            watchpost::capture_error(&*error).unwrap();
        });
        let exception = &recorded.only_event().exception[0];
        assert_eq!(
            (exception.ty.as_deref(), exception.value.as_deref()),
            (Some("Broken"), Some(value)),
            "{how}"
        );
    }
    let ((), recorded) = record(ClientOptions::new().with_enable_logs(true), || {
        watchpost::log_info!("an error: {}", Broken("refuses"));
    });
    assert_eq!(recorded.logs()[0]["body"], "an error: it broke: <unprintable>");
}

#[test]
fn an_event_of_an_error_may_be_changed_before_it_is_captured() {
    let error = "12x".parse::<u32>().unwrap_err();
    let ((), recorded) = record(ClientOptions::new(), || {
        let mut event = watchpost::event_from_error(&error);
        event.tags.insert("order".into(), "1002".into());
        watchpost::capture_event(event).unwrap();
    });
    let event = recorded.only_event();
    assert_eq!(
        (event.exception[0].ty.as_deref(), event.tags["order"].as_str()),
        (Some("ParseIntError"), "1002")
    );
}
