//! Books the invoices of a list. Some of them are broken, and what goes wrong is reported to `SENTRY_DSN`.
#![expect(clippy::print_stdout, reason = "a program speaks to whoever runs it")]

use std::error::Error;
use std::fmt;
use std::num::ParseIntError;
use std::thread::sleep;
use std::time::Duration;

use watchpost::{Breadcrumb, ClientOptions, EventId, Level, User};

/// An invoice that cannot be booked; its source says why.
#[derive(Debug)]
struct BookingError {
    number: String,
    source: ParseIntError,
}

/// A currency that nobody has a rate for.
#[derive(Debug)]
struct CurrencyError(String);

fn main() -> Result<(), Box<dyn Error>> {
    let storage = std::env::var_os("WATCHPOST_STORAGE_DIR").map(Into::into);
    let options = ClientOptions::new()
        .with_release("invoices@1.4.0")
        .with_environment("example")
        .with_storage_dir(storage);
    // The DSN comes from SENTRY_DSN.
    let _guard = watchpost::init(options)?;
    if std::env::var_os("WATCHPOST_EXAMPLE_IDLE").is_some() {
        // Delivers what an earlier run, killed perhaps, left behind.
        watchpost::flush(Duration::from_secs(20));
        return Ok(());
    }

    watchpost::set_tag("importer", "nightly");
    watchpost::set_user(User { id: Some("7".into()), username: Some("importer".into()), ..User::default() });
    let refused = import_invoices(include_str!("invoices.csv"));
    let text = format!("import ended with {refused} invoices refused");
    report(watchpost::capture_message(text, Level::Warning), "summary");
    watchpost::flush(Duration::from_secs(10));
    Ok(())
}

fn import_invoices(list: &str) -> u32 {
    let mut refused = 0;
    for line in list.lines() {
        let Some([number, _customer, cents, currency]) =
            line.split(',').collect::<Vec<_>>().first_chunk().copied()
        else {
            continue;
        };
        crumb(format!("invoice {number}"));
        match book(number, cents) {
            Err(error) => {
                report(watchpost::capture_error(&error), "amount");
                refused += 1;
            }
            Ok(cents) => {
                if let Err(error) = in_euro(cents, currency) {
                    watchpost::with_scope(|| {
                        watchpost::current_scope()
                            .update(|scope| scope.set_tag("currency", currency.to_owned()));
                        report(watchpost::capture_error(&error), "currency");
                    });
                    refused += 1;
                }
            }
        }
    }
    refused
}

fn book(number: &str, cents: &str) -> Result<i64, BookingError> {
    cents.parse().map_err(|source| BookingError { number: number.to_owned(), source })
}

fn in_euro(cents: i64, currency: &str) -> Result<i64, CurrencyError> {
    match currency {
        "EUR" => Ok(cents),
        "SEK" => Ok(cents * 87 / 1000),
        other => Err(CurrencyError(other.to_owned())),
    }
}

fn crumb(message: String) {
    let crumb = Breadcrumb {
        category: Some("import".into()),
        message: Some(message.into()),
        ..Breadcrumb::default()
    };
    watchpost::add_breadcrumb(crumb);
}

/// Tells whoever runs this which event belongs to which bug.
fn report(event: Option<EventId>, bug: &str) {
    let Some(id) = event else { return };
    println!("captured {id} {bug}");
    if std::env::var_os("WATCHPOST_EXAMPLE_HOLD").is_some() {
        sleep(Duration::from_secs(60));
    }
}

impl fmt::Display for BookingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invoice {} has no usable amount", self.number)
    }
}

impl Error for BookingError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.source)
    }
}

impl fmt::Display for CurrencyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no rate for {}", self.0)
    }
}

impl Error for CurrencyError {}
