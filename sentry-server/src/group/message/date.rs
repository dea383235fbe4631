use super::cursor::Cursor;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const DAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// A date or time of day that begins with a digit.
pub(super) fn numeric(cursor: Cursor<'_>) -> Option<usize> {
    if !cursor.peek().is_some_and(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let after_colon = cursor.at > 0 && cursor.bytes[cursor.at - 1] == b':';
    let forms: [fn(&mut Cursor<'_>) -> Option<()>; 5] =
        [year_first, compact, day_first, day_month_year, clock];
    forms.iter().enumerate().find_map(|(index, form)| {
        // `file.py:10:30` is a line and a column.
        if index == 4 && after_colon {
            return None;
        }
        let mut copy = cursor;
        form(&mut copy)?;
        copy.is_end_of_word().then_some(copy.at)
    })
}

/// A date that begins with a day's or month's name, or as Python prints it.
pub(super) fn named(cursor: Cursor<'_>) -> Option<usize> {
    let forms: [fn(&mut Cursor<'_>) -> Option<()>; 3] = [with_weekday, month_first, python];
    forms.iter().find_map(|form| {
        let mut copy = cursor;
        form(&mut copy)?;
        copy.is_end_of_word().then_some(copy.at)
    })
}

/// `2026-11-22`, `2026/11/22 16:31`, `2026-11-22T16:31:21.5+02:00`.
fn year_first(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.number(4, 4, 1000..=2999)?;
    let joint = [cursor.one_of(b"-/.")?];
    cursor.number(1, 2, 1..=12)?;
    cursor.one_of(&joint)?;
    cursor.number(1, 2, 1..=31)?;
    optional_time(cursor);
    Some(())
}

/// `20261122T163121Z`
fn compact(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.number(8, 8, 10_000_101..=29_991_231)?;
    cursor.one_of(b"T")?;
    cursor.number(6, 6, 0..=235_960)?;
    zone(cursor);
    Some(())
}

/// `22/11/2026`, `11/22/26`, `22.11.2026 16:31`
fn day_first(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.number(1, 2, 1..=31)?;
    let joint = cursor.one_of(b"-/.")?;
    cursor.number(1, 2, 1..=31)?;
    cursor.one_of(&[joint])?;
    // With dots, a short year would be a version.
    let short = joint != b'.' && cursor.attempt(|c| c.digits(2, 2)).is_some();
    if !short {
        cursor.number(4, 4, 1000..=2999)?;
    }
    optional_time(cursor);
    Some(())
}

/// `22 Nov 2026 16:31:21 GMT`, `22-Nov-26`
fn day_month_year(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.number(1, 2, 1..=31)?;
    let joint = [cursor.one_of(b" -")?];
    name(cursor, &MONTHS)?;
    cursor.one_of(&joint)?;
    year(cursor)?;
    optional_time(cursor);
    Some(())
}

/// `Sun, 22 Nov 2026 16:31:21 GMT`, `Sun Nov 22 2026 16:31:21`, `Sun Nov 22 16:31:21 2026`
fn with_weekday(cursor: &mut Cursor<'_>) -> Option<()> {
    name(cursor, &DAYS)?;
    let _ = cursor.one_of(b",");
    cursor.one_of(b" ")?;
    if cursor.attempt(day_month_year).is_some() || cursor.attempt(month_first).is_some() {
        return Some(());
    }
    month_day(cursor)?;
    cursor.one_of(b" ")?;
    clock(cursor)?;
    cursor.one_of(b" ")?;
    year(cursor)
}

/// `Nov 22, 2026`, `November 22 2026 16:31`
fn month_first(cursor: &mut Cursor<'_>) -> Option<()> {
    month_day(cursor)?;
    let _ = cursor.one_of(b",");
    cursor.one_of(b" ")?;
    cursor.number(4, 4, 1000..=2999)?;
    optional_time(cursor);
    Some(())
}

fn month_day(cursor: &mut Cursor<'_>) -> Option<()> {
    name(cursor, &MONTHS)?;
    cursor.one_of(b" ")?;
    // Classic C pads the day with a space.
    let _ = cursor.one_of(b" ");
    cursor.number(1, 2, 1..=31).map(drop)
}

/// `datetime.datetime(2026, 11, 22, tzinfo=...)`
fn python(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.literal("datetime.date")?;
    let _ = cursor.attempt(|c| c.literal("time"));
    cursor.one_of(b"(")?;
    cursor.number(4, 4, 1..=9999)?;
    let length = cursor.run(200, |byte| !matches!(byte, b'(' | b')'));
    cursor.at += length;
    // `tzinfo=datetime.timezone(...)` nests once or twice.
    let mut depth = 1;
    for _ in 0..6 {
        match cursor.peek()? {
            b'(' => depth += 1,
            _ => depth -= 1,
        }
        cursor.at += 1;
        if depth == 0 {
            return Some(());
        }
        cursor.at += cursor.run(200, |byte| !matches!(byte, b'(' | b')'));
    }
    None
}

fn year(cursor: &mut Cursor<'_>) -> Option<()> {
    if cursor.attempt(|c| c.number(4, 4, 1000..=2999)).is_some() {
        return Some(());
    }
    cursor.digits(2, 2).map(drop)
}

/// A full name or its first three letters.
fn name(cursor: &mut Cursor<'_>, names: &[&str]) -> Option<()> {
    let length = cursor.run(10, |byte| byte.is_ascii_alphabetic());
    let word = &cursor.rest()[..length];
    let known = |name: &str| {
        word.eq_ignore_ascii_case(name.as_bytes()) || word.eq_ignore_ascii_case(&name.as_bytes()[..3])
    };
    (length >= 3 && names.iter().any(|name| known(name))).then(|| cursor.at += length)
}

fn optional_time(cursor: &mut Cursor<'_>) {
    let _ = cursor.attempt(|c| {
        let _ = c.one_of(b",");
        c.one_of(b"Tt ")?;
        clock(c)?;
        c.is_end_of_word().then_some(())
    });
}

/// `16:31`, `16:31:21,123 UTC`, `4:31 PM`, `16:31:21+02:00`
fn clock(cursor: &mut Cursor<'_>) -> Option<()> {
    cursor.number(1, 2, 0..=24)?;
    cursor.one_of(b":")?;
    cursor.number(2, 2, 0..=59)?;
    let seconds = cursor.attempt(|c| {
        c.one_of(b":")?;
        c.number(2, 2, 0..=60)
    });
    if seconds.is_some() {
        let _ = cursor.attempt(|c| {
            c.one_of(b".,")?;
            c.digits(1, 9)
        });
    }
    let _ = cursor.attempt(|c| {
        let _ = c.one_of(b" ");
        c.one_of(b"AaPp")?;
        c.one_of(b"Mm")?;
        c.is_end_of_word().then_some(())
    });
    zone(cursor);
    Some(())
}

/// `Z`, ` UTC`, `+02:00`, ` GMT+0000 (Coordinated Universal Time)`; nothing is fine.
fn zone(cursor: &mut Cursor<'_>) {
    let _ = cursor.attempt(|c| {
        let spaced = c.one_of(b" ").is_some();
        let named = [
            "UTC", "GMT", "CEST", "CET", "EST", "EDT", "CST", "CDT", "MST", "MDT", "PST", "PDT", "BST",
            "IST", "JST",
        ];
        let named =
            named.iter().any(|zone| c.rest().starts_with(zone.as_bytes()) && c.literal(zone).is_some());
        let zulu = !spaced && !named && c.one_of(b"Zz").is_some();
        let offset = c.attempt(|c| {
            c.one_of(b"+-")?;
            c.digits(2, 2)?;
            c.one_of(b":")?;
            c.digits(2, 2)
        });
        let offset = offset.or_else(|| {
            c.attempt(|c| {
                c.one_of(b"+-")?;
                c.digits(4, 4)
            })
        });
        (named || zulu || offset.is_some()).then_some(())?;
        c.is_end_of_word().then_some(())
    });
    let _ = cursor.attempt(|c| {
        c.literal(" (")?;
        let length = c.run(40, |byte| byte.is_ascii_alphabetic() || byte == b' ');
        c.at += length;
        c.one_of(b")")?;
        // Only a zone's long name may follow in brackets.
        let text = &c.bytes[c.at - length - 1..c.at - 1];
        (text.ends_with(b"Time") || length <= 5).then_some(())
    });
}
