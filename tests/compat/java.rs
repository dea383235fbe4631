//! `io.sentry:sentry`, in a program as it is and made unreadable by ProGuard, and in Spring Boot.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};
use xtask::repo;
use xtask::stand::request;

use crate::client::{Client, ENVIRONMENT, ORG, RELEASE, Said};
use crate::event::{assert_tags, breadcrumbs, entry, exceptions, own_frame, tag};
use crate::terminal::Terminal;

/// How the SDK's log begins.
const SPEAKS: &str = "DEBUG: ";
const TRACE: &str = "0123456789abcdef0123456789abcdef";
const MAPPING: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

/// `java` with the classes of a project and what it needs.
fn java(project: &str, classes: &Path, main: &str) -> Command {
    let built = repo::cache("compat-java").join(project);
    assert!(built.join("lib").is_dir(), "{} is not built: cargo xtask test compat", built.display());
    let mut command = Command::new("java");
    command.arg("-cp").arg(format!("{}:{}/lib/*", classes.display(), built.display())).arg(main);
    command
}

fn job_of(classes: &Path, mode: &str) -> Command {
    let mut command = java("plain", classes, "shop.Job");
    command.arg(mode);
    command
}

/// Everything that a program can report, one that has nothing to report, and one that crashes.
pub(crate) fn plain() {
    let client = Client::open("sdk-java-plain", "java");
    let classes = repo::cache("compat-java/plain/classes");
    let said = client.run(job_of(&classes, "job"));
    the_error(&client, &said);
    client.issue("the stock is low");
    feedback(&client, &said);
    let runs = client.check_ins("nightly-bill", "ok");
    assert_eq!(runs.as_array().unwrap().len(), 1, "{runs:#}");
    trace(&client, &said);
    said.was_content(SPEAKS);
    client.run(job_of(&classes, "calm")).was_content(SPEAKS);
    client.run(job_of(&classes, "crash")).was_content(SPEAKS);
    a_crash(&client);
    client.took(&[
        ("error", 3),
        ("attachment_item", 1),
        ("feedback", 1),
        ("monitor", 2),
        ("transaction", 1),
        ("span", 2),
        ("log_item", 2),
        ("trace_metric", 1),
    ]);
    let rate = client.sessions("crash_free_rate(session)").as_f64().unwrap();
    assert!((rate - 2.0 / 3.0).abs() < 1e-9, "{rate}");
    assert_eq!(client.sessions("count_healthy(session)"), 1);
}

fn the_error(client: &Client, said: &Said) {
    let event = client.event(said.value("error"));
    assert_eq!(event["title"], "ChargeException: cart 7 cannot be charged");
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
        ],
    );
    let [cause, error] = exceptions(&event) else { panic!("{event:#}") };
    assert_eq!((&cause["type"], &cause["module"]), (&json!("IllegalStateException"), &json!("java.lang")));
    assert_eq!((&cause["value"], &error["module"]), (&json!("drawer 7 is stuck"), &json!("shop")));
    charged(error, cause);
    let crumb = &breadcrumbs(&event)[0];
    assert_eq!((&crumb["message"], &crumb["data"]["items"]), (&json!("3 items"), &json!(3)));
    assert_eq!(client.attachment(said.value("error")).0["name"], "cart.json");
}

/// The frames as the author wrote them.
fn charged(error: &Value, cause: &Value) {
    for (exception, function, line) in [(error, "charge", 9), (cause, "drawer", 14)] {
        let frame = own_frame(exception);
        assert_eq!(
            (&frame["function"], &frame["module"]),
            (&json!(function), &json!("shop.Till")),
            "{exception:#}"
        );
        assert_eq!(frame["lineNo"], line, "{frame:#}");
    }
}

fn feedback(client: &Client, said: &Said) {
    let about = said.value("error");
    let entry = client.wait("the feedback", || {
        client.get(&format!("{ORG}/feedback/")).as_array().unwrap().first().cloned()
    });
    assert_eq!((&entry["message"], &entry["eventID"]), (&json!("My card is good."), &json!(about)));
    assert_eq!(entry["issue"]["title"], "ChargeException: cart 7 cannot be charged");
}

fn trace(client: &Client, said: &Said) {
    let query = format!("trace:{}", said.value("trace"));
    let fields = ["span.op", "span.description", "is_transaction", "transaction", "db.system"];
    let spans = client.rows("spans", &fields, &query, 2);
    let root = spans.iter().find(|span| span["is_transaction"] == true).unwrap();
    assert_eq!((&root["transaction"], &root["span.op"]), (&json!("bill"), &json!("job")));
    let select = spans.iter().find(|span| span["span.op"] == "db.sql.query").unwrap();
    assert_eq!(
        (&select["span.description"], &select["db.system"]),
        (&json!("SELECT * FROM carts"), &json!("postgresql"))
    );
    let logs = client.rows("logs", &["message", "severity", "cart.items"], &query, 2);
    let warning = logs.iter().find(|log| log["severity"] == "warn").unwrap();
    assert_eq!((&warning["message"], &warning["cart.items"]), (&json!("billing 3 carts"), &json!(3)));
    let point = &client.rows("metrics", &["metric.name", "value", "kind"], &query, 1)[0];
    assert_eq!(
        (&point["metric.name"], &point["value"], &point["kind"]),
        (&json!("bills"), &json!(3.0), &json!("nightly"))
    );
}

fn a_crash(client: &Client) {
    let issue = client.wait("the crash", || {
        client.get(&format!("{ORG}/issues/?query=error.unhandled:true")).as_array().unwrap().first().cloned()
    });
    assert!(issue["title"].as_str().unwrap().starts_with("NullPointerException: Cannot invoke"), "{issue:#}");
    assert_eq!((&issue["level"], &issue["isUnhandled"]), (&json!("fatal"), &json!(true)));
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()));
    assert_eq!(tag(&event, "mechanism"), "UncaughtExceptionHandler");
    assert_eq!(own_frame(&exceptions(&event)[0])["function"], "open");
}

/// The same program after ProGuard, whose mapping was uploaded as a build does.
pub(crate) fn obfuscated() {
    let cli = repo::path("tests/compat/sentry-cli/node_modules/sentry-cli-3/bin/sentry-cli");
    let terminal = Terminal::open("sdk-java-proguard", &cli);
    let client = &terminal.client;
    let (small, mapping) = (client.folder.join("small.jar"), client.folder.join("mapping.txt"));
    let home = Command::new("java").args(["-XshowSettings:properties", "-version"]).output().unwrap();
    let home = String::from_utf8_lossy(&home.stderr).into_owned();
    let home = home.lines().find_map(|line| line.trim().strip_prefix("java.home = ")).unwrap();
    let mut proguard = java("proguard", Path::new("."), "proguard.ProGuard");
    proguard
        .arg(format!("@{}", repo::path("tests/compat/java/plain/rules.pro").display()))
        .arg("-injars")
        .arg(repo::cache("compat-java/plain/classes"))
        .arg("-outjars")
        .arg(&small)
        .arg("-printmapping")
        .arg(&mapping);
    let sentry = repo::cache("compat-java/plain/lib");
    let modules = format!("{home}/jmods/java.base.jmod(!**.jar;!module-info.class)");
    proguard.arg("-libraryjars").arg(sentry).arg("-libraryjars").arg(modules);
    client.run(proguard);
    assert!(std::fs::read_to_string(&mapping).unwrap().contains("shop.Till -> "), "nothing was renamed");
    terminal.build(&["upload-proguard", "--uuid", MAPPING, "mapping.txt"]);

    let mut job = job_of(&small, "job");
    job.env("SENTRY_PROGUARD_UUID", MAPPING);
    let said = client.run(job);
    let event = client.event(said.value("error"));
    assert_eq!(event["title"], "ChargeException: cart 7 cannot be charged");
    let [cause, error] = exceptions(&event) else { panic!("{event:#}") };
    charged(error, cause);
    let raw = error["rawStacktrace"]["frames"].as_array().unwrap();
    assert!(raw.iter().all(|frame| frame["module"] != "shop.Till"), "it was readable before: {raw:#?}");
    said.was_content(SPEAKS);
}

/// Spring Boot, by the project that names its generation: three requests, one of which fails.
pub(crate) fn spring(project: &str) {
    let client = Client::open(&format!("sdk-{project}"), "java");
    let classes = repo::cache("compat-java").join(project).join("classes");
    let program = java(project, &classes, "shop.Shop");
    let said = client.serve(program, |address| {
        let header = format!("{TRACE}-0123456789abcdef-1");
        for _ in 0..2 {
            let items = request(address, "GET", "/items", &[("sentry-trace", &header)], &[]).unwrap();
            assert_eq!(items.text(), r#"{"items":3}"#);
        }
        let headers = [
            ("Content-Type", "application/json"),
            ("Cookie", "session=abc; theme=dark"),
            ("Authorization", "Bearer secret-of-a-person"),
        ];
        let body = br#"{"sku":"A-1","password":"hunter2"}"#;
        assert_eq!(request(address, "POST", "/carts/7/pay?page=2", &headers, body).unwrap().status, 500);
    });
    let issue = client.issue("Shop$ChargeException: cart 7 cannot be charged");
    assert_eq!((&issue["culprit"], &issue["isUnhandled"]), (&json!("POST /carts/{cart}/pay"), &json!(true)));
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()));
    assert_eq!((tag(&event, "release"), tag(&event, "environment")), (RELEASE, ENVIRONMENT));
    let frame = own_frame(exceptions(&event).last().unwrap());
    assert_eq!((&frame["module"], &frame["function"]), (&json!("shop.Shop"), &json!("pay")));
    let sent = entry(&event, "request");
    assert!(sent["url"].as_str().unwrap().ends_with("/carts/7/pay"), "{sent:#}");
    assert_eq!((&sent["method"], &sent["query"]), (&json!("POST"), &json!("page=2")));
    assert!(sent["data"].to_string().contains("A-1"), "{sent:#}");
    let all = event.to_string();
    assert!(!all.contains("secret-of-a-person") && !all.contains("hunter2"), "{sent:#}");

    let fields = ["span.op", "span.description", "is_transaction", "transaction", "parent_span"];
    let spans = client.rows("spans", &fields, &format!("trace:{TRACE}"), 4);
    let root = spans.iter().find(|span| span["is_transaction"] == true).unwrap();
    assert_eq!(
        (&root["transaction"], &root["parent_span"]),
        (&json!("GET /items"), &json!("0123456789abcdef"))
    );
    assert!(spans.iter().any(|span| span["span.op"] == "cache.get" && span["span.description"] == "items"));
    client.rows("logs", &["message"], &format!("trace:{TRACE}"), 2);
    client.took(&[("error", 1), ("transaction", 3), ("log_item", 2)]);
    said.was_content(SPEAKS);
}
