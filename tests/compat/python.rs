//! `sentry-sdk` for Python, in a program without a framework.

use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;

use crate::client::{Client, ENVIRONMENT, ORG, PROJECT, RELEASE, Said};
use crate::event::{assert_tags, entry, exceptions, last_frame, source, tag};

/// A program of `tests/compat/python`, in the environment that holds the SDK.
pub(crate) fn program(name: &str) -> Command {
    let python = repo::cache("compat-python/bin/python");
    assert!(python.is_file(), "{} is not installed: cargo xtask test compat", python.display());
    let mut command = Command::new(python);
    command.arg(repo::path("tests/compat/python").join(name)).env("PYTHONUNBUFFERED", "1");
    command.env("PYTHONDONTWRITEBYTECODE", "1");
    command
}

/// How the SDK's log begins.
pub(crate) const SPEAKS: &str = "[sentry] DEBUG:";

/// Everything that a job can report.
pub(crate) fn plain() {
    let client = Client::open("sdk-python-plain", "python");
    let said = client.run(program("plain.py"));
    the_error(&client, &said);
    other_issues(&client);
    health(&client);
    jobs(&client);
    trace(&client, &said);
    telemetry(&client);
    client.took(&[
        ("error", 8),
        ("attachment_item", 2),
        ("session", 4),
        ("monitor", 4),
        ("transaction", 1),
        ("span", 3),
        ("profile", 1),
        ("log_item", 3),
        ("trace_metric", 3),
    ]);
    said.was_content(SPEAKS);
}

fn the_error(client: &Client, said: &Said) {
    let id = said.value("error");
    let event = client.event(id);
    assert_eq!(event["title"], "ChargeError: cart 7 cannot be charged");
    assert_eq!(event["culprit"], "__main__ in charge");
    assert_eq!(event["user"]["email"], "u42@shop.test");
    assert_eq!(event["contexts"]["cart"]["items"], 3);
    assert_eq!(event["packages"]["sentry-sdk"], event["sdk"]["version"]);
    assert_eq!(event["errors"], json!([]));
    assert_tags(
        &event,
        &[
            ("release", RELEASE),
            ("environment", ENVIRONMENT),
            ("tenant", "acme"),
            ("user", "id:42"),
            ("handled", "yes"),
        ],
    );
    let [cause, error] = exceptions(&event) else { panic!("{event:#}") };
    assert_eq!((&cause["type"], &error["type"]), (&json!("ValueError"), &json!("ChargeError")));
    let frame = last_frame(error);
    assert_eq!((&frame["function"], &frame["inApp"]), (&json!("charge"), &json!(true)));
    assert!(source(frame).contains("raise ChargeError("), "{frame:#}");
    assert_eq!(frame["vars"], json!({ "cart": "7", "amount": "'12,90'", "password": "[Filtered]" }));
    assert_eq!(source(last_frame(cause)).trim(), "return int(amount)");
    let crumbs = entry(&event, "breadcrumbs")["values"].as_array().unwrap();
    let crumb = crumbs.iter().find(|crumb| crumb["category"] == "cart").unwrap();
    assert_eq!((&crumb["message"], &crumb["data"]["sku"]), (&json!("item added"), &json!("A-1")));

    let (file, text) = client.attachment(id);
    assert_eq!((&file["name"], &file["mimetype"]), (&json!("cart.csv"), &json!("text/csv")), "{file}");
    assert_eq!(text, "sku;count\nA-1;3\n");

    let issue = client.issue("ChargeError: cart 7 cannot be charged");
    assert_eq!((&issue["count"], &issue["userCount"]), (&json!("2"), &json!(2)), "{issue:#}");
    assert_eq!(issue["firstRelease"]["version"], RELEASE, "{issue:#}");
    assert_eq!(event["groupID"], issue["id"]);
}

fn other_issues(client: &Client) {
    let warning = client.issue("stock is low");
    assert_eq!((&warning["level"], &warning["count"]), (&json!("warning"), &json!("1")));
    let logged = client.issue("the queue mail is stuck");
    assert_eq!(logged["logger"], "shop.job", "{logged:#}");
    let of_thread = client.issue("ChargeError: cart 8 cannot be charged");
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", of_thread["id"].as_str().unwrap()));
    assert_eq!((tag(&event, "handled"), tag(&event, "mechanism")), ("no", "threading"));
}

fn health(client: &Client) {
    let path = format!(
        "{ORG}/sessions/?field=sum(session)&groupBy=session.status&query=release:{RELEASE}&statsPeriod=24h"
    );
    let count = |status: &str| {
        let groups = client.get(&path)["groups"].take();
        let group = groups.as_array().unwrap().iter().find(|group| group["by"]["session.status"] == status);
        group.map_or(Value::Null, |group| group["totals"]["sum(session)"].clone())
    };
    assert_eq!(client.sessions("crash_free_rate(session)"), 1.0);
    assert_eq!((count("healthy"), count("errored"), count("crashed")), (json!(3), json!(1), json!(0)));
    let release = client.get(&format!("{ORG}/releases/{RELEASE}/"));
    assert_eq!(release["projects"][0]["slug"], "shop");
}

fn jobs(client: &Client) {
    for (slug, status) in [("nightly", "ok"), ("weekly", "error")] {
        let runs = client.check_ins(slug, status);
        assert_eq!(runs.as_array().unwrap().len(), 1, "{runs:#}");
        assert_eq!((&runs[0]["environment"], &runs[0]["release"]), (&json!(ENVIRONMENT), &json!(RELEASE)));
    }
    let nightly = client.get(&format!("{ORG}/monitors/nightly/"));
    assert_eq!(nightly["config"]["schedule"], json!({ "type": "crontab", "value": "0 3 * * *" }));
}

fn trace(client: &Client, said: &Said) {
    let trace = said.value("trace");
    let fields = ["span.op", "span.description", "span.duration", "db.system", "tenant"];
    let spans = client.rows("spans", &fields, &format!("trace:{trace}"), 3);
    let of = |op: &str| spans.iter().find(|span| span["span.op"] == op).unwrap();
    let (root, query) = (of("task"), of("db.query"));
    assert_eq!((&root["is_transaction"], &root["transaction"]), (&json!(true), &json!("import ledger")));
    assert_eq!(root["tenant"], "acme", "{root:#}");
    assert_eq!(query["parent_span"], root["id"]);
    assert_eq!(query["span.description"], "SELECT balance FROM ledger");
    assert_eq!(query["db.system"], "postgresql", "{query:#}");
    assert!(query["span.duration"].as_f64() >= Some(100.0), "{query:#}");
    the_profile(client);
    let inside = client.event(said.value("in trace"));
    assert_eq!(inside["contexts"]["trace"]["trace_id"], trace);
    let events = client.rows("errors", &["title"], &format!("trace:{trace}"), 1);
    assert_eq!(events[0]["title"], "ledger imported");
}

/// It lies beside its transaction, as it was sent.
fn the_profile(client: &Client) {
    let events = client.api.events("shop").unwrap();
    let transaction = events.iter().find(|event| event["type"] == "transaction").unwrap();
    let path = format!("{PROJECT}/events/{}/attachments/", transaction["id"].as_str().unwrap());
    let profile = client.wait("the profile", || {
        let files = client.get(&path);
        files.as_array().unwrap().iter().find(|file| file["itemType"] == "profile").cloned()
    });
    let bytes = client.bytes(&format!("{path}{}/", profile["id"].as_str().unwrap()));
    let profile: Value = serde_json::from_slice(&bytes.body).unwrap();
    assert_eq!(profile["transactions"][0]["name"], "import ledger");
    assert!(profile["profile"]["samples"].as_array().unwrap().len() > 1);
    let functions = profile["profile"]["frames"].as_array().unwrap();
    assert!(functions.iter().any(|frame| frame["function"] == "busy"), "{functions:#?}");
}

fn telemetry(client: &Client) {
    let fields = ["message", "severity", "cart.items", "paid", "release"];
    let log = &client.rows("logs", &fields, "cart.items:3", 1)[0];
    assert_eq!((&log["message"], &log["severity"]), (&json!("checkout finished"), &json!("info")));
    assert_eq!((&log["paid"], &log["release"]), (&json!(true), &json!(RELEASE)));
    let log = &client.rows("logs", &["message", "sentry.message.template"], "severity:warn", 1)[0];
    assert_eq!(log["message"], "stock of A-1 is 2");
    assert_eq!(log["sentry.message.template"], "stock of {sku} is {count}");
    let fields = ["metric.name", "metric.type", "metric.unit", "value", "tenant", "release"];
    let points = client.rows("metrics", &fields, "", 3);
    let of = |name: &str| points.iter().find(|point| point["metric.name"] == name).unwrap();
    let (count, time) = (of("checkouts"), of("checkout.time"));
    assert_eq!((&count["metric.type"], &count["value"]), (&json!("counter"), &json!(1.0)));
    assert_eq!((&count["tenant"], &count["release"]), (&json!("acme"), &json!(RELEASE)));
    assert_eq!((&time["metric.unit"], &time["value"]), (&json!("millisecond"), &json!(12.5)));
}

/// Spans that are sent one by one.
pub(crate) fn streamed() {
    let client = Client::open("sdk-python-streamed", "python");
    let said = client.run(program("streamed.py"));
    let trace = said.value("trace");
    let fields = ["span.op", "span.description", "parent_span", "transaction", "db.rows", "release"];
    // What the SDK itself sends while the span is open becomes a span of it, too.
    let spans = client.rows("spans", &fields, &format!("trace:{trace} !span.op:http.client"), 2);
    let of = |op: &str| spans.iter().find(|span| span["span.op"] == op).unwrap();
    let (root, query) = (of("task"), of("db.query"));
    assert_eq!((&root["is_transaction"], &query["is_transaction"]), (&json!(true), &json!(false)));
    assert_eq!((&query["parent_span"], &query["transaction"]), (&root["id"], &json!("import ledger")));
    assert_eq!((&query["db.rows"], &query["release"]), (&json!(120), &json!(RELEASE)));
    let event = client.event(said.value("error"));
    assert_eq!(event["contexts"]["trace"]["span_id"], query["id"], "{event:#}");
    client.took(&[("error", 1)]);
    said.was_content(SPEAKS);
}
