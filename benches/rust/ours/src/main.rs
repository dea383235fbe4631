//! `bench-ours DSN COUNT STORAGE_DIR [TASK]`: the case with Watchpost, its spool on unless STORAGE_DIR is `-`.

use std::time::Duration;

use bench_case::{BookingError, Counting, Side, Start, Task, contexts, tags};
use watchpost::{Breadcrumb, ClientOptions, Guard, User};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

struct Ours(Guard);

impl Side for Ours {
    fn breadcrumb(&self, message: String, number: u64) {
        watchpost::add_breadcrumb(Breadcrumb {
            category: Some("import".into()),
            message: Some(message.into()),
            data: [("row", number.into())].into(),
            ..Breadcrumb::default()
        });
    }

    fn capture(&self, error: &BookingError) {
        watchpost::capture_error(error);
    }

    fn flush(&self, timeout: Duration) -> bool {
        self.0.is_enabled() && watchpost::flush(timeout)
    }

    fn fork_with_tag(&self) {
        watchpost::with_scope(|| watchpost::current_scope().update(|scope| scope.set_tag("row", "7")));
    }

    fn transaction(&self) {
        let _transaction = watchpost::start_transaction("import ledger", "task");
        for number in 0..10 {
            let span = watchpost::start_span("db.query", "SELECT balance FROM ledger WHERE invoice = ?");
            span.set_data("row", number);
        }
    }

    fn log(&self, number: u64) {
        watchpost::log_info!(queue.depth = number, "row {} of the import read from the ledger", number);
    }

    fn metric(&self, number: u64) {
        watchpost::metrics::distribution("import.time", number)
            .unit("millisecond")
            .attribute("queue", "ledger")
            .send();
    }
}

fn main() {
    let task = Task::from_args();
    let start = Start::new();
    let options = ClientOptions::new().with_release("bench@1.0.0").with_enable_logs(true);
    let options = match &task.storage {
        Some(folder) => options.with_storage_dir(Some(folder.into())),
        None => options.with_spool(false),
    };
    let options = match task.traces_sample_rate() {
        Some(rate) => options.with_traces_sample_rate(rate.into()).expect("a right rate"),
        None => options,
    };
    let guard = watchpost::init((task.dsn.as_str(), options)).expect("a right DSN");
    task.started(&start);
    watchpost::set_user(User {
        id: Some("42".into()),
        email: Some("a@example.com".into()),
        ..User::default()
    });
    for (key, value) in tags() {
        watchpost::set_tag(key, value);
    }
    for (name, fields) in contexts() {
        let map: watchpost::Map = fields.into_iter().map(|(key, value)| (key, value.into())).collect();
        watchpost::set_context(name, map);
    }
    task.run(Ours(guard));
}
