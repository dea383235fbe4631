//! The tower layer around a real axum router.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::task::{Context, Poll, Waker};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::{Request, StatusCode};
use axum::routing::{get, post};
use serde_json::Value;
use tower_service::Service as _;
use watchpost::integrations::tower::WatchpostLayer;
use watchpost::testing::{Recorded, record_async};
use watchpost::{ClientOptions, ItemType, ScopeFutureExt as _};

const TRACE: &str = "771a43a4192642f0b136d5159a501700";

fn options() -> ClientOptions {
    let options = ClientOptions::new().with_release("shop@1").with_auto_session_tracking(true);
    options.with_traces_sample_rate(1.0).unwrap()
}

fn router() -> Router {
    Router::new()
        .route("/orders/{id}", get(order))
        .route("/refused", post(refused))
        .route("/panics", get(panics))
        .route("/slow", get(std::future::pending::<&'static str>))
        .layer(WatchpostLayer)
}

async fn order(Path(id): Path<u32>) -> String {
    watchpost::set_tag("order", id.to_string());
    let _span = watchpost::start_span("db.query", "SELECT 1");
    // Another request may run in between, on this thread or another.
    tokio::task::yield_now().await;
    watchpost::capture_message("looked at an order", None);
    id.to_string()
}

async fn refused() -> StatusCode {
    StatusCode::BAD_GATEWAY
}

async fn panics() -> StatusCode {
    panic!("the handler is broken")
}

fn request(method: &str, uri: &str) -> axum::http::request::Builder {
    Request::builder().method(method).uri(uri).header("host", "shop.example")
}

fn sessions(recorded: &Recorded) -> Vec<(String, u64)> {
    let items = recorded.payloads(&ItemType::Sessions);
    let mut counts = std::collections::BTreeMap::<String, u64>::new();
    for bucket in items.iter().flat_map(|item| item["aggregates"].as_array().unwrap()) {
        for status in ["exited", "errored", "crashed", "abnormal"] {
            *counts.entry(status.to_owned()).or_default() += bucket[status].as_u64().unwrap_or(0);
        }
    }
    counts.into_iter().filter(|(_, count)| *count > 0).collect()
}

fn transaction<'a>(recorded: &'a [Value], name: &str) -> &'a Value {
    recorded
        .iter()
        .find(|item| item["transaction"] == name)
        .unwrap_or_else(|| panic!("{name}: {recorded:#?}"))
}

#[tokio::test]
async fn a_request_is_a_transaction_of_its_route_in_the_callers_trace() {
    let (answer, recorded) = record_async(options(), async {
        let request = request("GET", "/orders/7?full=1&token=hunter2")
            .header("sentry-trace", format!("{TRACE}-b7ad6b7169203331-1"))
            .header("authorization", "Bearer hunter2");
        router().call(request.body(Body::empty()).unwrap()).await.unwrap()
    })
    .await;
    assert_eq!(answer.status(), 200);
    let event = recorded.only_event();
    assert_eq!((event.transaction.as_deref(), event.tags["order"].as_str()), (Some("GET /orders/{id}"), "7"));
    let request = event.request.as_ref().unwrap();
    assert_eq!(request.url.as_deref(), Some("http://shop.example/orders/7"));
    assert_eq!((request.method.as_deref(), request.cookies.as_ref()), (Some("GET"), None));
    let text = serde_json::to_string(&event).unwrap();
    assert!(text.contains("full=1") && !text.contains("hunter2"), "{text}");
    assert_eq!(event.contexts["trace"]["trace_id"], TRACE);

    let transactions = recorded.transactions();
    let transaction = transaction(&transactions, "GET /orders/{id}");
    let trace = &transaction["contexts"]["trace"];
    assert_eq!((trace["trace_id"].as_str(), trace["op"].as_str()), (Some(TRACE), Some("http.server")));
    assert_eq!(trace["parent_span_id"], "b7ad6b7169203331");
    assert_eq!((trace["status"].as_str(), trace["origin"].as_str()), (Some("ok"), Some("auto.http.axum")));
    assert_eq!(transaction["transaction_info"]["source"], "route");
    assert_eq!(transaction["spans"][0]["op"], "db.query");
    assert_eq!(transaction["request"]["method"], "GET");
    assert_eq!(event.contexts["trace"]["span_id"], transaction["spans"][0]["span_id"]);
    assert_eq!(sessions(&recorded), [("exited".to_owned(), 1)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_at_once_do_not_see_each_other() {
    let ((), recorded) = record_async(options(), async {
        let mut running = Vec::new();
        for id in 0..20 {
            let call = router().call(request("GET", &format!("/orders/{id}")).body(Body::empty()).unwrap());
            running.push(tokio::spawn(call.in_scope()));
        }
        for call in running {
            call.await.unwrap().unwrap();
        }
        assert!(watchpost::isolation_scope().snapshot().propagation().is_none());
    })
    .await;
    let events = recorded.events();
    let mut orders: Vec<u32> = events.iter().map(|event| event.tags["order"].parse().unwrap()).collect();
    orders.sort_unstable();
    assert_eq!(orders, (0..20).collect::<Vec<_>>());
    for event in &events {
        let url = event.request.as_ref().unwrap().url.as_deref().unwrap();
        assert!(url.ends_with(&format!("/orders/{}", event.tags["order"])), "{url}");
    }
    let mut traces: Vec<_> =
        events.iter().map(|event| event.contexts["trace"]["trace_id"].to_string()).collect();
    traces.sort();
    traces.dedup();
    assert_eq!(traces.len(), 20);
}

#[tokio::test]
async fn failures_and_panics_are_seen() {
    let ((), recorded) = record_async(options(), async {
        let call = |method, uri: &str| router().call(request(method, uri).body(Body::empty()).unwrap());
        assert_eq!(call("POST", "/refused").await.unwrap().status(), 502);
        assert_eq!(call("GET", "/nowhere/7").await.unwrap().status(), 404);
        let panicked = tokio::spawn(call("GET", "/panics").in_scope()).await;
        assert!(panicked.unwrap_err().is_panic());
    })
    .await;
    let event = recorded.only_event();
    assert_eq!(event.exception[0].value.as_deref(), Some("the handler is broken"));
    assert_eq!(event.transaction.as_deref(), Some("GET /panics"));
    let frame = event.exception[0].stacktrace.as_ref().unwrap().frames.last().unwrap();
    // The handler runs inside of the layer, whose frames are not those of a capture.
    assert!(frame.context_line.as_deref().unwrap().contains("the handler is broken"), "{frame:?}");
    let transactions = recorded.transactions();
    let trace = |name| transaction(&transactions, name)["contexts"]["trace"].clone();
    assert_eq!(trace("POST /refused")["status"], "internal_error");
    assert_eq!(trace("POST /refused")["data"]["http.response.status_code"], 502);
    assert_eq!(trace("GET /panics")["status"], "internal_error");
    assert_eq!(trace("GET /nowhere/7")["status"], "not_found");
    assert_eq!(transaction(&transactions, "GET /nowhere/7")["transaction_info"]["source"], "url");
    let expected = [("crashed", 1), ("errored", 1), ("exited", 1)];
    assert_eq!(sessions(&recorded), expected.map(|(status, count)| (status.to_owned(), count)));
}

#[tokio::test]
async fn a_request_that_is_given_up_is_cancelled() {
    let ((), recorded) = record_async(options(), async {
        let mut call = router().call(request("GET", "/slow").body(Body::empty()).unwrap());
        let polled = std::pin::Pin::new(&mut call).poll(&mut Context::from_waker(Waker::noop()));
        assert!(matches!(polled, Poll::Pending));
        drop(call);
    })
    .await;
    assert_eq!(recorded.transactions()[0]["contexts"]["trace"]["status"], "cancelled");
    assert_eq!(sessions(&recorded), [("exited".to_owned(), 1)]);
}

#[tokio::test]
async fn without_tracing_there_are_events_with_a_trace_and_nothing_else() {
    let ((), recorded) = record_async(ClientOptions::new(), async {
        let request = request("GET", "/orders/7").header("sentry-trace", format!("{TRACE}-b7ad6b7169203331"));
        router().call(request.body(Body::empty()).unwrap()).await.unwrap();
    })
    .await;
    assert_eq!(recorded.envelopes.len(), 1);
    let event = recorded.only_event();
    assert_eq!(event.contexts["trace"]["trace_id"], TRACE);
    assert_eq!(event.transaction.as_deref(), Some("GET /orders/{id}"));
}

#[tokio::test]
async fn nested_routers_and_fallbacks_have_their_names() {
    let shop = Router::new().route("/orders/{id}", get(order)).fallback(async || StatusCode::NOT_FOUND);
    let app = Router::new().nest("/shop/{branch}", shop).layer(WatchpostLayer);
    let ((), recorded) = record_async(options(), async {
        for path in ["/shop/7/nowhere", "/nowhere"] {
            let call = app.clone().call(request("GET", path).body(Body::empty()).unwrap());
            assert_eq!(call.await.unwrap().status(), 404);
        }
        let inner = Router::new().route("/{id}", get(async || "42"));
        let app = Router::new().nest("/shop/orders", inner).layer(WatchpostLayer);
        app.clone().call(request("GET", "/shop/orders/7").body(Body::empty()).unwrap()).await.unwrap();
    })
    .await;
    let transactions = recorded.transactions();
    let source = |name| transaction(&transactions, name)["transaction_info"]["source"].clone();
    assert_eq!(source("GET /shop/orders/{id}"), "route");
    assert_eq!(source("GET /nowhere"), "url");
    assert_eq!(transactions.len(), 3);
}

#[tokio::test]
async fn a_disabled_client_is_not_in_the_way() {
    let answer = router().call(request("GET", "/orders/7").body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 200);
}
