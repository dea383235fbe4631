//! `bench-peer DSN COUNT STORAGE_DIR [TASK]`: the case with the official SDK, which stores nothing.

use std::time::Duration;

use bench_case::{BookingError, Counting, Side, Start, Task, contexts, tags};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Peer(sentry::ClientInitGuard);

impl Side for Peer {
    fn breadcrumb(&self, message: String, number: u64) {
        sentry::add_breadcrumb(|| sentry::Breadcrumb {
            category: Some("import".into()),
            message: Some(message),
            data: [("row".to_owned(), serde_json::json!(number))].into_iter().collect(),
            ..sentry::Breadcrumb::default()
        });
    }

    fn capture(&self, error: &BookingError) {
        sentry::capture_error(error);
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.0.flush(Some(timeout))
    }

    fn fork_with_tag(&self) {
        sentry::with_scope(|scope| scope.set_tag("row", "7"), || {});
    }

    fn transaction(&self) {
        let transaction = sentry::start_transaction(sentry::TransactionContext::new("import ledger", "task"));
        sentry::configure_scope(|scope| scope.set_span(Some(transaction.clone().into())));
        for number in 0..10 {
            let span = transaction.start_child("db.query", "SELECT balance FROM ledger WHERE invoice = ?");
            span.set_data("row", number.into());
            span.finish();
        }
        transaction.finish();
        sentry::configure_scope(|scope| scope.set_span(None));
    }

    fn log(&self, number: u64) {
        sentry::logger_info!(queue.depth = number, "row {} of the import read from the ledger", number);
    }

    fn metric(&self, number: u64) {
        sentry::metrics::distribution("import.time", number as f64)
            .unit(sentry::protocol::Unit::Millisecond)
            .attribute("queue", "ledger")
            .capture();
    }
}

fn main() {
    let task = Task::from_args();
    let start = Start::new();
    let mut options = sentry::ClientOptions::default();
    options.attach_stacktrace = true;
    options.enable_logs = true;
    options.release = Some("bench@1.0.0".into());
    if let Some(rate) = task.traces_sample_rate() {
        options = options.traces_sample_rate(rate);
    }
    let guard = sentry::init((task.dsn.as_str(), options));
    task.started(&start);
    sentry::configure_scope(|scope| {
        scope.set_user(Some(sentry::User {
            id: Some("42".into()),
            email: Some("a@example.com".into()),
            ..sentry::User::default()
        }));
        for (key, value) in tags() {
            scope.set_tag(&key, value);
        }
        for (name, fields) in contexts() {
            let map = fields.into_iter().map(|(key, value)| (key, value.into())).collect();
            scope.set_context(&name, sentry::protocol::Context::Other(map));
        }
    });
    task.run(Peer(guard));
}
