//! Breadcrumbs that JavaScript held: one text for many, read here when an event needs them.
//!
//! The text is a list of fields with U+001F between them. Each breadcrumb has, in this order: what it has (flags, and
//! times 64 the number of its data's fields), its time, then what it has of type, category, message, level and origin,
//! then name and value of each field. A value is JSON, but a text has a colon before it and is as it is: what most
//! texts are made of then needs no escape. The time is in milliseconds since the start that comes with the text, or in
//! seconds since 1970 where `TIME` says so.

use serde_json::Number;
use watchpost_core::{Breadcrumb, Client, HeldBreadcrumbs, Level, PlainBreadcrumb, PlainValue, Timestamp};

const SEPARATOR: u8 = 0x1F;
/// Before a value that is text.
const TEXT: char = ':';

const TYPE: u32 = 1;
const CATEGORY: u32 = 2;
const MESSAGE: u32 = 4;
const LEVEL: u32 = 8;
const ORIGIN: u32 = 16;
const TIME: u32 = 32;
const FIELDS: u32 = 6;

/// The breadcrumbs of a text, oldest first; nothing if it has not `fields` fields or one of them is not what it must be.
pub(crate) fn read(text: &str, fields: u32, start_ms: f64) -> Option<Vec<Breadcrumb>> {
    let mut crumbs = Vec::with_capacity(32);
    each(text, fields, start_ms, |crumb| crumbs.push(crumb.into()))?;
    Some(crumbs)
}

/// The same for an event that nobody looks at before it is stored.
pub(crate) fn hold(client: &Client, text: &str, fields: u32, start_ms: f64) -> Option<HeldBreadcrumbs> {
    let mut writer = client.breadcrumb_writer(text.len(), is_plain(text));
    let mut is_written = true;
    each(text, fields, start_ms, |crumb| is_written = is_written && writer.write(crumb))?;
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

fn each(text: &str, fields: u32, start_ms: f64, mut take: impl FnMut(&PlainBreadcrumb<'_>)) -> Option<()> {
    let mut fields = Fields::new(text, fields)?;
    let mut data = Vec::new();
    while let Some(first) = fields.next() {
        data.clear();
        let crumb = crumb(first.parse().ok()?, &mut fields, start_ms, &mut data)?;
        take(&PlainBreadcrumb { data: &data, ..crumb });
    }
    Some(())
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

/// A breadcrumb but for its data, which goes to `data`.
fn crumb<'a>(
    has: u32,
    fields: &mut Fields<'a>,
    start_ms: f64,
    data: &mut Vec<(&'a str, PlainValue<'a>)>,
) -> Option<PlainBreadcrumb<'a>> {
    let time = fields.next()?;
    let seconds = match has & TIME {
        // Far fewer than 2^32 milliseconds for as long as most processes live, and digits are read faster than decimals.
        0 => (start_ms + time.parse::<u32>().map(f64::from).or_else(|_| time.parse()).ok()?) / 1000.0,
        _ => time.parse().ok()?,
    };
    let mut next = |flag: u32| if has & flag != 0 { fields.next().map(Some) } else { Some(None) };
    let [ty, category, message] = [next(TYPE)?, next(CATEGORY)?, next(MESSAGE)?];
    let [level, origin] = [next(LEVEL)?, next(ORIGIN)?];
    for _ in 0..has >> FIELDS {
        let name = fields.next()?;
        data.push((name, value(fields.next()?)?));
    }
    Some(PlainBreadcrumb {
        timestamp: Timestamp::from_seconds(seconds),
        ty,
        category,
        message,
        level: level.and_then(Level::parse_lenient),
        origin,
        data: &[],
    })
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
