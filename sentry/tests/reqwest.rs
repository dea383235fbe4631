//! The middleware in a real reqwest client, asking a server of our own.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::thread::JoinHandle;

use reqwest_middleware::{ClientBuilder, reqwest};
use watchpost::integrations::reqwest::WatchpostMiddleware;
use watchpost::testing::record_async;
use watchpost::{ClientOptions, Level};

/// Answers one request with `status` and gives back its lines.
fn server(status: u16) -> (SocketAddr, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
        let lines: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
        let answer = format!("HTTP/1.1 {status} Whatever\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
        stream.write_all(answer.as_bytes()).unwrap();
        lines
    });
    (address, thread)
}

fn header<'a>(lines: &'a [String], name: &str) -> Option<&'a str> {
    let mut values = lines.iter().filter_map(|line| line.split_once(": ")).filter(|(own, _)| *own == name);
    let value = values.next().map(|(_, value)| value);
    assert!(values.next().is_none(), "{name} is there twice: {lines:?}");
    value
}

async fn get(url: String) -> reqwest_middleware::Result<reqwest::Response> {
    let client = ClientBuilder::new(reqwest::Client::new()).with(WatchpostMiddleware).build();
    client.get(url).header("baggage", "theirs=1").send().await
}

#[tokio::test]
async fn a_request_is_a_span_and_a_breadcrumb_and_takes_the_trace_along() {
    let (address, server) = server(404);
    let options = ClientOptions::new().with_traces_sample_rate(1.0).unwrap();
    let (span_id, recorded) = record_async(options, async move {
        let transaction = watchpost::start_transaction("import", "task");
        get(format!("http://lovelace:pw@{address}/rates?of=EUR&token=hunter2")).await.unwrap();
        watchpost::capture_message("done", None);
        transaction.span_id().to_string()
    })
    .await;
    let lines = server.join().unwrap();
    let transactions = recorded.transactions();
    let span = &transactions[0]["spans"][0];
    let trace = header(&lines, "sentry-trace").unwrap();
    let parts: Vec<&str> = trace.split('-').collect();
    assert_eq!(parts[0], transactions[0]["contexts"]["trace"]["trace_id"]);
    assert_eq!((parts[1], parts[2]), (span["span_id"].as_str().unwrap(), "1"));
    let baggage = header(&lines, "baggage").unwrap();
    assert!(baggage.starts_with("theirs=1,") && baggage.contains("sentry-trace_id="), "{baggage}");
    assert_eq!(span["parent_span_id"], span_id.as_str());
    assert_eq!((&span["op"], &span["status"]), (&"http.client".into(), &"not_found".into()));
    assert_eq!(span["description"], format!("GET http://{address}/rates"));
    let event = recorded.only_event();
    let crumb = &event.breadcrumbs[0];
    assert_eq!((crumb.ty.as_deref(), crumb.category.as_deref()), (Some("http"), Some("http")));
    assert_eq!((crumb.level, crumb.origin.as_deref()), (Some(Level::Warning), Some("auto.http.reqwest")));
    assert_eq!(crumb.data["http.response.status_code"], 404);
    assert_eq!(crumb.data["url"], format!("http://{address}/rates"));
    let all = format!(
        "{:?}",
        recorded
            .envelopes
            .iter()
            .flat_map(|e| &e.items)
            .map(|i| String::from_utf8_lossy(&i.payload))
            .collect::<Vec<_>>()
    );
    assert!(all.contains("of=EUR") && !all.contains("hunter2") && !all.contains("lovelace"), "{all}");
}

#[tokio::test]
async fn targets_decide_who_gets_the_trace() {
    let (address, server) = server(200);
    let options = ClientOptions::new().with_trace_propagation_targets(["http://elsewhere"]);
    let ((), recorded) = record_async(options, async move {
        get(format!("http://{address}/")).await.unwrap();
        watchpost::capture_message("done", None);
    })
    .await;
    let lines = server.join().unwrap();
    assert_eq!((header(&lines, "sentry-trace"), header(&lines, "baggage")), (None, Some("theirs=1")));
    assert_eq!(recorded.only_event().breadcrumbs.len(), 1);
}

#[tokio::test]
async fn requests_to_the_own_server_are_nobodys_business_and_failures_are_errors() {
    let (address, server) = server(200);
    let options = ClientOptions::new().with_dsn(&format!("http://key@{address}/42")).unwrap();
    let ((), recorded) = record_async(options, async move {
        get(format!("http://{address}/api/42/envelope/")).await.unwrap();
        // Nobody listens there, and nobody who asks for a free port is given it.
        get("http://127.0.0.1:9/".to_owned()).await.unwrap_err();
        watchpost::capture_message("done", None);
    })
    .await;
    assert_eq!(header(&server.join().unwrap(), "sentry-trace"), None);
    let event = recorded.only_event();
    assert_eq!(event.breadcrumbs.len(), 1);
    assert_eq!(event.breadcrumbs[0].level, Some(Level::Error));
    assert!(!event.breadcrumbs[0].data.contains_key("http.response.status_code"));
}
