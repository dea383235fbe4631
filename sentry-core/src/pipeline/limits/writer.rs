//! Breadcrumbs that are masked and written without being made.

use super::breadcrumbs::{self, KnownKeys};
use crate::json;
use crate::pipeline::scrub::Scrubber;
use crate::protocol::{Breadcrumb, HeldBreadcrumbs, Level, Timestamp, Value, Written};
use crate::text::Text;

/// A breadcrumb as a host holds it: texts and plain values, none of them its own.
#[derive(Debug, Clone, Copy)]
pub struct PlainBreadcrumb<'a> {
    /// When.
    pub timestamp: Option<Timestamp>,
    /// See [`Breadcrumb::ty`].
    pub ty: Option<&'a str>,
    /// See [`Breadcrumb::category`].
    pub category: Option<&'a str>,
    /// See [`Breadcrumb::message`].
    pub message: Option<&'a str>,
    /// See [`Breadcrumb::level`].
    pub level: Option<Level>,
    /// See [`Breadcrumb::origin`].
    pub origin: Option<&'a str>,
    /// See [`Breadcrumb::data`]; each name once.
    pub data: &'a [(&'a str, PlainValue<'a>)],
}

/// A value that holds no others.
#[derive(Debug, Clone)]
pub enum PlainValue<'a> {
    /// Text.
    Text(&'a str),
    /// True or false.
    Bool(bool),
    /// A number.
    Number(serde_json::Number),
    /// A whole number as JSON writes it, of at most 15 digits.
    Digits(&'a str),
}

impl From<&PlainBreadcrumb<'_>> for Breadcrumb {
    fn from(plain: &PlainBreadcrumb<'_>) -> Self {
        let mut data = crate::protocol::Data::new();
        for (name, value) in plain.data {
            let value = match value {
                PlainValue::Text(text) => (*text).into(),
                PlainValue::Bool(is) => (*is).into(),
                PlainValue::Number(number) => Value::Number(number.clone()),
                PlainValue::Digits(digits) => digits.parse::<i64>().map_or(Value::Null, Value::from),
            };
            data.insert(*name, value);
        }
        Self {
            timestamp: plain.timestamp,
            ty: plain.ty.map(Text::from),
            category: plain.category.map(Text::from),
            message: plain.message.map(Text::from),
            level: plain.level,
            origin: plain.origin.map(Text::from),
            data,
            other: None,
        }
    }
}

/// Writes held breadcrumbs by the rules of one client.
///
/// A hundred breadcrumbs are most of what an event is made of. Those that need neither masking nor cutting are looked
/// through and written here, without one allocation for each.
#[derive(Debug)]
pub struct BreadcrumbWriter<'a> {
    scrub: &'a Scrubber,
    keys: KnownKeys,
    /// No text needs an escape.
    is_plain: bool,
    /// The last time and its text: what happens together has the same.
    time: (Option<Timestamp>, Vec<u8>),
    written: Written,
}

impl<'a> BreadcrumbWriter<'a> {
    /// With room for breadcrumbs that take about so many bytes as text.
    pub(crate) fn new(scrub: &'a Scrubber, count: usize, bytes: usize, is_plain: bool) -> Self {
        let written = Written::with_capacity(bytes + PUNCTUATION * count, count);
        Self { scrub, keys: KnownKeys::default(), is_plain, time: (None, Vec::with_capacity(20)), written }
    }

    /// Writes one. False if it cannot stay as it is: then all of them are to be handed over as a
    /// [list](HeldBreadcrumbs::list), whose rules know what to do.
    pub fn write(&mut self, crumb: &PlainBreadcrumb<'_>) -> bool {
        if !breadcrumbs::is_plainly_tidy(crumb, self.scrub, &mut self.keys) {
            return false;
        }
        if let Some(timestamp) = crumb.timestamp.filter(|_| crumb.timestamp != self.time.0) {
            self.time.0 = crumb.timestamp;
            self.time.1.clear();
            json::write_time(timestamp, &mut self.time.1);
        }
        let (is_plain, time) = (self.is_plain, crumb.timestamp.map(|_| &self.time.1[..]));
        self.written.add(|out| Object { out, is_plain }.write(crumb, time));
        true
    }

    /// What was written.
    pub fn finish(self) -> HeldBreadcrumbs {
        HeldBreadcrumbs::written(self.written)
    }
}

/// The names of the fields, quotes, and a time in full.
const PUNCTUATION: usize = 80;

/// The JSON of one breadcrumb: the same as a [`Breadcrumb`] has.
struct Object<'o> {
    out: &'o mut Vec<u8>,
    is_plain: bool,
}

impl Object<'_> {
    /// `time` is the text of the breadcrumb's time.
    fn write(mut self, crumb: &PlainBreadcrumb<'_>, time: Option<&[u8]>) {
        let start = self.out.len();
        if let Some(time) = time {
            self.name(b",\"timestamp\":");
            self.name(time);
        }
        self.text(b",\"type\":", crumb.ty);
        self.text(b",\"category\":", crumb.category);
        self.text(b",\"message\":", crumb.message);
        self.text(b",\"level\":", crumb.level.map(Level::as_str));
        self.text(b",\"origin\":", crumb.origin);
        if !crumb.data.is_empty() {
            self.name(b",\"data\":");
            let start = self.out.len();
            for (key, value) in crumb.data {
                self.out.push(b',');
                self.quoted(key);
                self.out.push(b':');
                self.value(value);
            }
            self.close(start);
        }
        self.close(start);
    }

    /// The comma before the first entry becomes the brace.
    fn close(&mut self, start: usize) {
        match self.out.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.out.push(b'{'),
        }
        self.out.push(b'}');
    }

    fn name(&mut self, name: &[u8]) {
        self.out.extend_from_slice(name);
    }

    fn text(&mut self, name: &[u8], text: Option<&str>) {
        if let Some(text) = text {
            self.name(name);
            self.quoted(text);
        }
    }

    fn quoted(&mut self, text: &str) {
        if !self.is_plain {
            return json::write_text(text, self.out);
        }
        self.out.reserve(text.len() + 2);
        self.out.push(b'"');
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'"');
    }

    fn value(&mut self, value: &PlainValue<'_>) {
        match value {
            PlainValue::Text(text) => self.quoted(text),
            PlainValue::Bool(true) => self.name(b"true"),
            PlainValue::Bool(false) => self.name(b"false"),
            PlainValue::Digits(digits) => self.name(digits.as_bytes()),
            // A number can always be written.
            PlainValue::Number(number) => drop(json::write(number, self.out)),
        }
    }
}
