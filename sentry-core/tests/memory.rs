//! How much memory a capture takes beside the event itself, however large that is. A binary of its own, as it counts
//! what the whole process allocates, and one test, so that nothing else runs meanwhile.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use watchpost_core::testing::TestClient;
use watchpost_core::{
    Breadcrumb, ClientOptions, Event, Exception, Frame, Hint, Level, Map, Scopes, ScrubPatterns, SharedScope,
    Stacktrace, Text, Timestamp, Value,
};

struct Counting;

static LIVE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator is unsafe by nature")]
// SAFETY: every call goes on to the system's allocator with the arguments it came with; only numbers are kept beside it.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        let live = LIVE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(live, Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promised.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const MIB: usize = 1024 * 1024;
/// What a capture may take: an event of the largest size, its envelope, and what is shortened on the way.
const MOST: usize = 8 * MIB;
/// What may be sent.
const LARGEST: usize = MIB;

#[test]
fn a_huge_event_takes_no_more_than_the_caps() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let strict =
        options.clone().with_scrub_patterns(ScrubPatterns::ALL).with_sanitize_fields(vec!["ssn".into()]);
    for (at, (name, event)) in EVENTS.into_iter().enumerate() {
        // Each rule costs time, none costs memory: the strict client meets them all, the plain one a few.
        for options in [&options, &strict].into_iter().skip(usize::from(at > 1)) {
            let sent = peak_of(name, options, event());
            assert!(sent <= LARGEST, "{name}: {sent} bytes were sent");
        }
    }
}

/// Captures, and checks the peak above what lived before.
fn peak_of(name: &str, options: &ClientOptions, event: Event) -> usize {
    let test = TestClient::new(options.clone(), Timestamp::from_micros(0), 1);
    let scope = SharedScope::new();
    let scopes = Scopes { global: &scope, isolation: &scope, current: &scope };
    let before = LIVE.load(Ordering::Relaxed);
    PEAK.store(before, Ordering::Relaxed);
    assert!(test.client.capture_event(event, &Hint::default(), scopes).is_some(), "{name} was dropped");
    let peak = PEAK.load(Ordering::Relaxed).saturating_sub(before);
    assert!(peak <= MOST, "{name}: {} KiB above what lived before", peak / 1024);
    let envelopes = test.transport.take();
    envelopes[0].items[0].payload.len()
}

type Make = fn() -> Event;

const EVENTS: [(&str, Make); 12] = [
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
    Event { extra: Map::from_iter([("extra".to_owned(), value)]), ..Event::default() }
}
