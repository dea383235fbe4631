//! JSON text to a [`Value`] in one go, without what `serde` puts between a text and a tree: a third of the work.
//!
//! It reads what every event is made of, and gives up on the rest, whether that is wrong or only rare.

use std::borrow::Cow;

use super::{Key, Map, Value};

/// Reads one value with nothing behind it, the same as `serde_json` would read. `None` says that the text is for that.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader { text, at: 0, entries: Vec::new(), items: Vec::new() };
    let value = reader.value(0)?;
    reader.space();
    (reader.at == text.len()).then_some(value)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    /// What the maps and lists that are being read have so far, the innermost last.
    entries: Vec<(Key, Value)>,
    items: Vec<Value>,
}

impl<'t> Reader<'t> {
    fn value(&mut self, depth: usize) -> Option<Value> {
        self.space();
        match self.peek()? {
            b'"' => self.string().map(|text| Value::String(text.into_owned())),
            b'{' => self.map(depth),
            b'[' => self.list(depth),
            b't' => self.word("true", Value::Bool(true)),
            b'f' => self.word("false", Value::Bool(false)),
            b'n' => self.word("null", Value::Null),
            _ => self.number(),
        }
    }

    fn map(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        self.space();
        if self.takes(b'}') {
            return Some(Value::Object(Map::new()));
        }
        let from = self.entries.len();
        loop {
            self.space();
            let key = match self.peek()? {
                b'"' => Key::of(&self.string()?),
                _ => return None,
            };
            self.space();
            if !self.takes(b':') {
                return None;
            }
            let value = self.inner(depth)?;
            self.entries.push((key, value));
            self.space();
            if self.takes(b'}') {
                return Some(Value::Object(self.entries.drain(from..).collect()));
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn list(&mut self, depth: usize) -> Option<Value> {
        self.at += 1;
        self.space();
        if self.takes(b']') {
            return Some(Value::Array(Vec::new()));
        }
        let from = self.items.len();
        loop {
            let value = self.inner(depth)?;
            self.items.push(value);
            self.space();
            if self.takes(b']') {
                return Some(Value::Array(self.items.drain(from..).collect()));
            }
            if !self.takes(b',') {
                return None;
            }
        }
    }

    fn inner(&mut self, depth: usize) -> Option<Value> {
        if depth < MAX_DEPTH { self.value(depth + 1) } else { None }
    }

    /// What stands between quotes.
    fn string(&mut self) -> Option<Cow<'t, str>> {
        self.at += 1;
        let from = self.at;
        match self.past_plain()? {
            b'"' => {
                let text = self.text.get(from..self.at)?;
                self.at += 1;
                Some(Cow::Borrowed(text))
            }
            _ => self.unescaped(from).map(Cow::Owned),
        }
    }

    /// The rest of a string that has something escaped.
    fn unescaped(&mut self, mut from: usize) -> Option<String> {
        let mut text = String::with_capacity(self.at - from + USUAL_REST);
        loop {
            let end = self.past_plain()?;
            text.push_str(self.text.get(from..self.at)?);
            self.at += 1;
            if end == b'"' {
                return Some(text);
            }
            let escaped = self.peek()?;
            self.at += 1;
            text.push(match escaped {
                b'"' | b'\\' | b'/' => char::from(escaped),
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                b'u' => self.unit()?,
                _ => return None,
            });
            from = self.at;
        }
    }

    /// A character by its number, of which those beyond the first 65,536 take two.
    fn unit(&mut self) -> Option<char> {
        let first = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.takes(b'\\') || !self.takes(b'u') {
            return None;
        }
        let second = self.four_digits().filter(|second| (0xdc00..0xe000).contains(second))?;
        char::from_u32(0x1_0000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        self.at += 4;
        digits.iter().try_fold(0, |number, digit| Some(number << 4 | char::from(*digit).to_digit(16)?))
    }

    /// Goes on to the next quote or backslash; control characters stand in no string.
    fn past_plain(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(chunk) = bytes.get(self.at..).and_then(<[u8]>::first_chunk::<8>) {
            let word = u64::from_le_bytes(*chunk);
            let special = zeros(word ^ every(b'"')) | zeros(word ^ every(b'\\')) | below_space(word);
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                break;
            }
            self.at += 8;
        }
        loop {
            match self.peek()? {
                end @ (b'"' | b'\\') => return Some(end),
                0..b' ' => return None,
                _ => self.at += 1,
            }
        }
    }

    fn number(&mut self) -> Option<Value> {
        let from = self.at;
        let is_negative = self.takes(b'-');
        let first = self.at;
        let mut whole: u64 = 0;
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            whole = whole.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            self.at += 1;
        }
        let digits = self.at - first;
        if digits == 0 || digits > MAX_DIGITS || (digits > 1 && self.text.as_bytes()[first] == b'0') {
            return None;
        }
        if !matches!(self.peek(), Some(b'.' | b'e' | b'E')) {
            let whole = i64::try_from(whole).ok()?;
            return match (is_negative, whole) {
                // A float.
                (true, 0) => None,
                (true, _) => Some((-whole).into()),
                (false, _) => Some((whole as u64).into()),
            };
        }
        if self.takes(b'.') {
            self.digits()?;
        }
        if self.takes(b'e') || self.takes(b'E') {
            let _ = self.takes(b'-') || self.takes(b'+');
            self.digits()?;
        }
        let number: f64 = self.text.get(from..self.at)?.parse().ok()?;
        number.is_finite().then(|| number.into())
    }

    /// One digit or more.
    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    fn word(&mut self, word: &str, value: Value) -> Option<Value> {
        let is_it = self.text.as_bytes().get(self.at..)?.starts_with(word.as_bytes());
        self.at += word.len();
        is_it.then_some(value)
    }

    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.peek() {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn takes(&mut self, byte: u8) -> bool {
        let is_it = self.peek() == Some(byte);
        self.at += usize::from(is_it);
        is_it
    }
}

/// A byte eight times.
const fn every(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// The highest bit of the lowest byte that is zero, perhaps with some above it.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(every(1)) & !word & every(0x80)
}

/// The highest bit of the lowest byte that is below a space, perhaps with some above it.
const fn below_space(word: u64) -> u64 {
    word.wrapping_sub(every(b' ')) & !word & every(0x80)
}

/// `serde_json` goes to 128.
const MAX_DEPTH: usize = 100;
/// What usually follows the first escaped character of a text.
const USUAL_REST: usize = 48;
/// So many fit any integer.
const MAX_DIGITS: usize = 18;

#[cfg(test)]
mod tests {
    use super::*;

    fn theirs(text: &str) -> Option<String> {
        serde_json::from_str::<serde_json::Value>(text).ok().map(|value| value.to_string())
    }

    #[test]
    fn what_events_are_made_of_is_read_as_serde_json_reads_it() {
        let texts = [
            "{}",
            "[]",
            " [ 1 , -2 , 0 , 10 ] ",
            "[0.1,-0.25,1e3,1E-3,1.5e+2,1795958731.123456,0.0,2.2250738585072014e-308,5e-324,123456789012345678]",
            "{\"a\":{\"b\":[null,true,false,\"\"]},\"a\":2,\"\u{e9}\":\"\u{4fa1}\u{683c} \u{1f355}\"}",
            r#""a \" \\ \/ \b\f\n\r\t \u00e9 \u4fa1 \ud83c\udf55 of a string that is longer than eight bytes""#,
            "\"1234567\"",
            "\"12345678\"",
            "\"123456\\\\\"",
            "\"\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10ffff}!\"",
        ];
        for text in texts {
            assert_eq!(read(text).map(|value| value.to_string()), theirs(text), "{text}");
            assert!(theirs(text).is_some(), "{text}");
        }
    }

    #[test]
    fn what_is_rare_or_wrong_is_left_to_serde_json() {
        let texts = [
            "",
            "-",
            "-0",
            "01",
            "1.",
            ".5",
            "1e",
            "1e400",
            "+1",
            "1234567890123456789",
            "tru",
            "nul",
            "{\"a\":1,}",
            "[1,]",
            "{\"a\"}",
            "{a:1}",
            "[1 2]",
            "1 2",
            "\"a",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\ud83c\"",
            "\"\\ud83c\\u0041\"",
            "\"\\udc00\"",
            "\"a\tb\"",
            "\"\u{1f}\"",
            "\"12345678\u{0}\"",
            "{\"a\":1}}",
        ];
        for text in texts {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"[".repeat(1_000_000)).is_none());
    }

    #[test]
    fn damage_is_never_read_as_something_else() {
        let whole = "{\"a\":[1,-2.5e3,{\"b\":\"x\\u00e9\\n\"},[],{}],\"long name\":\"some text, \\\"quoted\\\"\",\"c\":null}";
        let mut state = 7_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let mut read_by_both = 0;
        for _ in 0..50_000 {
            let mut bytes = whole.as_bytes().to_vec();
            for _ in 0..=random() % 3 {
                let at = random() % bytes.len();
                match random() % 3 {
                    0 => drop(bytes.remove(at)),
                    1 => bytes[at] = b"{}[]\",:\\0e-.u \n"[random() % 15],
                    _ => bytes.insert(at, (random() % 128) as u8),
                }
            }
            let Ok(text) = std::str::from_utf8(&bytes) else { continue };
            if let Some(value) = read(text) {
                assert_eq!(Some(value.to_string()), theirs(text), "{text}");
                read_by_both += 1;
            }
        }
        assert!(read_by_both > 1_000, "{read_by_both}");
    }
}
