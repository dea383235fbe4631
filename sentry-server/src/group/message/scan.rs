use super::cursor::{Cursor, is_word};
use super::{date, id, net, number};

/// A pattern: the end of the match at the cursor.
type Pattern = fn(Cursor<'_>) -> Option<usize>;

/// What may begin with a digit or a hex letter, in order of precedence.
const OF_DIGITS: [(&str, Pattern); 7] = [
    ("date", date::numeric),
    ("traceparent", id::traceparent),
    ("uuid", id::uuid),
    ("mac", net::mac),
    ("ip", net::ip),
    ("duration", number::duration),
    ("version", number::version),
];

/// Appends `line` to `out` with everything that varies replaced.
pub(super) fn line(line: &str, out: &mut String) {
    let bytes = line.as_bytes();
    let mut scan = Scan { line, at: 0, written: 0, run_end: 0, dead_quotes: [false; 2], out };
    while let Some(&byte) = bytes.get(scan.at) {
        let in_word = scan.at > 0 && is_word(bytes[scan.at - 1]);
        match byte {
            b'=' => scan.after_equals(),
            b'-' if !in_word && bytes.get(scan.at + 1).is_some_and(u8::is_ascii_digit) => scan.negative(),
            b':' if !in_word && bytes.get(scan.at + 1) == Some(&b':') => scan.colons(),
            _ if is_word(byte) => scan.word(),
            _ => scan.at += 1,
        }
    }
    let rest = &line[scan.written..];
    scan.out.push_str(rest);
}

struct Scan<'a, 'o> {
    line: &'a str,
    /// Always between characters.
    at: usize,
    /// Up to here the line has been copied or replaced.
    written: usize,
    /// Up to here a name with dots has been looked at, so that each is looked at once.
    run_end: usize,
    /// Quotes, single and double, known to be never closed.
    dead_quotes: [bool; 2],
    out: &'o mut String,
}

impl<'a> Scan<'a, '_> {
    fn cursor(&self) -> Cursor<'a> {
        Cursor { bytes: self.line.as_bytes(), at: self.at }
    }

    fn replace(&mut self, end: usize, name: &str) {
        self.out.push_str(&self.line[self.written..self.at]);
        self.out.push('<');
        self.out.push_str(name);
        self.out.push('>');
        self.at = end;
        self.written = end;
    }

    fn word(&mut self) {
        let cursor = self.cursor();
        if let Some((end, name)) = self.name().or_else(|| begin(cursor)) {
            self.replace(end, name);
        } else {
            self.at += cursor.run(usize::MAX, is_word);
        }
    }

    /// URLs, e-mail addresses and host names, which may hold anything the other patterns look for.
    fn name(&mut self) -> Option<(usize, &'static str)> {
        let cursor = self.cursor();
        if let Some(end) = net::url(cursor) {
            return Some((end, "url"));
        }
        if self.at < self.run_end {
            return None;
        }
        let run = cursor.run(usize::MAX, net::is_name_byte);
        self.run_end = self.at + run.max(1);
        if let Some(end) = net::email(cursor, run) {
            return Some((end, "email"));
        }
        net::hostname(cursor, run).map(|end| (end, "hostname"))
    }

    fn negative(&mut self) {
        let mut cursor = self.cursor();
        cursor.at += 1;
        let found = number::duration(cursor).map(|end| (end, "duration")).or_else(|| number::number(cursor));
        match found {
            Some((end, name)) => self.replace(end, name),
            None => self.at += 1,
        }
    }

    /// `::1`
    fn colons(&mut self) {
        match net::ip(self.cursor()) {
            Some(end) => self.replace(end, "ip"),
            None => self.at += 2,
        }
    }

    /// Quoted texts and booleans are values only behind an equals sign.
    fn after_equals(&mut self) {
        self.at += 1;
        let mut cursor = self.cursor();
        if let Some(quote @ (b'\'' | b'"')) = cursor.peek() {
            let dead = &mut self.dead_quotes[usize::from(quote == b'"')];
            if *dead {
                return;
            }
            cursor.at += 1;
            match cursor.distance(quote) {
                Some(length) => self.replace(cursor.at + length + 1, "quoted_str"),
                None => *dead = true,
            }
            return;
        }
        for word in ["true", "false", "True", "False"] {
            let end = Cursor { at: cursor.at + word.len(), ..cursor };
            if cursor.rest().starts_with(word.as_bytes()) && end.is_end_of_word() {
                return self.replace(end.at, "bool");
            }
        }
    }
}

/// What begins at the start of a word.
fn begin(cursor: Cursor<'_>) -> Option<(usize, &'static str)> {
    let first = cursor.peek()?;
    if first.is_ascii_digit() || matches!(first, b'a'..=b'f' | b'A'..=b'F') {
        for (name, pattern) in OF_DIGITS {
            if let Some(end) = pattern(cursor) {
                return Some((end, name));
            }
        }
    }
    if first.is_ascii_alphabetic()
        && let Some(end) = date::named(cursor)
    {
        return Some((end, "date"));
    }
    if first == b't'
        && let Some(end) = id::swift_transaction(cursor)
    {
        return Some((end, "swift_txn_id"));
    }
    if first.is_ascii_digit()
        && let Some(found) = number::number(cursor)
    {
        return Some(found);
    }
    id::word(cursor)
}
