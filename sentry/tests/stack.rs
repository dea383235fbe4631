//! What a captured error and a panic look like, from outside the crate. One test, as the client is global.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use serde_json::Value;
use watchpost::{ClientOptions, Timestamp};

#[test]
fn the_caller_is_last_and_has_source() {
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let (_guard, test) = watchpost::testing::init(options, Timestamp::from_micros(0), 1);
    let error = "x".parse::<u32>().unwrap_err();
    watchpost::with_scope(|| watchpost::capture_error(&error)).unwrap();
    let event = only_event(&test);
    let exception = &event["exception"]["values"][0];
    assert_eq!(
        (exception["type"].as_str(), exception["mechanism"]["type"].as_str()),
        (Some("ParseIntError"), Some("generic"))
    );
    let frame = last_frame(&event);
    assert!(frame["context_line"].as_str().unwrap().contains("watchpost::capture_error(&error)"), "{frame}");
    assert_eq!((frame["in_app"].as_bool(), frame["pre_context"].as_array().unwrap().len()), (Some(true), 5));

    let thread = std::thread::Builder::new().name("importer".into());
    thread.spawn(|| std::env::var_os("WATCHPOST_IS_NEVER_SET").unwrap()).unwrap().join().unwrap_err();
    let event = only_event(&test);
    let exception = &event["exception"]["values"][0];
    assert_eq!(
        (event["level"].as_str(), exception["mechanism"]["handled"].as_bool()),
        (Some("fatal"), Some(false))
    );
    assert!(exception["value"].as_str().unwrap().contains("called `Option::unwrap()` on a `None` value"));
    let frame = last_frame(&event);
    assert!(frame["context_line"].as_str().unwrap().contains("WATCHPOST_IS_NEVER_SET"), "{frame}");
    let thread = &event["threads"]["values"][0];
    assert_eq!((&thread["name"], &thread["current"]), (&"importer".into(), &true.into()), "{thread}");
    assert!(thread["id"].as_u64().unwrap() > 1 && thread["stacktrace"].is_null(), "{thread}");
    assert_eq!(
        (&event["exception"]["values"][0]["thread_id"], &exception["mechanism"]["type"]),
        (&thread["id"], &"auto.panic".into())
    );
}

fn only_event(test: &watchpost_core::testing::TestClient) -> Value {
    let envelopes = test.transport.take();
    assert_eq!(envelopes.len(), 1);
    serde_json::from_slice(&envelopes[0].items[0].payload).unwrap()
}

fn last_frame(event: &Value) -> &Value {
    event["exception"]["values"][0]["stacktrace"]["frames"].as_array().unwrap().last().unwrap()
}
