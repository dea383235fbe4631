//! The middleware in a real actix-web application.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fmt;

use actix_web::http::StatusCode;
use actix_web::{App, HttpResponse, ResponseError, test, web};
use watchpost::integrations::actix_web::WatchpostMiddleware;
use watchpost::testing::{Recorded, record_async};
use watchpost::{ClientOptions, ItemType};

const TRACE: &str = "771a43a4192642f0b136d5159a501700";

/// What goes wrong.
#[derive(Debug)]
enum BookingError {
    NoRate(&'static str),
    NoOrder,
}

impl fmt::Display for BookingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRate(currency) => write!(f, "there is no rate for {currency}"),
            Self::NoOrder => f.write_str("there is no such order"),
        }
    }
}

impl ResponseError for BookingError {
    fn status_code(&self) -> StatusCode {
        match self {
            Self::NoRate(_) => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NoOrder => StatusCode::NOT_FOUND,
        }
    }
}

async fn order(id: web::Path<u32>) -> Result<HttpResponse, BookingError> {
    watchpost::set_tag("order", id.to_string());
    match *id {
        0 => Err(BookingError::NoOrder),
        1 => Err(BookingError::NoRate("XTS")),
        _ => {
            tokio::task::yield_now().await;
            watchpost::capture_message("looked at an order", None);
            Ok(HttpResponse::Ok().finish())
        }
    }
}

fn options() -> ClientOptions {
    let options = ClientOptions::new().with_release("shop@1").with_auto_session_tracking(true);
    options.with_traces_sample_rate(1.0).unwrap()
}

/// Asks for these paths, one after the other.
fn ask(middleware: WatchpostMiddleware, paths: &[&str]) -> (Vec<u16>, Recorded) {
    actix_web::rt::System::new().block_on(record_async(options(), async {
        let app = App::new().service(web::resource("/orders/{id}").to(order)).wrap(middleware);
        let app = test::init_service(app).await;
        let mut answers = Vec::new();
        for path in paths {
            let request = test::TestRequest::get().uri(path).insert_header(("host", "shop.example"));
            let request = request.insert_header(("cookie", "theme=dark"));
            let request = request.insert_header(("sentry-trace", format!("{TRACE}-b7ad6b7169203331-1")));
            answers.push(test::call_service(&app, request.to_request()).await.status().as_u16());
        }
        answers
    }))
}

#[::core::prelude::v1::test]
fn a_request_is_a_transaction_of_its_route_in_the_callers_trace() {
    let (answers, recorded) = ask(WatchpostMiddleware::new(), &["/orders/7?full=1"]);
    assert_eq!(answers, [200]);
    let event = recorded.only_event();
    assert_eq!((event.transaction.as_deref(), event.tags["order"].as_str()), (Some("GET /orders/{id}"), "7"));
    let request = event.request.as_ref().unwrap();
    assert_eq!(request.url.as_deref(), Some("http://shop.example/orders/7"));
    assert_eq!(request.query_string, Some("full=1".into()));
    assert!(!serde_json::to_string(&event).unwrap().contains("dark"), "cookies are personal");
    let transactions = recorded.transactions();
    let transaction = &transactions[0];
    let trace = &transaction["contexts"]["trace"];
    assert_eq!(transaction["transaction"], "GET /orders/{id}");
    assert_eq!((trace["trace_id"].as_str(), trace["status"].as_str()), (Some(TRACE), Some("ok")));
    assert_eq!((&trace["op"], &trace["origin"]), (&"http.server".into(), &"auto.http.actix_web".into()));
    assert_eq!(transaction["transaction_info"]["source"], "route");
}

#[::core::prelude::v1::test]
fn server_errors_are_events_and_others_are_not() {
    let (answers, recorded) = ask(WatchpostMiddleware::new(), &["/orders/0", "/orders/1", "/nowhere"]);
    assert_eq!(answers, [404, 500, 404]);
    let event = recorded.only_event();
    let exception = &event.exception[0];
    assert_eq!(
        (exception.ty.as_deref(), exception.value.as_deref()),
        (Some("NoRate"), Some("there is no rate for XTS"))
    );
    let mechanism = exception.mechanism.as_ref().unwrap();
    assert_eq!((mechanism.ty.as_str(), mechanism.handled), ("auto.http.actix_web", Some(false)));
    assert_eq!(event.tags["order"], "1");
    let status = |at: usize| recorded.transactions()[at]["contexts"]["trace"]["status"].clone();
    assert_eq!([status(0), status(1), status(2)], ["not_found", "internal_error", "not_found"]);
    let aggregates = recorded.payloads(&ItemType::Sessions);
    let sum = |status: &str| -> u64 {
        let buckets = aggregates.iter().flat_map(|item| item["aggregates"].as_array().unwrap());
        buckets.map(|bucket| bucket[status].as_u64().unwrap_or(0)).sum()
    };
    assert_eq!((sum("exited"), sum("errored"), sum("crashed")), (2, 0, 1));
}

#[::core::prelude::v1::test]
fn scopes_of_routes_have_their_names() {
    let ((), recorded) = actix_web::rt::System::new().block_on(record_async(options(), async {
        let orders = web::scope("/shop/{branch}").service(web::resource("/orders/{id}").to(order));
        let app = test::init_service(App::new().service(orders).wrap(WatchpostMiddleware::new())).await;
        for (path, status) in [("/shop/7/orders/0", 404), ("/shop/7/nowhere", 404)] {
            let request = test::TestRequest::get().uri(path).to_request();
            assert_eq!(test::call_service(&app, request).await.status(), status);
        }
    }));
    let transactions = recorded.transactions();
    let shown: Vec<_> = transactions
        .iter()
        .map(|item| {
            (item["transaction"].as_str().unwrap(), item["transaction_info"]["source"].as_str().unwrap())
        })
        .collect();
    assert_eq!(shown, [("GET /shop/{branch}/orders/{id}", "route"), ("GET /shop/7/nowhere", "url")]);
}

#[::core::prelude::v1::test]
fn server_errors_may_be_left_to_the_application() {
    let middleware = WatchpostMiddleware::new().with_capture_server_errors(false);
    let (answers, recorded) = ask(middleware, &["/orders/1"]);
    assert_eq!((answers, recorded.events().len()), (vec![500], 0));
}
