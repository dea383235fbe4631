//! `sentry-sdk` for Python in its web frameworks.

use serde_json::{Value, json};
use xtask::stand::{Answer, request};

use crate::client::{Client, ORG, RELEASE};
use crate::event::{entry, exceptions, last_frame, source, tag};
use crate::python::{SPEAKS, program};

const TRACE: &str = "0123456789abcdef0123456789abcdef";

/// What a framework calls things.
pub(crate) struct Framework {
    /// Its program, without the ending.
    pub(crate) program: &'static str,
    /// How its SDK calls the request that fails, and the one that does not.
    pub(crate) pay: &'static str,
    pub(crate) items: &'static str,
    /// What catches the error.
    pub(crate) mechanism: &'static str,
    /// A span inside of `/items`: operation and description.
    pub(crate) inside: (&'static str, &'static str),
    /// How many spans that makes, itself included.
    pub(crate) spans: usize,
}

pub(crate) const FLASK: Framework = Framework {
    program: "flask",
    pay: "pay",
    items: "items",
    mechanism: "flask",
    inside: ("cache.get", "items"),
    spans: 2,
};
pub(crate) const DJANGO: Framework = Framework {
    program: "django",
    pay: "/carts/{cart}/pay",
    items: "/items",
    mechanism: "django",
    inside: ("db", "SELECT 3 WHERE 1 = %s"),
    spans: 5,
};
pub(crate) const FASTAPI: Framework = Framework {
    program: "fastapi",
    pay: "/carts/{cart}/pay",
    items: "/items",
    mechanism: "starlette",
    inside: ("cache.get", "items"),
    spans: 2,
};

/// Three requests, one of which fails, and one that nobody serves.
pub(crate) fn shop(framework: &Framework) {
    let client = Client::open(&format!("sdk-python-{}", framework.program), "python");
    let said = client.serve(program(&format!("{}_shop.py", framework.program)), |address| {
        let header = format!("{TRACE}-0123456789abcdef-1");
        for _ in 0..2 {
            let items = request(address, "GET", "/items", &[("sentry-trace", &header)], &[]).unwrap();
            let answer: Value = serde_json::from_slice(&items.body).unwrap();
            assert_eq!(answer, json!({ "items": 3 }));
        }
        assert_eq!(pay(address).status, 500);
        assert_eq!(request(address, "GET", "/nowhere", &[], &[]).unwrap().status, 404);
    });
    the_error(&client, framework);
    let fields = ["span.op", "span.description", "transaction", "span.status", "parent_span"];
    let of_items = format!("trace:{TRACE} transaction:{}", framework.items);
    let spans = client.rows("spans", &fields, &of_items, 2 * framework.spans);
    assert_eq!(spans.iter().filter(|span| span["is_transaction"] == true).count(), 2, "{spans:#?}");
    let (op, description) = framework.inside;
    let inside = spans.iter().find(|span| span["span.op"] == op && span["span.description"] == description);
    assert_eq!(inside.unwrap_or_else(|| panic!("{spans:#?}"))["transaction"], framework.items);
    health(&client);
    client.took(&[("error", 1), ("transaction", 4)]);
    said.was_content(SPEAKS);
}

fn pay(address: &str) -> Answer {
    let headers = [
        ("Content-Type", "application/json"),
        ("Cookie", "session=abc; theme=dark"),
        ("Authorization", "Bearer secret-of-a-person"),
    ];
    let body = br#"{"sku":"A-1","password":"hunter2"}"#;
    request(address, "POST", "/carts/7/pay?page=2&token=abc", &headers, body).unwrap()
}

fn the_error(client: &Client, framework: &Framework) {
    let issue = client.issue("ChargeError: cart 7 cannot be charged");
    assert_eq!((&issue["culprit"], &issue["count"]), (&json!(framework.pay), &json!("1")));
    assert_eq!(issue["userCount"], 1, "{issue:#}");
    let event = client.get(&format!("{ORG}/issues/{}/events/latest/", issue["id"].as_str().unwrap()));
    assert_eq!((tag(&event, "handled"), tag(&event, "mechanism")), ("no", framework.mechanism));
    assert_eq!((tag(&event, "transaction"), tag(&event, "release")), (framework.pay, RELEASE));
    assert_eq!(event["user"]["ip_address"], "127.0.0.1");
    let error = exceptions(&event).last().unwrap();
    let frame = last_frame(error);
    assert_eq!((&frame["function"], &frame["inApp"]), (&json!("pay"), &json!(true)));
    assert!(source(frame).contains("raise ChargeError("), "{frame:#}");
    assert_eq!(frame["vars"]["cart"], "7");
    let frames = error["stacktrace"]["frames"].as_array().unwrap();
    let other = frames.iter().find(|frame| frame["inApp"] != true).unwrap();
    assert!(other["absPath"].as_str().unwrap().contains("site-packages"), "{other:#}");

    let sent = entry(&event, "request");
    assert!(sent["url"].as_str().unwrap().ends_with("/carts/7/pay"), "{sent:#}");
    assert_eq!((&sent["method"], &sent["query"]), (&json!("POST"), &json!("page=2&token=[Filtered]")));
    assert_eq!(sent["data"], json!({ "sku": "A-1", "password": "[Filtered]" }));
    assert_eq!(sent["cookies"], json!({ "session": "[Filtered]", "theme": "dark" }));
    assert!(!event.to_string().contains("secret-of-a-person"));
}

fn health(client: &Client) {
    assert_eq!(client.sessions("crash_free_rate(session)"), 0.75);
    assert_eq!(client.sessions("sum(session)"), 4);
}
