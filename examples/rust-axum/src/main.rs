//! A small invoice service on axum. It asks itself for five things, most of which go wrong, and ends.
#![expect(clippy::print_stdout, reason = "a program speaks to whoever runs it")]

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::num::ParseIntError;
use std::time::Duration;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Router, serve};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use watchpost::integrations::tower::WatchpostLayer;
use watchpost::{Breadcrumb, ClientOptions, EventId, Level, Span, User};

/// An invoice that cannot be booked.
#[derive(Debug)]
enum BookingError {
    Amount(u32, ParseIntError),
    Currency(String),
}

type Answer = Result<String, (StatusCode, String)>;

fn main() -> Result<(), Box<dyn Error>> {
    let storage = std::env::var_os("WATCHPOST_STORAGE_DIR").map(Into::into);
    let options = ClientOptions::new()
        .with_release("invoices@1.4.0")
        .with_environment("example")
        .with_storage_dir(storage);
    // The DSN comes from SENTRY_DSN; with SENTRY_TRACES_SAMPLE_RATE=1 every request is a transaction too. Before the
    // runtime, so that the guard outlives it.
    let _guard = watchpost::init(options)?;
    if std::env::var_os("WATCHPOST_EXAMPLE_IDLE").is_some() {
        // Delivers what an earlier run, killed perhaps, left behind.
        watchpost::flush(Duration::from_secs(20));
        return Ok(());
    }
    run()?;
    watchpost::flush(Duration::from_secs(10));
    Ok(())
}

#[tokio::main]
async fn run() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new()
        .route("/invoices/{number}/book", post(book))
        .route("/close", post(close))
        // Each request has scopes of its own (what one sets, another never sees), is a transaction named after its
        // route, continues the caller's trace, and counts for the health of the release.
        .layer(WatchpostLayer);
    let server = tokio::spawn(async { serve(listener, app).await });
    let day = watchpost::start_transaction("book the day's invoices", "task");
    for path in
        ["invoices/1001/book", "invoices/1002/book", "invoices/1004/book", "invoices/1003/book", "close"]
    {
        let span = day.start_child("http.client", format!("POST /{path}"));
        ask(address, path, &span).await?;
        span.finish();
    }
    day.finish();
    server.abort();
    Ok(())
}

async fn book(Path(number): Path<u32>) -> Answer {
    enter("book", &format!("POST /invoices/{number}/book"));
    price(number).map(|cents| format!("booked {cents} cents")).map_err(refused)
}

/// Reports the error, and tells the client.
fn refused(error: BookingError) -> (StatusCode, String) {
    let bug = if matches!(error, BookingError::Amount(..)) { "amount" } else { "currency" };
    report(watchpost::capture_error(&error), bug);
    (StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
}

async fn close() -> Answer {
    enter("close", "POST /close");
    report(watchpost::capture_message("the day was closed with invoices refused", Level::Warning), "close");
    Ok("closed".to_owned())
}

fn enter(route: &'static str, message: &str) {
    watchpost::set_tag("route", route);
    watchpost::set_user(User { id: Some("7".into()), ..User::default() });
    let message = Some(message.to_owned().into());
    watchpost::add_breadcrumb(Breadcrumb { category: Some("http".into()), message, ..Breadcrumb::default() });
}

fn price(number: u32) -> Result<i64, BookingError> {
    let _span = watchpost::start_span("function", "price");
    let (cents, currency) = match number {
        1002 => ("12x5", "EUR"),
        1003 => ("8000", "XTS"),
        1004 => ("seventy", "EUR"),
        _ => ("12050", "EUR"),
    };
    let cents = cents.parse().map_err(|error| BookingError::Amount(number, error))?;
    match currency {
        "EUR" => Ok(cents),
        other => Err(BookingError::Currency(other.to_owned())),
    }
}

/// Tells whoever runs this which event belongs to which bug.
fn report(event: Option<EventId>, bug: &str) {
    let Some(id) = event else { return };
    println!("captured {id} {bug}");
    if std::env::var_os("WATCHPOST_EXAMPLE_HOLD").is_some() {
        std::thread::sleep(Duration::from_secs(60));
    }
}

/// Asks as another service would: the headers take the trace along. With reqwest, the SDK's middleware does that.
async fn ask(address: SocketAddr, path: &str, span: &Span) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    let mut request = format!("POST /{path} HTTP/1.1\r\nHost: {address}\r\n");
    for (name, value) in span.headers(None).iter() {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("Content-Length: 0\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

impl fmt::Display for BookingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Amount(number, _) => write!(f, "invoice {number} has no usable amount"),
            Self::Currency(currency) => write!(f, "there is no rate for {currency}"),
        }
    }
}

impl Error for BookingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Amount(_, error) => Some(error),
            Self::Currency(_) => None,
        }
    }
}
