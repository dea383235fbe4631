//! How much memory a capture takes beside the event itself, however large that is, and how much it leaves behind. A
//! binary of its own, as it counts what the whole process allocates, and one test, so that nothing else runs meanwhile.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "support/live.rs"]
mod live;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use live::{LIVE, PEAK};
use watchpost_core::testing::TestClient;
use watchpost_core::{
    Attachment, Breadcrumb, Category, ClientOptions, DiscardReason, Event, Exception, Frame, Hint, Level,
    Map, Scopes, ScrubPatterns, SharedScope, Stacktrace, Text, Timestamp, User, Value,
};

const MIB: usize = 1024 * 1024;
/// What a capture may take: an event of the largest size, its envelope, and what is shortened on the way.
const MOST: usize = 8 * MIB;
/// What may be sent.
const LARGEST: usize = MIB;
/// What may stay: caches, and a scope with ten values at their limit.
const LEFT: usize = 3 * MIB;

/// What an attachment of 200 MiB meets.
const HUGE: usize = 200 * MIB;

#[test]
fn whatever_is_huge_takes_no_more_than_the_caps() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let strict =
        options.clone().with_scrub_patterns(ScrubPatterns::ALL).with_sanitize_fields(vec!["ssn".into()]);
    for (at, (name, event)) in EVENTS.into_iter().enumerate() {
        // Each rule costs time, none costs memory: the strict client meets them all, the plain one a few.
        for options in [&options, &strict].into_iter().skip(usize::from(at > 1)) {
            captured(name, options, event);
        }
    }
    attachments_stay_behind(&options);
    scopes_keep_little(&options);
}

/// Captures, and checks the peak above what lived before, what was sent, and what is left when the event is gone.
fn captured(name: &str, options: &ClientOptions, make: Make) {
    let test = TestClient::new(options.clone(), Timestamp::from_micros(0), 1);
    let empty = LIVE.load(Ordering::Relaxed);
    let event = make();
    let size = LIVE.load(Ordering::Relaxed) - empty;
    assert!(size >= 10 * LARGEST, "{name} is not huge: {size} bytes");
    let sent = capture(name, &test, event, &Hint::default());
    assert!(sent <= LARGEST, "{name}: {sent} bytes were sent");
    let left = LIVE.load(Ordering::Relaxed).saturating_sub(empty);
    assert!(left <= LEFT, "{name}: {} KiB are left", left / 1024);
}

/// Captures, and checks the peak above what lived before; how much was sent.
fn capture(name: &str, test: &TestClient, event: Event, hint: &Hint) -> usize {
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    assert!(test.client.capture_event(event, hint, scopes).is_some(), "{name} was dropped");
    let peak = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    assert!(peak <= MOST, "{name}: {} KiB above what lived before", peak / 1024);
    let envelopes = test.transport.take();
    envelopes[0].items.iter().map(|item| item.payload.len()).sum()
}

/// Bytes and files beyond the limit are neither copied nor read, and are counted in bytes.
fn attachments_stay_behind(options: &ClientOptions) {
    let test = TestClient::new(options.clone(), Timestamp::from_micros(0), 1);
    let file = tempfile::NamedTempFile::new().unwrap();
    file.as_file().set_len(HUGE as u64).unwrap();
    for attachment in [
        Attachment::from_bytes("dump.bin", vec![0_u8; HUGE]),
        Attachment::from_path(file.path()),
        // A file that says that it is empty, and never ends.
        Attachment::from_path("/dev/zero"),
    ] {
        let hint = Hint::default().with_attachment(attachment);
        let sent = capture("an attachment", &test, Event::message("small", Level::Error), &hint);
        assert!(sent < 10_000, "{sent} bytes were sent");
    }
    let lost = test.client.reports().take(Timestamp::from_micros(0)).unwrap().discarded_events;
    let of = |reason| {
        let of = lost.iter().filter(|lost| lost.category == Category::Attachment && lost.reason == reason);
        of.map(|lost| lost.quantity).sum::<u64>()
    };
    assert_eq!(of(DiscardReason::Invalid), 2 * HUGE as u64);
    assert_eq!(of(DiscardReason::InternalSdkError), 1, "no plain file");
}

/// What is put into a scope stays there, so it is cut before.
fn scopes_keep_little(options: &ClientOptions) {
    let test = TestClient::new(options.clone(), Timestamp::from_micros(0), 1);
    let scope = SharedScope::new();
    let huge = || Some(Text::from("s".repeat(HUGE)));
    let before = LIVE.load(Ordering::Relaxed);
    for crumb in [
        Breadcrumb { message: huge(), ..Breadcrumb::default() },
        Breadcrumb { category: huge(), ..Breadcrumb::default() },
        Breadcrumb { data: map(Value::String("d".repeat(HUGE))).into(), ..Breadcrumb::default() },
        Breadcrumb { other: Some(Box::new(map("o".repeat(HUGE).into()))), ..Breadcrumb::default() },
    ] {
        test.client.add_breadcrumb(crumb, &Hint::default(), &scope);
    }
    scope.update(|scope| scope.set_tag("tag", huge().unwrap_or_default()));
    scope.update(|scope| scope.set_extra("extra", Value::String("e".repeat(HUGE))));
    scope.update(|scope| scope.set_context("context", map("c".repeat(HUGE).into())));
    scope.update(|scope| scope.set_user(Some(User { id: huge(), ..User::default() })));
    scope.update(|scope| scope.set_transaction(huge()));
    scope.update(|scope| scope.set_fingerprint(vec![huge().unwrap_or_default()]));
    let left = LIVE.load(Ordering::Relaxed) - before;
    assert!(left <= LEFT, "{} KiB are kept", left / 1024);
}

type Make = fn() -> Event;

const EVENTS: [(&str, Make); 13] = [
    ("one text", || Event::message("x".repeat(200 * MIB), Level::Error)),
    ("one exception value", || {
        Event::exception(vec![Exception {
            value: Some("y ".repeat(100 * MIB).into()),
            ..Exception::default()
        }])
    }),
    ("extra of one text", || extra(Value::String("z".repeat(200 * MIB)))),
    ("extra of JSON as text", || {
        extra(Value::String(format!("{{\"ssn\":1,{}", "\"a\":1,".repeat(20 * MIB))))
    }),
    ("a list of a million", || extra((0..1_000_000).map(|n| format!("item {n}")).collect())),
    ("a million secrets", || {
        let map: Map = (0..1_000_000).map(|n| (format!("password {n}"), Value::from(n))).collect();
        extra(Value::Object(map))
    }),
    ("a million tags", || Event {
        tags: (0..1_000_000).map(|n| (Text::from(format!("tag {n}")), Text::from_static("value"))).collect(),
        ..Event::default()
    }),
    ("a million frames", || {
        let frame = |n: u32| Frame { function: Some(format!("f{n}").into()), ..Frame::default() };
        let stacktrace = Stacktrace { frames: (0..1_000_000).map(frame).collect(), ..Stacktrace::default() };
        Event::exception(vec![Exception { stacktrace: Some(stacktrace), ..Exception::default() }])
    }),
    ("a hundred thousand levels", || {
        let mut deep = Value::Null;
        for _ in 0..100_000 {
            deep = Value::Object(Map::from_iter([("a".to_owned(), Value::Array(vec![deep]))]));
        }
        extra(deep)
    }),
    ("one breadcrumb", || {
        let data = map(Value::String("d".repeat(100 * MIB)));
        let message = Some("m".repeat(100 * MIB).into());
        let crumb = Breadcrumb { message, data: data.into(), ..Breadcrumb::default() };
        Event { breadcrumbs: vec![Arc::new(crumb)], ..Event::default() }
    }),
    ("breadcrumbs of a megabyte", || Event {
        breadcrumbs: (0..100)
            .map(|_| Arc::new(Breadcrumb { message: Some("m".repeat(MIB).into()), ..Breadcrumb::default() }))
            .collect(),
        ..Event::default()
    }),
    ("fields that nobody knows", || {
        let mut event = Event::default();
        event.other.extend((0..200).map(|n| (format!("blob {n}"), Value::String("b".repeat(MIB)))));
        event
    }),
    ("everything at its limit", || {
        let frame = Frame {
            function: Some("f".repeat(2000).into()),
            vars: (0..100).map(|n| (format!("v{n}"), Value::String("v".repeat(1000)))).collect(),
            ..Frame::default()
        };
        let stacktrace = Stacktrace { frames: vec![frame; 300], ..Stacktrace::default() };
        let exception = Exception {
            value: Some("ä".repeat(9000).into()),
            stacktrace: Some(stacktrace),
            ..Exception::default()
        };
        Event::exception(vec![exception; 8])
    }),
];

fn extra(value: Value) -> Event {
    Event { extra: map(value), ..Event::default() }
}

fn map(value: Value) -> Map {
    Map::from_iter([("value".to_owned(), value)])
}
