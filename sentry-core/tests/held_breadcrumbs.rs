//! Breadcrumbs that a host holds come out as if the scope had had them.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::{Value, json};
use watchpost_core::testing::TestClient;
use watchpost_core::{
    Breadcrumb, ClientOptions, Event, HeldBreadcrumbs, Hint, Level, PlainBreadcrumb, PlainValue, Scopes,
    SharedScope, Timestamp,
};

const DSN: &str = "https://key@errors.example.com/42";

fn client(change: impl FnOnce(ClientOptions) -> ClientOptions) -> TestClient {
    TestClient::new(change(ClientOptions::new().with_dsn(DSN).unwrap()), Timestamp::from_micros(0), 1)
}

fn plain<'a>(message: &'a str, data: &'a [(&'a str, PlainValue<'a>)]) -> PlainBreadcrumb<'a> {
    PlainBreadcrumb {
        timestamp: Timestamp::from_seconds(1.5),
        ty: Some("http"),
        category: Some("c"),
        message: Some(message),
        level: Some(Level::Warning),
        origin: Some("auto.test"),
        data,
    }
}

fn written(test: &TestClient, messages: &[&str]) -> HeldBreadcrumbs {
    let mut writer = test.client.breadcrumb_writer(64, true);
    messages.iter().for_each(|message| assert!(writer.write(&plain(message, &[]))));
    writer.finish()
}

fn list(messages: &[&str]) -> HeldBreadcrumbs {
    HeldBreadcrumbs::list(messages.iter().map(|message| Breadcrumb::from(&plain(message, &[]))).collect())
}

fn scope(test: &TestClient, messages: &[&str]) -> SharedScope {
    let scope = SharedScope::new();
    for message in messages {
        test.client.add_breadcrumb(Breadcrumb::from(&plain(message, &[])), &Hint::default(), &scope);
    }
    scope
}

/// The event that was sent with these scopes, and what is held for the second.
fn sent(test: &TestClient, scopes: [&SharedScope; 3], held: HeldBreadcrumbs) -> Value {
    let mut event = Event::message("m", Level::Info);
    event.held_breadcrumbs = Some(Box::new(held));
    let [global, isolation, current] = scopes;
    test.client.capture_event(event, &Hint::default(), Scopes { global, isolation, current }).unwrap();
    serde_json::from_slice(&test.transport.take()[0].items[0].payload).unwrap()
}

fn messages(event: &Value) -> Vec<&str> {
    let list = event["breadcrumbs"]["values"].as_array();
    list.into_iter().flatten().map(|crumb| crumb["message"].as_str().unwrap()).collect()
}

#[test]
fn every_field_is_written_as_a_breadcrumb_writes_it() {
    let test = client(|options| options);
    let data = [
        ("text", PlainValue::Text("a \"quote\"\n\u{1}")),
        ("yes", PlainValue::Bool(true)),
        ("number", PlainValue::Number(7.into())),
        ("digits", PlainValue::Digits("-42")),
        ("", PlainValue::Text("")),
    ];
    for crumb in [plain("m", &data), PlainBreadcrumb { message: None, ty: None, ..plain("", &[]) }] {
        let mut writer = test.client.breadcrumb_writer(0, false);
        assert!(writer.write(&crumb));
        let none = SharedScope::new();
        let event = sent(&test, [&none; 3], writer.finish());
        let expected = serde_json::to_value(Breadcrumb::from(&crumb)).unwrap();
        assert_eq!(event["breadcrumbs"]["values"], json!([expected]));
    }
}

#[test]
fn they_stand_behind_those_of_their_scope_and_the_newest_stay() {
    let held = ["3", "4", "5"];
    for max in [100, 6, 5, 4, 3, 2, 1] {
        let test = client(|options| options.with_max_breadcrumbs(max));
        let [global, isolation] = [scope(&test, &["1"]), scope(&test, &["2"])];
        for (current, all) in [
            (scope(&test, &["6", "7"]), vec!["1", "2", "3", "4", "5", "6", "7"]),
            (SharedScope::new(), vec!["1", "2", "3", "4", "5"]),
        ] {
            let expected = &all[all.len().saturating_sub(max)..];
            for held in [written(&test, &held), list(&held)] {
                let event = sent(&test, [&global, &isolation, &current], held);
                assert_eq!(messages(&event), expected, "{max}");
            }
        }
        let none = SharedScope::new();
        let event = sent(&test, [&none; 3], written(&test, &held));
        assert_eq!(messages(&event), &held[held.len().saturating_sub(max)..]);
    }
}

#[test]
fn what_is_a_secret_or_too_long_is_left_to_the_list() {
    let test = client(|options| options);
    let long = "x".repeat(20_000);
    for data in [
        ("password", PlainValue::Text("hunter2")),
        ("http.query", PlainValue::Text("token=hunter2")),
        ("url", PlainValue::Text("https://u:hunter2@h/")),
        ("long", PlainValue::Text(&long)),
    ] {
        let data = [data];
        let crumb = plain("m", &data);
        let mut writer = test.client.breadcrumb_writer(0, false);
        assert!(writer.write(&plain("before", &[])) && !writer.write(&crumb));
        let none = SharedScope::new();
        let event = sent(&test, [&none; 3], HeldBreadcrumbs::list(vec![Breadcrumb::from(&crumb)]));
        let text = event.to_string();
        assert!(!text.contains("hunter2") && !text.contains(&long), "{text}");
    }
    let writes = |message: &str| test.client.breadcrumb_writer(0, false).write(&plain(message, &[]));
    assert!(writes("m") && !writes(&"x".repeat(9_000)));
}

#[test]
fn a_hook_finds_them_among_the_others() {
    let test = client(|options| {
        options.with_before_send(|mut event: Event, _: &Hint| {
            let found: Vec<_> = event.breadcrumbs.iter().filter_map(|crumb| crumb.message.clone()).collect();
            event.extra.insert("found".to_owned(), json!(found));
            Some(event)
        })
    });
    let (none, isolation) = (SharedScope::new(), scope(&test, &["1"]));
    let event = sent(&test, [&none, &isolation, &none], written(&test, &["2"]));
    assert_eq!(event["extra"]["found"], json!(["1", "2"]));
    assert_eq!(messages(&event), ["1", "2"]);
}

#[test]
fn a_blind_processor_leaves_them_as_they_are() {
    let test = client(|options| {
        options.with_blind_event_processor(std::sync::Arc::new(|event: Event, _: &Hint| Ok(Some(event))))
    });
    let none = SharedScope::new();
    assert_eq!(messages(&sent(&test, [&none; 3], written(&test, &["1", "2"]))), ["1", "2"]);
}

#[test]
fn what_is_too_large_as_a_whole_loses_them_and_says_how_many() {
    let test = client(|options| options.with_max_breadcrumbs(1000));
    let long = "x".repeat(8_000);
    let none = SharedScope::new();
    let event = sent(&test, [&none, &scope(&test, &["1"]), &none], written(&test, &vec![long.as_str(); 200]));
    assert_eq!(event["breadcrumbs"], Value::Null);
    assert_eq!(event["_meta"]["breadcrumbs"][""], json!({"rem": [["!limit", "x"]], "len": 201}));
    assert_eq!(event["logentry"]["formatted"], "m");
}
