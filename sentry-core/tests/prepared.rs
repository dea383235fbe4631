//! What scopes say is written once and copied from then on: no event may tell.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use serde_json::{Value, json};
use watchpost_core::testing::TestClient;
use watchpost_core::{
    ClientOptions, Event, Exception, Hint, Level, Map, Scope, Scopes, SharedScope, Text, Timestamp,
    TransactionOptions, User,
};

struct Work {
    test: TestClient,
    layers: [SharedScope; 3],
}

impl Work {
    fn new(change: impl FnOnce(ClientOptions) -> ClientOptions) -> Self {
        let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
        let work = Self {
            test: TestClient::new(change(options), Timestamp::from_micros(0), 1),
            layers: [SharedScope::new(), SharedScope::new(), SharedScope::new()],
        };
        for (number, layer) in work.layers.iter().enumerate() {
            layer.update(|scope| {
                scope.set_tag("layer", number.to_string());
                scope.set_tag(format!("own {number}"), "x");
                scope.set_context("shop", map(json!({"layer": number, "password": "x"})));
                scope.set_extra(format!("extra {number}"), json!([1, {"api_key": "x"}]));
            });
        }
        work
    }

    fn sent(&self, event: Event) -> Value {
        let [global, isolation, current] = &self.layers;
        self.test
            .client
            .capture_event(event, &Hint::default(), Scopes { global, isolation, current })
            .unwrap();
        let mut event: Value =
            serde_json::from_slice(&self.test.transport.take()[0].items[0].payload).unwrap();
        event.as_object_mut().unwrap().shift_remove("event_id");
        event
    }

    /// The event as it is sent first, which is as it is sent each time.
    fn same(&self, event: &Event) -> Value {
        let first = self.sent(event.clone());
        for time in 2..5 {
            assert_eq!(self.sent(event.clone()), first, "the {time}th time");
        }
        first
    }
}

fn map(value: Value) -> Map {
    value.as_object().unwrap().clone()
}

fn message() -> Event {
    Event::message("m", Level::Info)
}

#[test]
fn it_says_what_the_scopes_say_and_masks_what_they_are_not_to() {
    let event = Work::new(|options| options.with_sanitize_fields(vec!["own 1".into()])).same(&message());
    assert_eq!(event["tags"], json!({"layer": "2", "own 0": "x", "own 1": "[Filtered]", "own 2": "x"}));
    assert_eq!(event["contexts"]["shop"], json!({"layer": 2, "password": "[Filtered]"}));
    assert_eq!(event["extra"]["extra 0"], json!([1, {"api_key": "[Filtered]"}]));
    assert!(event["contexts"]["trace"]["trace_id"].is_string());
}

#[test]
fn what_changes_is_seen_at_once() {
    type Change = fn(&mut Scope);
    let changes: [(Change, &str, Value); 7] = [
        (|scope| scope.set_tag("late", "y"), "/tags/late", json!("y")),
        (|scope| scope.remove_tag("late"), "/tags/late", Value::Null),
        (
            |scope| scope.set_user(Some(User { id: Some("7".into()), ..User::default() })),
            "/user/id",
            json!("7"),
        ),
        (|scope| scope.set_extra("late", json!(1)), "/extra/late", json!(1)),
        (|scope| scope.set_context("late", map(json!({"a": 1}))), "/contexts/late/a", json!(1)),
        (|scope| scope.add_feature_flag("f", true), "/contexts/flags/values/0/result", json!(true)),
        (|scope| scope.add_feature_flag("f", false), "/contexts/flags/values/0/result", json!(false)),
    ];
    for layer in 0..3 {
        let work = Work::new(|options| options);
        work.same(&message());
        for (change, place, expected) in &changes {
            work.layers[layer].update(change);
            let event = work.same(&message());
            assert_eq!(event.pointer(place).cloned().unwrap_or_default(), *expected, "{place}");
        }
    }
}

#[test]
fn an_integration_that_comes_late_is_told_of() {
    let work = Work::new(|options| options);
    work.same(&message());
    work.test.client.options().add_integration("late");
    assert_eq!(work.same(&message())["sdk"]["integrations"], json!(["late"]));
}

#[test]
fn what_an_event_says_itself_stands_before_it() {
    let work = Work::new(|options| options);
    work.same(&message());
    let tags = [("layer".into(), "own".into())].into();
    let event = work.same(&Event { tags, ..message() });
    assert_eq!((&event["tags"]["layer"], &event["tags"]["own 0"]), (&json!("own"), &json!("x")));
    let contexts = [("shop".into(), Arc::new(map(json!({"own": 1}))))].into();
    assert_eq!(work.same(&Event { contexts, ..message() })["contexts"]["shop"], json!({"own": 1}));
    let crashed = Event { release: Some("shop@0".into()), ..message() };
    assert_eq!(work.same(&crashed)["release"], "shop@0");
    work.same(&message());
}

#[test]
fn processors_and_hooks_see_all_of_it() {
    let processor = |mut event: Event, _: &Hint| {
        let seen = event.tags.len() + event.extra.len() + event.contexts.len();
        event.tags.insert("seen".into(), seen.to_string().into());
        Ok(Some(event))
    };
    let work = Work::new(|options| options);
    work.same(&message());
    work.layers[1].update(|scope| scope.add_blind_event_processor(Arc::new(processor)));
    // The trace is a context, too.
    assert_eq!(work.same(&message())["tags"]["seen"], "9");
    let work = Work::new(|options| {
        options.with_before_send(|mut event, _| {
            event.tags.insert("seen".into(), event.tags.len().to_string().into());
            Some(event)
        })
    });
    assert_eq!(work.same(&message())["tags"]["seen"], "4");
}

#[test]
fn transactions_say_it_too() {
    let work = Work::new(|options| options.with_traces_sample_rate(1.0).unwrap());
    let [global, isolation, current] = &work.layers;
    for time in 1..5 {
        let scopes = Scopes { global, isolation, current };
        let transaction =
            work.test.client.start_transaction(TransactionOptions::new("import", "task"), scopes);
        if time == 4 {
            transaction.set_tag("layer", "own");
        }
        transaction.finish();
        let event: Event = serde_json::from_slice(&work.test.transport.take()[0].items[0].payload).unwrap();
        assert_eq!(event.tags["layer"], if time == 4 { "own" } else { "2" }, "the {time}th time");
        assert_eq!((event.tags.len(), event.extra.len()), (4, 3));
        let contexts: Vec<_> = event.contexts.keys().map(Text::as_str).collect();
        assert_eq!(contexts, ["shop", "trace"]);
        assert_eq!(event.contexts["trace"]["op"], "task");
    }
}

#[test]
fn what_does_not_fit_is_cut_and_noted_each_time() {
    let work = Work::new(|options| options);
    work.layers[1].update(|scope| scope.set_tag("long", "x".repeat(1000)));
    assert!(work.same(&message())["_meta"]["tags"]["long"].is_object());
    // As a whole it is too large: the parts of scopes go, and the rest stays.
    let work = Work::new(|options| options);
    let exception = Exception { value: Some("\u{1F600}".repeat(8000).into()), ..Exception::default() };
    let event = work.same(&Event::exception(vec![exception; 100]));
    assert_eq!(event["_meta"]["extra"][""]["len"], 3);
    assert!(event["contexts"]["trace"].is_object() && event["contexts"]["shop"].is_null());
}

#[test]
fn scopes_that_take_turns_are_not_confused() {
    let work = Work::new(|options| options);
    let other = Work::new(|options| options);
    other.layers[2].update(|scope| scope.set_tag("layer", "other"));
    for _ in 0..4 {
        let event = other.sent(message());
        assert_eq!(event["tags"]["layer"], "other");
        let [global, isolation, _] = &other.layers;
        let scopes = Scopes { global, isolation, current: &work.layers[2] };
        other.test.client.capture_event(message(), &Hint::default(), scopes).unwrap();
        let event: Event = serde_json::from_slice(&other.test.transport.take()[0].items[0].payload).unwrap();
        assert_eq!(event.tags["layer"], "2");
    }
}
