//! The fields of an event or a span.

use std::error::Error;
use std::fmt;

use tracing_core::Field;
use tracing_core::field::Visit;
use watchpost_core::{Exception, Map, Value};

use crate::error_chain;
use crate::shown::{debug, display};

/// What a record carries, sorted.
#[derive(Debug, Default)]
pub(super) struct Fields {
    /// The field named `message`.
    pub(super) message: Option<String>,
    /// The chain of the first field that is an error.
    pub(super) error: Vec<Exception>,
    /// Everything else, by name.
    pub(super) other: Map,
}

impl Fields {
    fn put(&mut self, field: &Field, value: impl Into<Value>) {
        self.other.insert(field.name().to_owned(), value.into());
    }

    fn put_text(&mut self, field: &Field, text: String) {
        if field.name() == "message" {
            self.message = Some(text);
        } else {
            self.put(field, text);
        }
    }
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.put_text(field, debug(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.put_text(field, value.to_owned());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value);
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        self.put(field, value.to_string());
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        self.put(field, value.to_string());
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.put(field, value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        if self.error.is_empty() {
            self.error = error_chain::exceptions(value);
        } else {
            self.put(field, display(value));
        }
    }
}
