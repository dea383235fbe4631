//! Breadcrumbs that JavaScript held: one text for many, read here when an event needs them.
//!
//! The text is a list of fields with U+001F between them. Each breadcrumb has, in this order: its shape, its time, the
//! values of its data, its message if it has one. A shape is what it has (flags, and times 64 the number of its data's
//! fields), then, with U+007F before each, what it has of type, category, level and origin, and the names of the fields.
//! A value is JSON, but a text has a colon before it and is as it is: what most texts are made of then needs no escape.
//! The time is in milliseconds since the start that comes with the text, or in seconds since 1970 where `TIME` says so.

use serde_json::Number;
use watchpost_core::{
    Breadcrumb, BreadcrumbShape, Client, HeldBreadcrumbs, Level, PlainBreadcrumb, PlainValue, Timestamp,
};

const SEPARATOR: u8 = 0x1F;
/// Between the parts of a shape.
const PART: char = '\u{7F}';
/// Before a value that is text.
const TEXT: char = ':';

const TYPE: u32 = 1;
const CATEGORY: u32 = 2;
const MESSAGE: u32 = 4;
const LEVEL: u32 = 8;
const ORIGIN: u32 = 16;
const TIME: u32 = 32;
const FIELDS: u32 = 6;
/// A shape is looked for among so many before it: where each breadcrumb has another, their number must not be squared.
const LOOKED_BACK: usize = 16;

/// The breadcrumbs of a text, oldest first; nothing if it has not `fields` fields or one of them is not what it must be.
pub(crate) fn read(text: &str, fields: u32, start_ms: f64) -> Option<Vec<Breadcrumb>> {
    let mut crumbs = Vec::with_capacity(32);
    each(text, fields, start_ms, |shape, _, given| {
        let names = shape.data.iter().map(|(name, _)| *name);
        let data: Vec<_> = names.zip(given.values.iter().cloned()).collect();
        let Given { timestamp, message, .. } = given;
        crumbs.push((&PlainBreadcrumb { timestamp, message, data: &data, ..shape.plain() }).into());
    })?;
    Some(crumbs)
}

/// The same for an event that nobody looks at before it is stored.
pub(crate) fn hold(client: &Client, text: &str, fields: u32, start_ms: f64) -> Option<HeldBreadcrumbs> {
    let mut writer = client.breadcrumb_writer(text.len(), is_plain(text));
    let mut is_written = true;
    let mut shapes: Vec<Option<BreadcrumbShape>> = Vec::new();
    each(text, fields, start_ms, |shape, number, given| {
        if shapes.len() <= number {
            shapes.push(writer.shape(&PlainBreadcrumb {
                timestamp: given.timestamp,
                message: given.message,
                ..shape.plain()
            }));
        }
        let shape = shapes.get(number).and_then(Option::as_ref);
        let mut write = |shape| writer.write_as(shape, given.timestamp, given.message, given.values);
        is_written = is_written && shape.is_some_and(&mut write);
    })?;
    if is_written {
        return Some(writer.finish());
    }
    read(text, fields, start_ms).map(HeldBreadcrumbs::list)
}

/// True if nothing but the separators needs an escape in JSON.
fn is_plain(text: &str) -> bool {
    let needs = |byte: u8| (byte < 0x20) & (byte != SEPARATOR) | (byte == b'"') | (byte == b'\\');
    let (blocks, rest) = text.as_bytes().as_chunks::<32>();
    // Without an early end inside a block, so that the compiler compares all of it at once.
    let is_plain = |block: &[u8]| !block.iter().fold(false, |found, byte| found | needs(*byte));
    blocks.iter().all(|block| is_plain(block)) && is_plain(rest)
}

/// Calls `take` with each breadcrumb: its shape, the number of its shape in the order in which they come, and the rest.
fn each<'a>(
    text: &'a str,
    fields: u32,
    start_ms: f64,
    mut take: impl FnMut(&Shape<'a>, usize, Given<'a, '_>),
) -> Option<()> {
    // Each breadcrumb may have a separator before it, the first as well.
    let text = text.strip_prefix(char::from(SEPARATOR)).unwrap_or(text);
    let mut fields = Fields::new(text, fields)?;
    let mut shapes: Vec<Shape<'a>> = Vec::new();
    let mut values: Vec<PlainValue<'a>> = Vec::new();
    let (mut number, mut time) = (0, ("", None));
    while let Some(text) = fields.next() {
        // As a rule many of one shape follow one another.
        if shapes.get(number).is_none_or(|last| last.text != text) {
            let first = shapes.len().saturating_sub(LOOKED_BACK);
            let known = shapes.iter().skip(first).position(|known| known.text == text);
            number = known.map_or(shapes.len(), |place| first + place);
            if number == shapes.len() {
                shapes.push(Shape::parse(text)?);
            }
        }
        let shape = shapes.get(number)?;
        let said = fields.next()?;
        let timestamp = match shape.has & TIME {
            0 if said == time.0 => time.1,
            0 => {
                // Far fewer than 2^32 milliseconds for as long as most processes live, and digits are read faster than
                // decimals.
                let since = said.parse::<u32>().map(f64::from).or_else(|_| said.parse()).ok()?;
                time = (said, Timestamp::from_seconds((start_ms + since) / 1000.0));
                time.1
            }
            _ => Timestamp::from_seconds(said.parse().ok()?),
        };
        values.clear();
        for _ in &shape.data {
            values.push(value(fields.next()?)?);
        }
        let message = if shape.has & MESSAGE == 0 { None } else { Some(fields.next()?) };
        take(shape, number, Given { timestamp, message, values: &values });
    }
    Some(())
}

/// What breadcrumbs of one shape differ in.
struct Given<'a, 'v> {
    timestamp: Option<Timestamp>,
    message: Option<&'a str>,
    /// In the order of the names.
    values: &'v [PlainValue<'a>],
}

/// What they have in common.
struct Shape<'a> {
    text: &'a str,
    has: u32,
    ty: Option<&'a str>,
    category: Option<&'a str>,
    level: Option<Level>,
    origin: Option<&'a str>,
    /// Names, with values that say nothing.
    data: Vec<(&'a str, PlainValue<'a>)>,
}

impl<'a> Shape<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.split(PART);
        let has: u32 = parts.next()?.parse().ok()?;
        let mut next = |flag: u32| if has & flag != 0 { parts.next().map(Some) } else { Some(None) };
        let [ty, category] = [next(TYPE)?, next(CATEGORY)?];
        let [level, origin] = [next(LEVEL)?, next(ORIGIN)?];
        let data: Vec<_> = parts.map(|name| (name, PlainValue::Bool(false))).collect();
        let level = level.and_then(Level::parse_lenient);
        (data.len() == (has >> FIELDS) as usize).then_some(Self {
            text,
            has,
            ty,
            category,
            level,
            origin,
            data,
        })
    }

    /// A breadcrumb of this shape, without time and message.
    fn plain(&self) -> PlainBreadcrumb<'_> {
        let Self { ty, category, level, origin, .. } = *self;
        PlainBreadcrumb { timestamp: None, ty, category, message: None, level, origin, data: &self.data }
    }
}

/// The fields of a text.
struct Fields<'a> {
    text: &'a str,
    /// Where they end, in the order of the text.
    ends: std::vec::IntoIter<usize>,
    next: usize,
}

impl<'a> Fields<'a> {
    /// Nothing if there are more or less of them than `wanted`.
    fn new(text: &'a str, wanted: u32) -> Option<Self> {
        let wanted = wanted as usize;
        // Each has a separator behind it but the last.
        if wanted > text.len() + 1 {
            return None;
        }
        let mut ends = Vec::with_capacity(wanted);
        separators(text.as_bytes(), &mut ends);
        ends.push(text.len());
        (ends.len() == wanted).then(|| Self { text, ends: ends.into_iter(), next: 0 })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let end = self.ends.next()?;
        let field = self.text.get(self.next..end);
        self.next = end + 1;
        field
    }
}

/// Where the separators stand. Fields are short: looking at eight bytes at once, for all that are among them, beats looking
/// for the next one time after time.
fn separators(bytes: &[u8], found: &mut Vec<usize>) {
    const LOW: u64 = 0x7F7F_7F7F_7F7F_7F7F;
    const ALL: u64 = 0x1F1F_1F1F_1F1F_1F1F;
    let (words, rest) = bytes.as_chunks::<8>();
    for (number, word) in words.iter().enumerate() {
        let differs = u64::from_le_bytes(*word) ^ ALL;
        // The high bit of each byte that does not differ, exactly: no carry leaves a byte.
        let mut same = !(((differs & LOW) + LOW) | differs | LOW);
        while same != 0 {
            found.push(8 * number + (same.trailing_zeros() / 8) as usize);
            same &= same - 1;
        }
    }
    let start = bytes.len() - rest.len();
    found.extend(rest.iter().enumerate().filter(|(_, byte)| **byte == SEPARATOR).map(|(at, _)| start + at));
}

/// True for a whole number that JSON and every reader of it take as it is.
fn is_whole(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let starts = matches!(digits.first(), Some(b'1'..=b'9')) || text == "0";
    starts && digits.len() <= 15 && digits.iter().all(u8::is_ascii_digit)
}

fn value(text: &str) -> Option<PlainValue<'_>> {
    if let Some(text) = text.strip_prefix(TEXT) {
        return Some(PlainValue::Text(text));
    }
    match text {
        "true" => Some(PlainValue::Bool(true)),
        "false" => Some(PlainValue::Bool(false)),
        digits if is_whole(digits) => Some(PlainValue::Digits(digits)),
        number => {
            let whole =
                number.parse::<i64>().map(Number::from).or_else(|_| number.parse::<u64>().map(Number::from));
            let number = whole.ok().or_else(|| Number::from_f64(number.parse().ok()?));
            number.map(PlainValue::Number)
        }
    }
}
