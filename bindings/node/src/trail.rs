//! Breadcrumbs that JavaScript held: one text for many, read here when an event needs them.
//!
//! The text is a list of fields with U+001F between them. Each breadcrumb has, in this order: what it has (flags, and
//! times 64 the number of its data's fields), its time, then what it has of type, category, message, level and origin,
//! then name and value of each field. A value is JSON, but a text has one quote before it and is as it is. The time is
//! in milliseconds since the start that comes with the text, or in seconds since 1970 where `TIME` says so.

use serde_json::Number;
use watchpost_core::{Breadcrumb, Data, Level, Text, Timestamp, Value};

const SEPARATOR: u8 = 0x1F;

const TYPE: u32 = 1;
const CATEGORY: u32 = 2;
const MESSAGE: u32 = 4;
const LEVEL: u32 = 8;
const ORIGIN: u32 = 16;
const TIME: u32 = 32;
const FIELDS: u32 = 6;

/// The breadcrumbs of a text, oldest first; nothing if it has not `fields` fields or one of them is not what it must be.
pub(crate) fn read(text: &str, fields: u32, start_ms: f64) -> Option<Vec<Breadcrumb>> {
    let mut fields = Fields { left: Some(text), number: 0, wanted: fields };
    let mut crumbs = Vec::with_capacity(32);
    while let Some(first) = fields.next() {
        crumbs.push(crumb(first.parse().ok()?, &mut fields, start_ms)?);
    }
    (fields.number == fields.wanted).then_some(crumbs)
}

/// The fields of a text, and how many they were.
struct Fields<'a> {
    left: Option<&'a str>,
    number: u32,
    wanted: u32,
}

impl<'a> Iterator for Fields<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let text = self.left?;
        self.number += 1;
        // Most fields are short: looking at one byte after the other beats what looks at many.
        let Some(end) = text.bytes().position(|byte| byte == SEPARATOR) else { return self.left.take() };
        self.left = text.get(end + 1..);
        text.get(..end)
    }
}

fn crumb<'a>(has: u32, fields: &mut Fields<'a>, start_ms: f64) -> Option<Breadcrumb> {
    let time = fields.next()?;
    let seconds = match has & TIME {
        // Far fewer than 2^32 milliseconds for as long as most processes live, and digits are read faster than decimals.
        0 => (start_ms + time.parse::<u32>().map(f64::from).or_else(|_| time.parse()).ok()?) / 1000.0,
        _ => time.parse().ok()?,
    };
    let mut next = |flag: u32| if has & flag != 0 { fields.next().map(Some) } else { Some(None) };
    let [ty, category, message] = [next(TYPE)?, next(CATEGORY)?, next(MESSAGE)?];
    let [level, origin] = [next(LEVEL)?, next(ORIGIN)?];
    let mut data = Data::new();
    for _ in 0..has >> FIELDS {
        let name = fields.next()?;
        data.insert(name, value(fields.next()?)?);
    }
    Some(Breadcrumb {
        timestamp: Timestamp::from_seconds(seconds),
        ty: ty.map(Text::from),
        category: category.map(Text::from),
        message: message.map(Text::from),
        level: level.and_then(Level::parse_lenient),
        origin: origin.map(Text::from),
        data,
        other: None,
    })
}

fn value(text: &str) -> Option<Value> {
    if let Some(text) = text.strip_prefix('"') {
        return Some(text.into());
    }
    match text {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        number => {
            let whole =
                number.parse::<i64>().map(Value::from).or_else(|_| number.parse::<u64>().map(Value::from));
            whole.ok().or_else(|| Number::from_f64(number.parse().ok()?).map(Value::Number))
        }
    }
}
