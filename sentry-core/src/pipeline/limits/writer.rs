//! Breadcrumbs that are masked and written without being made.

use super::breadcrumbs;
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

/// What breadcrumbs have in common that differ in their times, messages and values alone: one JSON object with gaps.
///
/// A process leaves few kinds of breadcrumbs, again and again: their names are looked through and written once.
#[derive(Debug)]
pub struct BreadcrumbShape {
    json: Vec<u8>,
    /// Where in it the time, the message and the values belong, as far as there are any.
    gaps: Vec<usize>,
    has_time: bool,
    has_message: bool,
    names: Vec<Text>,
}

/// Writes held breadcrumbs by the rules of one client.
///
/// A hundred breadcrumbs are most of what an event is made of. Those that need neither masking nor cutting are looked
/// through and written here, without one allocation for each.
#[derive(Debug)]
pub struct BreadcrumbWriter<'a> {
    scrub: &'a Scrubber,
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
        Self { scrub, is_plain, time: (None, Vec::with_capacity(20)), written }
    }

    /// The shape of a breadcrumb; nothing if those of this shape cannot stay as they are.
    pub fn shape(&self, like: &PlainBreadcrumb<'_>) -> Option<BreadcrumbShape> {
        breadcrumbs::has_tidy_names(like, self.scrub).then(|| BreadcrumbShape::of(like))
    }

    /// Writes one of this shape. False if it cannot stay as it is: then all of them are to be handed over as a
    /// [list](HeldBreadcrumbs::list), whose rules know what to do.
    pub fn write_as(
        &mut self,
        shape: &BreadcrumbShape,
        timestamp: Option<Timestamp>,
        message: Option<&str>,
        values: &[PlainValue<'_>],
    ) -> bool {
        if (shape.has_time, shape.has_message) != (timestamp.is_some(), message.is_some())
            || !breadcrumbs::has_tidy_values(message, &shape.names, values, self.scrub)
        {
            return false;
        }
        if let Some(timestamp) = timestamp.filter(|_| timestamp != self.time.0) {
            self.time.0 = Some(timestamp);
            self.time.1.clear();
            json::write_time(timestamp, &mut self.time.1);
        }
        let (is_plain, time) = (self.is_plain, timestamp.map(|_| &self.time.1[..]));
        self.written.add(|out| shape.fill(time, message, values, is_plain, out));
        true
    }

    /// Writes one whose shape is its own.
    pub fn write(&mut self, crumb: &PlainBreadcrumb<'_>) -> bool {
        let values: Vec<PlainValue<'_>> = crumb.data.iter().map(|(_, value)| value.clone()).collect();
        let shape = self.shape(crumb);
        shape.is_some_and(|shape| self.write_as(&shape, crumb.timestamp, crumb.message, &values))
    }

    /// What was written.
    pub fn finish(self) -> HeldBreadcrumbs {
        HeldBreadcrumbs::written(self.written)
    }
}

/// The names of the fields, quotes, and a time in full.
const PUNCTUATION: usize = 80;

impl BreadcrumbShape {
    /// The JSON that a [`Breadcrumb`] has.
    fn of(like: &PlainBreadcrumb<'_>) -> Self {
        let mut shape = Self {
            json: Vec::with_capacity(128),
            gaps: Vec::with_capacity(2 + like.data.len()),
            has_time: like.timestamp.is_some(),
            has_message: like.message.is_some(),
            names: like.data.iter().map(|(name, _)| Text::from(*name)).collect(),
        };
        if shape.has_time {
            shape.gap(b",\"timestamp\":");
        }
        shape.text(b",\"type\":", like.ty);
        shape.text(b",\"category\":", like.category);
        if shape.has_message {
            shape.gap(b",\"message\":");
        }
        shape.text(b",\"level\":", like.level.map(Level::as_str));
        shape.text(b",\"origin\":", like.origin);
        if !like.data.is_empty() {
            shape.json.extend_from_slice(b",\"data\":");
            let start = shape.json.len();
            for (name, _) in like.data {
                shape.json.push(b',');
                json::write_text(name, &mut shape.json);
                shape.gap(b":");
            }
            shape.close(start);
        }
        shape.close(0);
        shape
    }

    /// The comma before the first entry becomes the brace.
    fn close(&mut self, start: usize) {
        match self.json.get_mut(start) {
            Some(comma) => *comma = b'{',
            None => self.json.push(b'{'),
        }
        self.json.push(b'}');
    }

    fn text(&mut self, name: &[u8], text: Option<&str>) {
        if let Some(text) = text {
            self.json.extend_from_slice(name);
            json::write_text(text, &mut self.json);
        }
    }

    /// Something belongs behind this.
    fn gap(&mut self, before: &[u8]) {
        self.json.extend_from_slice(before);
        self.gaps.push(self.json.len());
    }

    /// Appends one of this shape; there are as many values as names.
    fn fill(
        &self,
        time: Option<&[u8]>,
        message: Option<&str>,
        values: &[PlainValue<'_>],
        is_plain: bool,
        out: &mut Vec<u8>,
    ) {
        let (mut gaps, mut from) = (self.gaps.iter(), 0);
        let mut before_gap = |out: &mut Vec<u8>| {
            let end = gaps.next().copied().unwrap_or(self.json.len());
            out.extend_from_slice(self.json.get(from..end).unwrap_or_default());
            from = end;
        };
        if let Some(time) = time {
            before_gap(out);
            out.extend_from_slice(time);
        }
        if let Some(message) = message {
            before_gap(out);
            quoted(message, is_plain, out);
        }
        for value in values {
            before_gap(out);
            match value {
                PlainValue::Text(text) => quoted(text, is_plain, out),
                PlainValue::Bool(true) => out.extend_from_slice(b"true"),
                PlainValue::Bool(false) => out.extend_from_slice(b"false"),
                PlainValue::Digits(digits) => out.extend_from_slice(digits.as_bytes()),
                // A number can always be written.
                PlainValue::Number(number) => drop(json::write(number, out)),
            }
        }
        before_gap(out);
    }
}

fn quoted(text: &str, is_plain: bool, out: &mut Vec<u8>) {
    if !is_plain {
        return json::write_text(text, out);
    }
    out.reserve(text.len() + 2);
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}
