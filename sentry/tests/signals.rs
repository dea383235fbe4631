//! The forms of the log macros, and of monitors. One test at a time, as the client is global.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Mutex;

use serde_json::{Value, json};
use watchpost::{ClientOptions, Timestamp};
use watchpost_core::testing::TestClient;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn with_test(run: impl FnOnce(&TestClient)) {
    let _lock = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let options = ClientOptions::new().with_dsn("https://key@errors.example.com/42").unwrap();
    let options = options.with_enable_logs(true);
    let (_guard, test) = watchpost::testing::init(options, Timestamp::from_micros(0), 1);
    run(&test);
}

/// The items of all containers that were sent, flushed out first.
fn sent(test: &TestClient) -> Vec<Value> {
    test.client.flush(std::time::Duration::ZERO);
    let envelopes = test.transport.take();
    let payloads = envelopes.iter().flat_map(|envelope| &envelope.items);
    let payloads = payloads.map(|item| serde_json::from_slice::<Value>(&item.payload).unwrap());
    payloads
        .flat_map(|payload| {
            payload.get("items").map_or(vec![payload.clone()], |list| list.as_array().unwrap().clone())
        })
        .collect()
}

struct Opaque;

impl std::fmt::Display for Opaque {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("shown")
    }
}

#[test]
fn macros_keep_template_parameters_and_attributes() {
    with_test(|test| {
        let shown = "seen";
        let mut calls = 0;
        let mut count = || {
            calls += 1;
            calls
        };
        watchpost::log_info!("plain");
        watchpost::log_warn!("{} has {} and {:?}, {shown}", Opaque, count(), Some(1));
        watchpost::log_error!(order.id = 7, fast = true, "paid by {method}", method = String::from("card"),);
        let logs = sent(test);
        assert_eq!(logs[0]["body"], "plain");
        assert_eq!(logs[0]["attributes"].get("sentry.message.template"), None);
        assert_eq!(logs[1]["body"], "shown has 1 and Some(1), seen");
        assert_eq!(logs[1]["level"], "warn");
        let attributes = &logs[1]["attributes"];
        assert_eq!(attributes["sentry.message.template"]["value"], "{} has {} and {:?}, {shown}");
        assert_eq!(attributes["sentry.message.parameter.0"], json!({"value": "shown", "type": "string"}));
        assert_eq!(attributes["sentry.message.parameter.1"], json!({"value": 1, "type": "integer"}));
        assert_eq!(attributes["sentry.message.parameter.2"], json!({"value": "Some(1)", "type": "string"}));
        let attributes = &logs[2]["attributes"];
        assert_eq!(logs[2]["body"], "paid by card");
        assert_eq!(attributes["order.id"], json!({"value": 7, "type": "integer"}));
        assert_eq!(attributes["fast"], json!({"value": true, "type": "boolean"}));
        assert_eq!(attributes["sentry.message.parameter.method"]["value"], "card");
        assert_eq!(calls, 1, "an argument is looked at once");
    });
}

#[test]
fn a_line_that_leads_nowhere_costs_nothing() {
    with_test(|test| {
        test.client.set_consent(false);
        watchpost::log_info!("{}", panic_if_called());
        assert!(sent(test).is_empty());
    });
}

fn panic_if_called() -> u32 {
    panic!("an argument of a disabled line was looked at")
}

#[test]
fn a_monitor_tells_failures_and_panics_from_success() {
    with_test(|test| {
        let failed: Result<(), &str> = watchpost::with_monitor("job", None, || Err("no"));
        assert_eq!(failed, Err("no"));
        let fine: Result<u32, &str> = watchpost::with_monitor("job", None, || Ok(1));
        assert_eq!(fine, Ok(1));
        let panicked = std::panic::catch_unwind(|| {
            let _run = watchpost::monitor("job", None);
            std::panic::resume_unwind(Box::new("stop"));
        });
        assert!(panicked.is_err());
        drop(watchpost::monitor("no slug", None));
        let said: Vec<_> =
            sent(test).iter().map(|item| item["status"].as_str().unwrap().to_owned()).collect();
        assert_eq!(said, ["in_progress", "error", "in_progress", "ok", "in_progress", "error"]);
    });
}
