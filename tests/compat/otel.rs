//! OpenTelemetry's own SDKs, which know nothing of this server but an address and a header.

use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;

use crate::client::{Client, ENVIRONMENT, RELEASE};
use crate::event::{entry, exceptions, last_frame, own_frame, source, tag};

/// The SDK for Python, in protobuf; it has no other form.
pub(crate) fn python(compression: &str) {
    let client = Client::open(&format!("otel-python-{compression}"), "python");
    let python = repo::cache("compat-otel-python/bin/python");
    assert!(python.is_file(), "{} is not installed: cargo xtask test compat", python.display());
    let mut shop = Command::new(python);
    shop.arg(repo::path("tests/compat/otel/python/shop.py"))
        .env("OTEL_EXPORTER_OTLP_COMPRESSION", compression);
    let said = client.run(addressed(&client, shop));
    let root = trace(&client, said.value("trace"), "POST /carts/{cart}/pay");
    assert_eq!(root["telemetry.sdk.language"], "python");
    let fields = ["message", "severity", "exception.type", "code.function.name"];
    let log = &client.rows("logs", &fields, "severity:error", 1)[0];
    assert_eq!(
        (&log["message"], &log["exception.type"]),
        (&json!("cart 7 cannot be charged"), &json!("ValueError"))
    );
    // The span told of it, and the log outside of the trace: an event each, of one issue.
    let title = "ValueError: invalid literal for int() with base 10: '12,90'";
    let event = an_issue(&client, title, 2, "POST /carts/{cart}/pay", said.value("trace"));
    let frame = last_frame(exceptions(&event).last().unwrap());
    assert_eq!((&frame["function"], &frame["lineNo"]), (&json!("charge"), &json!(35)), "{frame:#}");
    assert_eq!((source(frame), &frame["inApp"]), ("return int(amount)", &json!(true)));
    metrics(&client);
    client.took(&[("span", 3), ("log_item", 2), ("error", 2)]);
    said.was_content("202");
}

/// The SDK for Node, in either form.
pub(crate) fn node(protocol: &str, temporality: &str) {
    let client = Client::open(&format!("otel-node-{}", protocol.replace('/', "-")), "node");
    let folder = repo::path("tests/compat/otel/node");
    assert!(folder.join("node_modules").is_dir(), "not installed: cargo xtask test compat");
    let mut shop = Command::new("node");
    shop.arg(folder.join("shop.js")).env("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
    shop.env("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", temporality);
    let said = client.run(addressed(&client, shop));
    let root = trace(&client, said.value("trace"), "POST /carts/:cart/pay");
    assert_eq!(root["telemetry.sdk.language"], "nodejs");
    let title = "SyntaxError: Cannot convert 12,90 to a BigInt";
    let event = an_issue(&client, title, 1, "POST /carts/:cart/pay", said.value("trace"));
    let frame = own_frame(exceptions(&event).last().unwrap());
    assert_eq!((&frame["function"], &frame["lineNo"]), (&json!("charge"), &json!(12)), "{frame:#}");
    metrics(&client);
    client.took(&[("span", 2), ("log_item", 1), ("error", 1)]);
    said.was_content("OTLPExportDelegate");
}

/// What an operator puts into the environment.
fn addressed(client: &Client, mut command: Command) -> Command {
    let (key, rest) = client.project.dsn.trim_start_matches("http://").split_once('@').unwrap();
    let (address, project) = rest.split_once('/').unwrap();
    let resource = format!("service.version={RELEASE},deployment.environment.name={ENVIRONMENT}");
    command
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("http://{address}/api/{project}/integration/otlp"))
        .env("OTEL_EXPORTER_OTLP_HEADERS", format!("x-sentry-auth=sentry sentry_key={key}"))
        .env("OTEL_SERVICE_NAME", "shop")
        .env("OTEL_RESOURCE_ATTRIBUTES", resource)
        .env("OTEL_LOG_LEVEL", "debug");
    for signal in ["TRACES", "LOGS", "METRICS"] {
        command.env(format!("OTEL_{signal}_EXPORTER"), "otlp");
    }
    command
}

/// The request with its query inside, and the log line that was written there; answers the request.
fn trace(client: &Client, trace: &str, name: &str) -> Value {
    let fields = [
        "span.op",
        "span.description",
        "transaction",
        "span.status",
        "tenant",
        "db.rows",
        "telemetry.sdk.language",
    ];
    let spans = client.rows("spans", &fields, &format!("trace:{trace}"), 2);
    let of = |op: &str| spans.iter().find(|span| span["span.op"] == op).unwrap();
    let (root, query) = (of("http.server"), of("db"));
    assert_eq!((&root["is_transaction"], &root["span.description"]), (&json!(true), &json!(name)));
    assert_eq!((&root["span.status"], &root["tenant"]), (&json!("error"), &json!("acme")));
    assert_eq!((&root["release"], &root["environment"]), (&json!(RELEASE), &json!(ENVIRONMENT)));
    assert_eq!((&query["parent_span"], &query["transaction"]), (&root["id"], &json!(name)));
    assert_eq!((&query["span.description"], &query["db.rows"]), (&json!("SELECT balance"), &json!(120)));
    let log = &client.rows("logs", &["message", "severity", "cart.items"], &format!("trace:{trace}"), 1)[0];
    assert_eq!((&log["message"], &log["severity"]), (&json!("stock of A-1 is 2"), &json!("warn")));
    assert_eq!((&log["cart.items"], &log["span_id"]), (&json!(3), &query["id"]));
    assert_eq!((&log["release"], &log["environment"]), (&json!(RELEASE), &json!(ENVIRONMENT)));
    root.clone()
}

/// The issue of that title, and its event of the trace.
fn an_issue(client: &Client, title: &str, count: usize, transaction: &str, trace: &str) -> Value {
    client.rows("errors", &["title"], &format!("title:\"{title}\""), count);
    let issue = client.issue(title);
    assert_eq!((&issue["count"], &issue["level"]), (&json!(count.to_string()), &json!("error")));
    let row = &client.rows("errors", &["id"], &format!("trace:{trace}"), 1)[0];
    let event = client.event(row["id"].as_str().unwrap());
    assert_eq!((&event["groupID"], &event["errors"]), (&issue["id"], &json!([])));
    assert_eq!((tag(&event, "transaction"), tag(&event, "environment")), (transaction, ENVIRONMENT));
    assert_eq!(tag(&event, "release"), RELEASE);
    assert_eq!(event["contexts"]["otel"]["attributes"]["tenant"], "acme");
    assert_eq!(event["contexts"]["otel"]["resource"]["service.name"], "shop");
    assert_eq!(entry(&event, "request")["method"], "POST");
    event
}

fn metrics(client: &Client) {
    let fields = ["metric.name", "metric.type", "metric.unit", "value", "tenant", "release", "sentry.count"];
    // Totals are exported again and again; what was added is there once.
    let point = |name: &str| client.rows("metrics", &fields, &format!("metric.name:{name}"), 1).remove(0);
    let (count, time) = (point("checkouts"), point("checkout.time"));
    assert_eq!((&count["metric.type"], &count["value"]), (&json!("counter"), &json!(1.0)));
    assert_eq!((&count["tenant"], &count["release"]), (&json!("acme"), &json!(RELEASE)));
    assert_eq!((&time["metric.type"], &time["value"]), (&json!("distribution"), &json!(12.5)));
    assert_eq!((&time["metric.unit"], &time["sentry.count"]), (&json!("ms"), &json!(1)));
    let level = &client.rows("metrics", &["metric.type", "max(value)"], "metric.name:queue.depth", 1)[0];
    assert_eq!((&level["metric.type"], &level["max(value)"]), (&json!("gauge"), &json!(4.0)));
}
