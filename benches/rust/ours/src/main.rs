//! `bench-ours DSN CAPTURES STORAGE_DIR`: the case with Watchpost, its spool on.

use std::time::Duration;

use bench_case::{BookingError, Side, contexts, measure, tags};
use watchpost::{Breadcrumb, ClientOptions, User};

struct Ours;

impl Side for Ours {
    fn breadcrumb(&self, message: String, number: u64) {
        watchpost::add_breadcrumb(Breadcrumb {
            category: Some("import".into()),
            message: Some(message.into()),
            data: [("row".to_owned(), serde_json::json!(number))].into_iter().collect(),
            ..Breadcrumb::default()
        });
    }

    fn capture(&self, error: &BookingError) {
        watchpost::capture_error(error);
    }

    fn flush(&self) {
        assert!(watchpost::flush(Duration::from_secs(10)), "not delivered in 10 s");
    }

    fn fork_with_tag(&self) {
        watchpost::with_scope(|| watchpost::current_scope().update(|scope| scope.set_tag("row", "7")));
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let dsn = words.next().expect("DSN");
    let captures = words.next().and_then(|number| number.parse().ok()).expect("number of captures");
    let storage = words.next().expect("STORAGE_DIR");
    let options = ClientOptions::new().with_release("bench@1.0.0").with_storage_dir(Some(storage.into()));
    let _guard = watchpost::init((dsn.as_str(), options)).expect("a right DSN");
    watchpost::set_user(User { id: Some("42".into()), email: Some("a@example.com".into()), ..User::default() });
    for (key, value) in tags() {
        watchpost::set_tag(key, value);
    }
    for (name, fields) in contexts() {
        let map: watchpost::Map = fields.into_iter().map(|(key, value)| (key, value.into())).collect();
        watchpost::set_context(name, map);
    }
    measure(&Ours, captures);
}
