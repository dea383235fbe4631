//! The `sentry` crate, in a program of a workspace of its own.

use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;

use crate::client::{Client, ENVIRONMENT, ORG, RELEASE, Said};
use crate::event::{assert_tags, entry, exceptions, own_frame, tag};

/// Everything that a job can report.
pub(crate) fn job() {
    let program = repo::cache("compat-rust/debug/compat-rust");
    assert!(program.is_file(), "{} is not built: cargo xtask soak compat", program.display());
    let client = Client::open("sdk-rust-job", "rust");
    let said = client.run(Command::new(program));
    the_error(&client, &said);
    the_panic(&client);
    trace(&client, &said);
    telemetry(&client);
    client.took(&[
        ("error", 5),
        ("attachment_item", 2),
        ("session", 4),
        ("monitor", 1),
        ("transaction", 1),
        ("span", 2),
        ("log_item", 1),
        ("trace_metric", 3),
    ]);
    said.was_content("[sentry] Get response:");
}

fn the_error(client: &Client, said: &Said) {
    let id = said.value("error");
    let event = client.event(id);
    assert_eq!(event["title"], "ChargeError: cart 7 cannot be charged");
    assert_eq!((&event["context"]["items"], &event["errors"]), (&json!(3), &json!([])));
    assert_tags(
        &event,
        &[("release", RELEASE), ("environment", ENVIRONMENT), ("tenant", "acme"), ("user", "id:42")],
    );
    let [cause, error] = exceptions(&event) else { panic!("{event:#}") };
    assert_eq!((&cause["type"], &error["type"]), (&json!("ParseIntError"), &json!("ChargeError")));
    assert_eq!(cause["value"], "invalid digit found in string");
    let crumbs = entry(&event, "breadcrumbs")["values"].as_array().unwrap();
    assert_eq!(crumbs[0]["message"], "item added");
    assert_eq!(client.attachment(id).1, "sku;count\nA-1;3\n");
    let issue = client.issue("ChargeError: cart 7 cannot be charged");
    assert_eq!((&issue["count"], &issue["userCount"]), (&json!("2"), &json!(2)), "{issue:#}");
    let warning = client.issue("stock is low");
    assert_eq!(warning["level"], "warning");
}

fn the_panic(client: &Client) {
    let issue = client.issue("panic: the ledger is torn");
    assert_eq!(issue["level"], "fatal");
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()));
    assert_eq!((tag(&event, "handled"), tag(&event, "mechanism")), ("no", "panic"));
    let frame = own_frame(exceptions(&event).last().unwrap());
    assert!(frame["function"].as_str().unwrap().contains("compat_rust::sessions"), "{frame:#}");
    assert!(frame["filename"].as_str().unwrap().ends_with("main.rs"), "{frame:#}");
    assert!(frame["lineNo"].is_u64(), "{frame:#}");
    assert_eq!(client.sessions("crash_free_rate(session)"), 0.75);
}

fn trace(client: &Client, said: &Said) {
    let trace = said.value("trace");
    let fields = ["span.op", "span.description", "parent_span", "transaction", "db.rows", "release"];
    let spans = client.rows("spans", &fields, &format!("trace:{trace}"), 2);
    let of = |op: &str| -> &Value { spans.iter().find(|span| span["span.op"] == op).unwrap() };
    let (root, query) = (of("task"), of("db.query"));
    assert_eq!((&root["transaction"], &root["release"]), (&json!("import ledger"), &json!(RELEASE)));
    assert_eq!((&query["parent_span"], &query["db.rows"]), (&root["id"], &json!(120)));
    let events = client.rows("errors", &["title", "level"], &format!("trace:{trace}"), 1);
    assert_eq!(events[0]["title"], "the queue is stuck");
}

fn telemetry(client: &Client) {
    let log = &client.rows("logs", &["message", "severity", "paid"], "cart.items:3", 1)[0];
    assert_eq!((&log["message"], &log["paid"]), (&json!("checkout finished"), &json!(true)));
    let points = client.rows("metrics", &["metric.name", "metric.unit", "value", "tenant"], "", 3);
    let of = |name: &str| points.iter().find(|point| point["metric.name"] == name).unwrap();
    assert_eq!((&of("checkouts")["value"], &of("checkouts")["tenant"]), (&json!(1.0), &json!("acme")));
    assert_eq!(of("checkout.time")["metric.unit"], "millisecond");
    assert_eq!(client.check_ins("nightly", "ok")[0]["duration"], 1500);
}
