//! Makes strict JSON of what lenient encoders write, in one pass over the bytes.
//!
//! Replaced: `NaN` and infinities by `null`, numbers beyond a double by `null`, lone surrogate escapes and invalid
//! UTF-8 by U+FFFD, raw control characters by their escape, containers nested deeper than [`MAX_DEPTH`] by `null`.

/// Below the parser's own limit of 128.
const MAX_DEPTH: usize = 100;

/// Returns a repaired copy; input that cannot be repaired comes back as it is and fails in the parser.
pub(super) fn repair(raw: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(raw);
    let mut scan = Scan { input: text.as_bytes(), at: 0, out: Vec::with_capacity(text.len() + 16) };
    if text.starts_with('\u{feff}') {
        scan.at = 3;
    }
    scan.run();
    scan.out
}

struct Scan<'a> {
    input: &'a [u8],
    at: usize,
    out: Vec<u8>,
}

impl Scan<'_> {
    fn run(&mut self) {
        let mut depth = 0_usize;
        while let Some(&byte) = self.input.get(self.at) {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' if depth == MAX_DEPTH => self.skip_container(),
                b'{' | b'[' => {
                    depth += 1;
                    self.copy(1);
                }
                b'}' | b']' => {
                    depth = depth.saturating_sub(1);
                    self.copy(1);
                }
                b'-' | b'+' | b'.' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => self.word(),
                _ => self.copy(1),
            }
        }
    }

    fn copy(&mut self, count: usize) {
        self.out.extend_from_slice(&self.input[self.at..self.at + count]);
        self.at += count;
    }

    /// A number or a literal; kept if JSON knows it, else `null`.
    fn word(&mut self) {
        let rest = &self.input[self.at..];
        let length = rest
            .iter()
            .position(|b| !(b.is_ascii_alphanumeric() || matches!(b, b'-' | b'+' | b'.')))
            .unwrap_or(rest.len());
        let word = &rest[..length];
        let known = matches!(word, b"true" | b"false" | b"null") || is_finite_number(word);
        self.out.extend_from_slice(if known { word } else { b"null" });
        self.at += length;
    }

    fn string(&mut self) {
        self.copy(1);
        while let Some(&byte) = self.input.get(self.at) {
            match byte {
                b'"' => return self.copy(1),
                b'\\' => self.escape(),
                0..=0x1f => {
                    self.out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
                    self.at += 1;
                }
                _ => self.copy(1),
            }
        }
    }

    fn escape(&mut self) {
        match self.input.get(self.at + 1) {
            Some(b'u') => match self.unit(self.at) {
                Some(0xd800..=0xdbff) if matches!(self.unit(self.at + 6), Some(0xdc00..=0xdfff)) => {
                    self.copy(12)
                }
                Some(0xd800..=0xdfff) => self.replace(6),
                Some(_) => self.copy(6),
                None => self.replace(2),
            },
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.copy(2),
            // `\x` and the like: the backslash was meant.
            _ => {
                self.out.extend_from_slice(b"\\\\");
                self.at += 1;
            }
        }
    }

    fn replace(&mut self, count: usize) {
        self.out.extend_from_slice("\u{fffd}".as_bytes());
        self.at += count;
    }

    /// The UTF-16 unit of a `\uXXXX` escape at `at`.
    fn unit(&self, at: usize) -> Option<u32> {
        let escape = self.input.get(at..at + 6)?;
        let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
        digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
    }

    /// Writes `null` for the container at the cursor and steps behind it.
    fn skip_container(&mut self) {
        let mut depth = 0_usize;
        let mut in_string = false;
        while let Some(&byte) = self.input.get(self.at) {
            self.at += 1;
            match byte {
                b'\\' if in_string => self.at += 1,
                b'"' => in_string = !in_string,
                b'{' | b'[' if !in_string => depth += 1,
                b'}' | b']' if !in_string => {
                    depth -= 1;
                    if depth == 0 {
                        break;
                    }
                }
                _ => {}
            }
        }
        self.at = self.at.min(self.input.len());
        self.out.extend_from_slice(b"null");
    }
}

fn is_finite_number(word: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(word) else { return false };
    text.bytes().any(|b| b.is_ascii_digit()) && text.parse::<f64>().is_ok_and(f64::is_finite)
}

#[cfg(test)]
mod tests {
    use crate::json::{Value, json};

    use super::*;

    fn fixed(raw: &[u8]) -> Value {
        serde_json::from_slice(&repair(raw)).unwrap()
    }

    #[test]
    fn repairs_what_encoders_get_wrong() {
        assert_eq!(
            fixed(br#"{"a":NaN,"b":-Infinity,"c":1e999,"d":-1.5}"#),
            json!({"a":null,"b":null,"c":null,"d":-1.5})
        );
        assert_eq!(
            fixed(br#"["\ud83d","\ud83c\udf55","\u12"]"#),
            json!(["\u{fffd}", "\u{1f355}", "\u{fffd}12"])
        );
        assert_eq!(fixed(b"[\"a\nb\",\"c:\\Users\"]"), json!(["a\nb", "c:\\Users"]));
        assert_eq!(fixed(b"[\"\xff\"]"), json!(["\u{fffd}"]));
    }

    #[test]
    fn deep_nesting_is_cut() {
        let deep = format!("{{\"a\":{}\"]\"{},\"b\":1}}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(fixed(deep.as_bytes())["b"], 1);
    }

    #[test]
    fn garbage_neither_loops_nor_panics() {
        for garbage in [&b"\"\\"[..], b"\"\\u", b"[[[", b"{\"a\\", b"\xff\xfe", b"+.e"] {
            repair(garbage);
        }
        repair("[".repeat(200).as_bytes());
    }
}
