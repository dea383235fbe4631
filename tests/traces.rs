//! One trace through three services in three languages, as the server shows it.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use watchpost_tests::{Scene, Service};
use xtask::stand::{Api, request};
use xtask::{Language, repo};

#[test]
fn node_asks_python_asks_rust_in_one_trace() {
    let scene = Scene::new("trace", Language::Node).unwrap();
    let (python, rust) =
        (scene.another_project(Language::Python).unwrap(), scene.another_project(Language::Rust).unwrap());
    let server = scene.server_up().unwrap();
    let spools = scene.spool();

    let mut command = Command::new(env!("CARGO_BIN_EXE_stock"));
    let stock = Service::start("stock", &mut command, &rust, &spools, None).unwrap();
    let mut command = Command::new(repo::cache("venv/bin/python"));
    let next = Some(format!("http://{}", stock.address()));
    let shop = Service::start("shop", command.arg("tests/services/shop.py"), &python, &spools, next).unwrap();
    let mut command = Command::new("node");
    let next = Some(format!("http://{}/orders/7", shop.address()));
    let gateway = command.arg("tests/services/gateway.js");
    let gateway = Service::start("gateway", gateway, scene.project(), &spools, next).unwrap();

    let answer = request(gateway.address(), "GET", "/", &[], &[]).unwrap().text();
    let (trace, said) = answer.split_once(' ').unwrap();
    assert_eq!(said, "none left");
    // Each ends only when all that it has captured is delivered.
    for service in [gateway, shop, stock] {
        service.stop().unwrap();
    }

    let api = scene.api().unwrap();
    let spans = of_trace(&api, "spans", trace, 5);
    // From the first request to the last: each is the parent of the next, and of no other.
    let expected = [
        ("shop", "http.server", true),
        ("shop", "http.client", false),
        ("python", "http.server", true),
        ("python", "http.client", false),
        ("rust", "http.server", true),
    ];
    let mut parent = &Value::Null;
    for (project, op, is_transaction) in expected {
        let inside: Vec<&Value> = spans.iter().filter(|span| span["parent_span"] == *parent).collect();
        let [span] = inside[..] else { panic!("not one span in {parent}: {spans:#?}") };
        let found = (&span["project"], &span["span.op"], &span["is_transaction"]);
        assert_eq!(found, (&json!(project), &json!(op), &json!(is_transaction)), "{spans:#?}");
        assert_eq!(span["trace"], trace);
        parent = &span["id"];
    }
    let errors = of_trace(&api, "errors", trace, 1);
    assert_eq!(errors[0]["title"], "order 7 is out of stock");
    assert_eq!(errors[0]["project"], "rust");
    server.stop();
}

/// Waits until the server, which has accepted them all, shows that many rows; more are as wrong as fewer.
fn of_trace(api: &Api, dataset: &str, trace: &str, count: usize) -> Vec<Value> {
    let fields =
        ["id", "parent_span", "trace", "project", "transaction", "is_transaction", "span.op", "title"];
    let start = Instant::now();
    loop {
        let rows = api.of_trace(dataset, trace, &fields).unwrap();
        if rows.len() >= count {
            assert_eq!(rows.len(), count, "{rows:#?}");
            return rows;
        }
        assert!(start.elapsed() < LIMIT, "{dataset}: {} of {count} rows: {rows:#?}", rows.len());
        std::thread::sleep(Duration::from_millis(50));
    }
}

const LIMIT: Duration = Duration::from_secs(60);
