//! Scopes under many threads: no change is lost, and no event sees half of one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use watchpost_core::testing::TestClient;
use watchpost_core::{Breadcrumb, ClientOptions, Event, Hint, Level, Scopes, SharedScope, Timestamp, User};

const WRITERS: u64 = 8;
const ROUNDS: u64 = 100;

fn user(n: u64) -> User {
    let text = Some(n.to_string().into());
    User { id: text.clone(), username: text, ..User::default() }
}

fn write(test: &TestClient, scope: &SharedScope, n: u64) {
    scope.update(|scope| scope.set_tag(n.to_string(), n.to_string()));
    scope.update(|scope| scope.set_extra(n.to_string(), n.into()));
    scope.update(|scope| scope.set_user(Some(user(n))));
    let crumb = Breadcrumb { message: Some(n.to_string().into()), ..Breadcrumb::default() };
    test.client.add_breadcrumb(crumb, &Hint::default(), scope);
}

#[test]
fn concurrent_changes_are_never_lost_and_never_half_seen() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let test = TestClient::new(options.with_max_breadcrumbs(1000), Timestamp::from_micros(0), 1);
    let (global, isolation, current) = (SharedScope::new(), SharedScope::new(), SharedScope::new());
    let scopes = Scopes { global: &global, isolation: &isolation, current: &current };
    let done = AtomicBool::new(false);
    std::thread::scope(|threads| {
        let reader = threads.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                test.client.capture_event(Event::message("x", Level::Info), &Hint::default(), scopes);
                // A fork lives on its own, whatever happens to what it came from.
                isolation.fork().update(|scope| scope.set_tag("fork", "1"));
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let writer = |writer: u64| {
            let (isolation, global, test) = (&isolation, &global, &test);
            let numbers = writer * ROUNDS..(writer + 1) * ROUNDS;
            move || numbers.for_each(|n| write(test, if n % 2 == 0 { isolation } else { global }, n))
        };
        let writers: Vec<_> = (0..WRITERS).map(|number| threads.spawn(writer(number))).collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    test.client.capture_event(Event::message("last", Level::Info), &Hint::default(), scopes);
    let envelopes = test.transport.take();
    let read =
        |envelope: &watchpost_core::Envelope| serde_json::from_slice(&envelope.items[0].payload).unwrap();
    let events: Vec<Event> = envelopes.iter().map(read).collect();
    for event in &events {
        assert!(event.tags.iter().all(|(key, value)| key == value), "a tag of another key");
        assert!(!event.tags.contains_key("fork"), "a fork's tag outside of it");
        let user = event.user.clone().unwrap_or_default();
        assert_eq!(user.id, user.username, "half of one user and half of another");
    }
    let last = events.last().unwrap();
    let all = usize::try_from(WRITERS * ROUNDS).unwrap();
    assert_eq!((last.tags.len(), last.extra.len(), last.breadcrumbs.len()), (all, all, all));
    let number =
        |crumb: &std::sync::Arc<Breadcrumb>| crumb.message.as_deref().unwrap().parse::<u64>().unwrap();
    let numbers: Vec<u64> = last.breadcrumbs.iter().map(number).collect();
    for writer in 0..WRITERS {
        for parity in 0..2 {
            let own = numbers.iter().filter(|n| **n / ROUNDS == writer && **n % 2 == parity);
            assert!(own.is_sorted(), "each thread's breadcrumbs are in its order");
        }
    }
}

#[test]
fn held_breadcrumbs_come_in_order_and_the_newest_stay() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    assert!(!may_hold(options.clone().with_max_breadcrumbs(0)));
    assert!(!may_hold(options.clone().with_report_killed(true)));
    assert!(!may_hold(options.clone().with_before_breadcrumb(|crumb, _| Some(crumb))));
    let test = TestClient::new(options.with_max_breadcrumbs(3), Timestamp::from_micros(0), 1);
    assert!(test.client.may_hold_breadcrumbs());
    let scope = SharedScope::new();
    let crumb = |n: u32| Breadcrumb {
        message: Some(format!("step {n} {}", "x".repeat(100_000)).into()),
        timestamp: Timestamp::from_seconds(n.into()),
        ..Breadcrumb::default()
    };
    test.client.add_held_breadcrumbs(vec![crumb(1)], &scope);
    let fork = scope.fork();
    test.client.add_held_breadcrumbs((2..6).map(crumb).collect(), &scope);
    for (scope, expected) in [(&scope, &[3.0, 4.0, 5.0][..]), (&fork, &[1.0][..])] {
        let empty = SharedScope::new();
        let scopes = Scopes { global: &empty, isolation: &empty, current: scope };
        test.client.capture_event(Event::message("x", Level::Info), &Hint::default(), scopes);
        let event: Event = serde_json::from_slice(&test.transport.take()[0].items[0].payload).unwrap();
        let times: Vec<f64> =
            event.breadcrumbs.iter().filter_map(|crumb| crumb.timestamp).map(Timestamp::seconds).collect();
        assert_eq!(times, expected);
        assert!(event.breadcrumbs.iter().all(|crumb| crumb.message.as_ref().unwrap().len() < 10_000));
    }
}

fn may_hold(options: ClientOptions) -> bool {
    TestClient::new(options, Timestamp::from_micros(0), 1).client.may_hold_breadcrumbs()
}
