//! A job that does everything a program can report.

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;

use sentry::integrations::tracing::ErrorLayer;
use sentry::protocol::{
    Attachment, Breadcrumb, MonitorCheckIn, MonitorCheckInStatus, MonitorConfig, MonitorSchedule, Unit, User,
};
use sentry::{ClientOptions, Envelope, Level, TransactionContext, metrics};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::prelude::*;

#[derive(Debug)]
struct ChargeError {
    cart: u32,
    source: ParseIntError,
}

impl fmt::Display for ChargeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cart {} cannot be charged", self.cart)
    }
}

impl Error for ChargeError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

fn charge(cart: u32, amount: &str) -> Result<u32, ChargeError> {
    amount.parse().map_err(|source| ChargeError { cart, source })
}

fn errors() {
    sentry::configure_scope(|scope| {
        scope.set_tag("tenant", "acme");
        scope.set_extra("items", 3.into());
    });
    sentry::add_breadcrumb(Breadcrumb {
        category: Some("cart".into()),
        message: Some("item added".into()),
        ..Breadcrumb::default()
    });
    let mut ids = Vec::new();
    for id in ["42", "43"] {
        let user = User { id: Some(id.into()), email: Some(format!("u{id}@shop.test")), ..User::default() };
        sentry::configure_scope(|scope| scope.set_user(Some(user)));
        if let Err(error) = charge(7, "12,90") {
            let file = Attachment {
                filename: "cart.csv".into(),
                buffer: b"sku;count\nA-1;3\n".to_vec(),
                content_type: Some("text/csv".into()),
                ..Attachment::default()
            };
            ids.push(sentry::with_scope(
                |scope| scope.add_attachment(file),
                || sentry::capture_error(&error),
            ));
        }
    }
    println!("error: {}", ids[0].simple());
    println!("message: {}", sentry::capture_message("stock is low", Level::Warning).simple());
}

fn sessions() {
    for _ in 0..3 {
        sentry::start_session();
        sentry::end_session();
    }
    sentry::start_session();
    // The hook of the SDK runs before the thread ends, as it does before a process does.
    let hub = sentry::Hub::current();
    let worker = std::thread::spawn(move || sentry::Hub::run(hub, || panic!("the ledger is torn")));
    assert!(worker.join().is_err());
    sentry::end_session();
}

fn check_in() {
    let mut envelope = Envelope::new();
    envelope.add_item(MonitorCheckIn {
        check_in_id: sentry::types::random_uuid(),
        monitor_slug: "nightly".into(),
        status: MonitorCheckInStatus::Ok,
        environment: None,
        duration: Some(1.5),
        monitor_config: Some(MonitorConfig {
            schedule: MonitorSchedule::from_crontab("0 3 * * *").expect("a schedule"),
            checkin_margin: None,
            max_runtime: None,
            timezone: None,
            failure_issue_threshold: None,
            recovery_threshold: None,
        }),
    });
    sentry::Hub::current().client().expect("a client").send_envelope(envelope);
}

fn traced() {
    let transaction = sentry::start_transaction(TransactionContext::new("import ledger", "task"));
    println!("trace: {}", transaction.get_trace_context().trace_id);
    sentry::configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
    let span = transaction.start_child("db.query", "SELECT balance FROM ledger");
    span.set_data("db.rows", 120.into());
    tracing::error!(cart = 8, "the queue is stuck");
    span.finish();
    transaction.finish();
    sentry::configure_scope(|scope| scope.set_span(None));
}

fn telemetry() {
    sentry::logger_info!(cart.items = 3, paid = true, "checkout finished");
    metrics::counter("checkouts", 1).attribute("tenant", "acme").capture();
    metrics::distribution("checkout.time", 12.5).unit(Unit::Millisecond).capture();
    metrics::gauge("queue.depth", 4).capture();
}

fn main() {
    let options = ClientOptions::new().debug(true).traces_sample_rate(1.0);
    let guard = sentry::init(options);
    tracing_subscriber::registry().with(ErrorLayer::new().with_filter(LevelFilter::ERROR)).init();
    errors();
    sessions();
    check_in();
    traced();
    telemetry();
    assert!(guard.close(Some(std::time::Duration::from_secs(20))), "not everything was delivered");
}
