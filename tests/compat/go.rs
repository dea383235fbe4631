//! `sentry-go`, in a job and behind `net/http`.

use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;
use xtask::stand::request;

use crate::client::{Client, ENVIRONMENT, ORG, RELEASE, Said};
use crate::event::{assert_tags, breadcrumbs, entry, exceptions, last_frame, own_frame, tag};

/// How the SDK's log begins.
const SPEAKS: &str = "[Sentry] ";
const TRACE: &str = "0123456789abcdef0123456789abcdef";

/// The shop, compiled.
fn program(mode: &str) -> Command {
    let binary = repo::cache("compat-go/shop");
    assert!(binary.is_file(), "{} is not built: cargo xtask test compat", binary.display());
    let mut command = Command::new(binary);
    command.arg(mode);
    command
}

/// The line that a frame names. The SDK sends no source, so the file itself has to have it there.
fn line_of(frame: &Value) -> String {
    let text = std::fs::read_to_string(frame["absPath"].as_str().unwrap()).unwrap();
    let number = usize::try_from(frame["lineNo"].as_u64().unwrap()).unwrap();
    text.lines().nth(number - 1).unwrap().to_owned()
}

/// Everything that a job can report.
pub(crate) fn job() {
    let client = Client::open("sdk-go-job", "go");
    let said = client.run(program("job"));
    the_error(&client, &said);
    other_issues(&client, &said);
    let runs = client.check_ins("nightly-bill", "ok");
    assert_eq!(runs[0]["duration"], 1500, "{runs:#}");
    trace(&client, &said);
    client.took(&[
        ("error", 3),
        ("attachment_item", 1),
        ("monitor", 2),
        ("transaction", 1),
        ("span", 2),
        ("log_item", 2),
        ("trace_metric", 2),
    ]);
    said.was_content(SPEAKS);
}

fn the_error(client: &Client, said: &Said) {
    let event = client.event(said.value("error"));
    assert_eq!(event["title"], "*main.ChargeError: cart 7 cannot be charged");
    assert_eq!(
        (&event["user"]["email"], &event["contexts"]["cart"]["items"]),
        (&json!("u42@shop.test"), &json!(3))
    );
    assert_tags(
        &event,
        &[
            ("release", RELEASE),
            ("environment", ENVIRONMENT),
            ("server_name", "till-1"),
            ("tenant", "acme"),
            ("user", "id:42"),
            ("level", "error"),
            ("os.name", "linux"),
            ("runtime.name", "go"),
        ],
    );
    // What was wrapped comes first, and the newest has the stack of its capture.
    let all = exceptions(&event);
    let values: Vec<&Value> = all.iter().map(|exception| &exception["value"]).collect();
    assert_eq!(values.last().unwrap(), &&json!("cart 7 cannot be charged"), "{values:?}");
    assert!(values[0].as_str().unwrap().contains("no such file or directory"), "{values:?}");
    let frame = own_frame(all.last().unwrap());
    assert_eq!((&frame["function"], &frame["module"]), (&json!("job"), &json!("main")));
    assert!(line_of(frame).contains("sentry.CaptureException(err)"), "{frame:#}");
    let crumb = &breadcrumbs(&event)[0];
    assert_eq!((&crumb["message"], &crumb["data"]["items"]), (&json!("3 items"), &json!(3)));
    let (file, text) = client.attachment(said.value("error"));
    assert_eq!((&file["name"], text.as_str()), (&json!("cart.json"), r#"{"items":3}"#));
}

fn other_issues(client: &Client, said: &Said) {
    let event = client.event(said.value("panic"));
    assert_eq!(event["level"], "fatal");
    let error = exceptions(&event).last().unwrap();
    assert!(error["value"].as_str().unwrap().contains("index out of range"), "{error:#}");
    // The frame that failed is the last one; the SDK's and the runtime's are not the application's.
    let frame = own_frame(error);
    assert_eq!(frame["function"], "stock", "{error:#}");
    assert!(line_of(frame).contains(r#"shelves["tea"][0]"#), "{frame:#}");
    let issue = client.issue("the stock is low");
    assert_eq!((&issue["level"], &issue["count"]), (&json!("warning"), &json!("1")));
}

fn trace(client: &Client, said: &Said) {
    let query = format!("trace:{}", said.value("trace"));
    let fields = ["span.op", "span.description", "is_transaction", "transaction", "span.status", "db.system"];
    let spans = client.rows("spans", &fields, &query, 2);
    let root = spans.iter().find(|span| span["is_transaction"] == true).unwrap();
    assert_eq!((&root["transaction"], &root["span.op"]), (&json!("bill"), &json!("job")));
    let select = spans.iter().find(|span| span["span.op"] == "db.sql.query").unwrap();
    assert_eq!(
        (&select["span.description"], &select["db.system"]),
        (&json!("SELECT * FROM carts"), &json!("postgresql"))
    );
    let logs = client.rows("logs", &["message", "severity", "cart.items", "trace"], &query, 2);
    let warning = logs.iter().find(|log| log["severity"] == "warn").unwrap();
    assert_eq!((&warning["message"], &warning["cart.items"]), (&json!("billing 3 carts"), &json!(3)));
    let points =
        client.rows("metrics", &["metric.name", "metric.type", "metric.unit", "value", "kind"], &query, 2);
    let point = |name: &str| points.iter().find(|point| point["metric.name"] == name).unwrap();
    assert_eq!((&point("bills")["value"], &point("bills")["kind"]), (&json!(3.0), &json!("nightly")));
    assert_eq!(point("bill.total")["metric.unit"], "euro");
}

/// Three requests to a server, one of which panics.
pub(crate) fn web() {
    let client = Client::open("sdk-go-web", "go");
    let said = client.serve(program("serve"), |address| {
        let header = format!("{TRACE}-0123456789abcdef-1");
        for _ in 0..2 {
            let items = request(address, "GET", "/items", &[("sentry-trace", &header)], &[]).unwrap();
            assert_eq!(items.text(), r#"{"items":3}"#);
        }
        let headers = [
            ("Content-Type", "application/json"),
            ("User-Agent", "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"),
            ("Cookie", "session=abc; theme=dark"),
            ("Authorization", "Bearer secret-of-a-person"),
        ];
        let body = br#"{"sku":"A-1","password":"hunter2"}"#;
        let paid = request(address, "POST", "/carts/7/pay?page=2", &headers, body).unwrap();
        assert_eq!(paid.status, 500);
    });
    let issue = client.issue("*main.ChargeError: cart 7 cannot be charged");
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()));
    assert_eq!(event["level"], "fatal");
    assert_eq!((tag(&event, "browser.name"), tag(&event, "client_os.name")), ("Chrome", "Windows"));
    assert_eq!(tag(&event, "os.name"), "linux", "the machine's own system stays");
    let error = exceptions(&event).last().unwrap();
    assert_eq!(last_frame(error)["function"], "pay", "{error:#}");
    assert!(line_of(last_frame(error)).contains("panic(err)"), "{error:#}");
    let sent = entry(&event, "request");
    assert!(sent["url"].as_str().unwrap().ends_with("/carts/7/pay"), "{sent:#}");
    assert_eq!((&sent["method"], &sent["query"]), (&json!("POST"), &json!("page=2")));
    assert!(sent["data"].to_string().contains("A-1"), "{sent:#}");
    let all = event.to_string();
    assert!(!all.contains("secret-of-a-person") && !all.contains("hunter2"), "{sent:#}");

    let fields = [
        "span.op",
        "span.description",
        "is_transaction",
        "transaction",
        "parent_span",
        "http.response.status_code",
    ];
    let spans = client.rows("spans", &fields, &format!("trace:{TRACE}"), 4);
    let root = spans.iter().find(|span| span["is_transaction"] == true).unwrap();
    assert_eq!(
        (&root["transaction"], &root["parent_span"]),
        (&json!("GET /items"), &json!("0123456789abcdef"))
    );
    assert_eq!(root["http.response.status_code"], 200);
    let inside = spans.iter().find(|span| span["span.op"] == "cache.get").unwrap();
    assert_eq!(inside["span.description"], "items");
    client.rows("logs", &["message"], &format!("trace:{TRACE}"), 2);
    client.took(&[("error", 1), ("transaction", 3), ("log_item", 2)]);
    said.was_content(SPEAKS);
}
