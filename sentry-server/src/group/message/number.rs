use super::cursor::Cursor;

const UNITS: [&str; 16] = [
    "ns", "us", "µs", "μs", "ms", "seconds", "secs", "sec", "s", "minutes", "mins", "min", "m", "hours", "h",
    "d",
];

/// `12ms`, `1.5s`, `1h30m`.
pub(super) fn duration(mut cursor: Cursor<'_>) -> Option<usize> {
    // More pairs than there are units is something else, and bounds the look-ahead.
    for _ in 0..5 {
        cursor.digits(1, 12)?;
        let _ = cursor.attempt(|c| {
            c.one_of(b".")?;
            c.digits(1, 12)
        });
        let unit = UNITS.iter().find(|unit| cursor.rest().starts_with(unit.as_bytes()))?;
        cursor.at += unit.len();
        if cursor.is_end_of_word() {
            return Some(cursor.at);
        }
    }
    None
}

/// Three or four numbers joined by dots.
pub(super) fn version(mut cursor: Cursor<'_>) -> Option<usize> {
    cursor.digits(1, 5)?;
    cursor.literal(".")?;
    cursor.digits(1, 5)?;
    cursor.literal(".")?;
    cursor.digits(1, 10)?;
    let _ = cursor.attempt(|c| {
        c.one_of(b".")?;
        c.digits(1, 10)
    });
    cursor.is_end_of_word().then_some(cursor.at)
}

/// A float, or a whole number; one of eight digits and more is as likely an id in hex.
pub(super) fn number(mut cursor: Cursor<'_>) -> Option<(usize, &'static str)> {
    let length = cursor.run(usize::MAX, |byte| byte.is_ascii_digit());
    if length == 0 {
        return None;
    }
    cursor.at += length;
    let fraction = cursor.attempt(|c| {
        c.one_of(b".")?;
        let digits = c.run(usize::MAX, |byte| byte.is_ascii_digit());
        c.at += digits;
        (digits > 0).then_some(())
    });
    let exponent = cursor.attempt(|c| {
        c.one_of(b"eE")?;
        let _ = c.one_of(b"+-");
        c.digits(1, 4)
    });
    if !cursor.is_end_of_word() {
        return None;
    }
    // `0e1` and `12e4` may be anything; without a dot only a sure form counts.
    let name = match (fraction, exponent) {
        (Some(()), _) | (None, Some(_)) => "float",
        (None, None) if length > 7 => "hex",
        (None, None) => "int",
    };
    Some((cursor.at, name))
}
