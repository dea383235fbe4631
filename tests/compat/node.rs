//! `@sentry/node`: a job, a shop on Express, and a program that a build has minified.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;
use xtask::stand::request;

use crate::client::{Client, ENVIRONMENT, ORG, PROJECT, RELEASE, Said};
use crate::event::{assert_tags, entry, exceptions, last_frame, own_frame, source, tag};
use crate::sentry_cli;
use crate::terminal::Terminal;

const SPEAKS: &str = "Sentry Logger [log]:";
const TRACE: &str = "0123456789abcdef0123456789abcdef";

fn program(name: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(folder().join(name));
    command
}

fn folder() -> std::path::PathBuf {
    let folder = repo::path("tests/compat/node");
    assert!(folder.join("node_modules").is_dir(), "not installed: cargo xtask test compat");
    folder
}

/// Everything that a job can report.
pub(crate) fn job() {
    let client = Client::open("sdk-node-job", "node");
    let said = client.run(program("job.js"));
    the_error(&client, &said);
    feedback(&client, &said);
    monitors(&client);
    trace(&client, &said);
    telemetry(&client);
    assert_eq!(client.sessions("crash_free_rate(session)"), 1.0);
    client.took(&[
        ("error", 5),
        ("feedback", 1),
        ("attachment_item", 2),
        ("session", 1),
        ("monitor", 4),
        ("span", 2),
        ("log_item", 2),
        ("trace_metric", 3),
    ]);
    said.was_content(SPEAKS);
}

fn the_error(client: &Client, said: &Said) {
    let id = said.value("error");
    let event = client.event(id);
    assert_eq!(event["title"], "ChargeError: cart 7 cannot be charged");
    assert_eq!(event["culprit"], "charge(job)");
    assert_eq!(event["contexts"]["cart"]["items"], 3);
    assert_eq!(event["sdk"]["name"], "sentry.javascript.node");
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
    assert_eq!((&cause["type"], &error["type"]), (&json!("SyntaxError"), &json!("ChargeError")));
    let frame = last_frame(error);
    assert_eq!((&frame["function"], &frame["inApp"]), (&json!("charge"), &json!(true)));
    assert!(source(frame).contains("throw new ChargeError("), "{frame:#}");
    assert_eq!(source(own_frame(cause)).trim(), "return BigInt(amount);");
    let crumbs = entry(&event, "breadcrumbs")["values"].as_array().unwrap();
    assert_eq!((&crumbs[0]["message"], &crumbs[0]["type"]), (&json!("item added"), &json!("default")));

    assert_eq!(client.attachment(id).1, "sku;count\nA-1;3\n");

    let issue = client.issue("ChargeError: cart 7 cannot be charged");
    assert_eq!((&issue["count"], &issue["userCount"]), (&json!("2"), &json!(2)), "{issue:#}");
    let warning = client.issue("stock is low");
    assert_eq!((&warning["level"], &warning["count"]), (&json!("warning"), &json!("2")));
}

fn feedback(client: &Client, said: &Said) {
    let about = said.value("error");
    let path = format!("{PROJECT}/events/{about}/user-reports/");
    let reports = client.wait("the feedback", || {
        let reports = client.get(&path);
        reports.get(0).is_some().then_some(reports)
    });
    assert_eq!(reports[0]["id"], said.value("feedback"));
    assert_eq!(
        (&reports[0]["message"], &reports[0]["name"], &reports[0]["email"]),
        (&json!("I was charged twice"), &json!("Ada"), &json!("ada@shop.test"))
    );
}

fn monitors(client: &Client) {
    for (slug, status) in [("nightly", "ok"), ("weekly", "error")] {
        client.check_ins(slug, status);
    }
    let config = client.get(&format!("{ORG}/monitors/nightly/"))["config"].take();
    assert_eq!(config["schedule"], json!({ "type": "crontab", "value": "0 3 * * *" }));
    assert_eq!(config["timezone"], "Europe/Vienna");
}

fn trace(client: &Client, said: &Said) {
    let trace = said.value("trace");
    let fields =
        ["span.op", "span.description", "parent_span", "transaction", "db.rows", "tenant", "release"];
    let spans = client.rows("spans", &fields, &format!("trace:{trace}"), 2);
    let of = |op: &str| spans.iter().find(|span| span["span.op"] == op).unwrap();
    let (root, query) = (of("task"), of("db.query"));
    assert_eq!((&root["is_transaction"], &root["tenant"]), (&json!(true), &json!("acme")));
    assert_eq!((&query["parent_span"], &query["transaction"]), (&root["id"], &json!("import ledger")));
    assert_eq!((&query["db.rows"], &query["release"]), (&json!(120), &json!(RELEASE)));
    let inside = client.event(said.value("in trace"));
    assert_eq!(inside["contexts"]["trace"]["trace_id"], trace);
    assert_eq!(inside["contexts"]["trace"]["span_id"], root["id"]);
}

fn telemetry(client: &Client) {
    let log = &client.rows("logs", &["message", "severity", "paid"], "cart.items:3", 1)[0];
    assert_eq!((&log["message"], &log["paid"]), (&json!("checkout finished"), &json!(true)));
    let log = &client.rows("logs", &["message", "sentry.message.parameter.0"], "severity:warn", 1)[0];
    assert_eq!(log["message"], "stock of A-1 is 2");
    assert_eq!(log["sentry.message.parameter.0"], "A-1");
    let fields = ["metric.name", "metric.type", "metric.unit", "value", "tenant"];
    let points = client.rows("metrics", &fields, "", 3);
    let of = |name: &str| points.iter().find(|point| point["metric.name"] == name).unwrap();
    assert_eq!((&of("checkouts")["value"], &of("checkouts")["tenant"]), (&json!(1.0), &json!("acme")));
    assert_eq!(of("checkout.time")["metric.unit"], "millisecond");
    assert_eq!(of("queue.depth")["metric.type"], "gauge");
}

/// A shop on Express: spans by themselves, as is today's default, or in transactions.
pub(crate) fn express(lifecycle: &str) {
    let client = Client::open(&format!("sdk-node-express-{lifecycle}"), "node");
    let mut shop = program("shop.js");
    shop.env("TRACE_LIFECYCLE", lifecycle);
    let said = client.serve(shop, |address| {
        let header = format!("{TRACE}-0123456789abcdef-1");
        for _ in 0..2 {
            let items = request(address, "GET", "/items", &[("sentry-trace", &header)], &[]).unwrap();
            assert_eq!(items.text(), r#"{"items":3}"#);
        }
        let headers = [("Content-Type", "application/json"), ("Authorization", "Bearer secret-of-a-person")];
        let body = br#"{"sku":"A-1","password":"hunter2"}"#;
        let failed = request(address, "POST", "/carts/7/pay?page=2&token=abc", &headers, body).unwrap();
        assert_eq!(failed.status, 500);
        assert_eq!(request(address, "GET", "/nowhere", &[], &[]).unwrap().status, 404);
    });
    the_failed_request(&client);
    let fields = ["span.op", "span.description", "transaction", "parent_span", "http.response.status_code"];
    let of_items = format!("trace:{TRACE} transaction:\"GET /items\"");
    let spans = client.rows("spans", &fields, &format!("{of_items} is_transaction:true"), 2);
    assert_eq!(spans[0]["parent_span"], "0123456789abcdef", "{spans:#?}");
    assert_eq!(spans[0]["http.response.status_code"], 200, "{spans:#?}");
    client.rows("spans", &fields, &format!("{of_items} span.op:cache.get span.description:items"), 2);
    assert_eq!(client.sessions("crash_free_rate(session)"), 0.75);
    // What nobody serves (404) the SDK leaves out by itself.
    client.took(&[("error", 1), ("transaction", if lifecycle == "static" { 3 } else { 0 })]);
    said.was_content(SPEAKS);
}

fn the_failed_request(client: &Client) {
    let issue = client.issue("ChargeError: cart 7 cannot be charged");
    assert_eq!((&issue["culprit"], &issue["userCount"]), (&json!("POST /carts/:cart/pay"), &json!(1)));
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()));
    assert_eq!((tag(&event, "handled"), tag(&event, "transaction")), ("no", "POST /carts/:cart/pay"));
    let error = exceptions(&event).last().unwrap();
    assert!(source(last_frame(error)).contains("throw new ChargeError("), "{error:#}");
    let frames = error["stacktrace"]["frames"].as_array().unwrap();
    assert!(frames.iter().any(|frame| frame["inApp"] == false), "{error:#}");
    let sent = entry(&event, "request");
    assert_eq!((&sent["method"], &sent["query"]), (&json!("POST"), &json!("page=2&token=[Filtered]")));
    assert_eq!(sent["data"], json!({ "sku": "A-1", "password": "[Filtered]" }), "{sent:#}");
    assert_eq!(sent["inferredContentType"], "application/json");
    assert!(!event.to_string().contains("secret-of-a-person"));
}

/// A bundle whose frames read as they were written, by debug id and by the release's files.
pub(crate) fn bundled() {
    let terminal = Terminal::open("sdk-node-bundled", &sentry_cli::binary(3));
    let at = &terminal.client.folder;
    let build = |dist: &Path| {
        let mut esbuild = Command::new(folder().join("node_modules/.bin/esbuild"));
        esbuild.arg("bundled/main.ts").current_dir(folder());
        esbuild.args(["--bundle", "--minify", "--sourcemap", "--platform=node", "--external:@sentry/node"]);
        let output = esbuild.arg(format!("--outfile={}", dist.join("app.js").display())).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let run = |dist: &Path, root: Option<&Path>| {
        let mut app = Command::new("node");
        app.arg(dist.join("app.js")).env("NODE_PATH", folder().join("node_modules"));
        if let Some(root) = root {
            app.env("REWRITE_ROOT", root);
        }
        // What is deployed is the bundle alone.
        std::fs::rename(dist.join("app.js.map"), at.join("app.js.map")).unwrap();
        let said = terminal.client.run(app);
        said.was_content(SPEAKS);
        terminal.client.event(said.value("error"))
    };

    let dist = at.join("injected");
    build(&dist);
    terminal.build(&["sourcemaps", "inject", "injected"]);
    terminal.build(&["sourcemaps", "upload", "injected", "--wait"]);
    reads_as_written(&run(&dist, None), "debug-id");

    let dist = at.join("named");
    build(&dist);
    let upload = ["sourcemaps", "upload", "named", "--release", RELEASE, "--url-prefix", "app:///", "--wait"];
    terminal.build(&upload);
    reads_as_written(&run(&dist, Some(&dist)), "release");
    let issue = terminal.client.issue("ChargeError: cart 7 cannot be charged");
    assert_eq!(issue["count"], "2", "both are the same issue: {issue:#}");
}

fn reads_as_written(event: &Value, how: &str) {
    let [cause, error] = exceptions(event) else { panic!("{event:#}") };
    for (exception, function, line) in
        [(cause, "parseAmount", "return BigInt(cleaned);"), (error, "charge", "throw new ChargeError(")]
    {
        let frame = own_frame(exception);
        assert_eq!((&frame["function"], &frame["data"]["resolved_with"]), (&json!(function), &json!(how)));
        assert!(frame["filename"].as_str().unwrap().ends_with("bundled/charge.ts"), "{frame:#}");
        assert!(source(frame).contains(line), "{frame:#}");
    }
}
