//! Secrets in free text, told by their looks: card numbers, tokens, e-mail addresses. Opt-in.
//!
//! One pass from left to right without going back: what a candidate looks at is bounded or is skipped afterwards.

use super::{FILTERED, words};
use crate::options::ScrubPatterns;

/// The text with what matches masked; `None` if nothing does.
pub(super) fn mask(text: &str, patterns: ScrubPatterns) -> Option<String> {
    let bytes = text.as_bytes();
    let mut masked: Option<String> = None;
    // `copied` is where the output stands; no match may begin before it.
    let (mut at, mut copied) = (0, 0);
    while at < bytes.len() {
        let found = match bytes[at] {
            b'@' if patterns.emails => email(bytes, copied, at),
            byte if byte.is_ascii_alphanumeric() => {
                let word = at;
                at = word_end(bytes, at);
                let card = if patterns.cards && byte.is_ascii_digit() { card(bytes, word) } else { None };
                let token = || if patterns.tokens { token(text, word, at) } else { None };
                match card.or_else(token) {
                    Some(found) => Some(found),
                    None => continue,
                }
            }
            _ => None,
        };
        match found {
            Some((from, to)) => {
                let masked = masked.get_or_insert_with(|| String::with_capacity(text.len()));
                masked.push_str(&text[copied..from]);
                masked.push_str(FILTERED);
                copied = to;
                at = to;
            }
            None => at += 1,
        }
    }
    masked.map(|mut masked| {
        masked.push_str(&text[copied..]);
        masked
    })
}

/// Behind the letters, digits, `_` and `-` from `at` on.
fn word_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes[at..].iter().take_while(|byte| is_word(**byte)).count();
    at + rest
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}

/// 13 to 19 digits in groups with one blank or hyphen between them, whose Luhn sum is right.
fn card(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut digits = [0_u8; 19];
    let mut count = 0;
    let (mut at, mut end) = (start, start);
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'0'..=b'9' if count == digits.len() => return None,
            b'0'..=b'9' => {
                digits[count] = byte - b'0';
                count += 1;
                end = at + 1;
            }
            b' ' | b'-' if end == at => {}
            _ => break,
        }
        at += 1;
    }
    let goes_on = bytes.get(end).is_some_and(u8::is_ascii_alphabetic);
    (count >= 13 && !goes_on && luhn(&digits[..count])).then_some((start, end))
}

fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(*digit);
            match (place % 2, digit * 2) {
                (0, _) => digit,
                (_, double) if double > 9 => double - 9,
                (_, double) => double,
            }
        })
        .sum();
    // All zeros sum up rightly, and are no card.
    sum.is_multiple_of(10) && sum > 0
}

/// `local@host.domain`; `floor` is where the last match ended.
fn email(bytes: &[u8], floor: usize, at: usize) -> Option<(usize, usize)> {
    let is_local = |byte: &&u8| byte.is_ascii_alphanumeric() || b".!#$%&'*+-/=?^_`{|}~".contains(byte);
    let local = bytes[floor..at].iter().rev().take(MAX_LOCAL).take_while(is_local).count();
    let is_host = |byte: &&u8| byte.is_ascii_alphanumeric() || matches!(**byte, b'.' | b'-');
    let host = bytes[at + 1..].iter().take(MAX_HOST).take_while(is_host).count();
    let host = bytes[at + 1..at + 1 + host].trim_ascii_end();
    let host = &host[..host.iter().rposition(u8::is_ascii_alphanumeric)? + 1];
    let dot = host.iter().rposition(|byte| *byte == b'.')?;
    let domain = &host[dot + 1..];
    // A list like `a=x@h.de` belongs to the address from the sign on.
    let start = at - local;
    let skip = bytes[start..at].iter().rposition(|byte| matches!(byte, b'=' | b'/' | b'?' | b'\''));
    let start = skip.map_or(start, |skip| start + skip + 1);
    (start < at && dot > 0 && domain.len() >= 2 && domain.iter().all(u8::is_ascii_alphabetic))
        .then_some((start, at + 1 + host.len()))
}

/// A known kind of token at `start`, what follows `Bearer` or `Basic`, or what a secret key is given.
fn token(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let (bytes, word) = (text.as_bytes(), &text[start..end]);
    if word.starts_with("eyJ") && bytes.get(end) == Some(&b'.') {
        return jwt(bytes, start);
    }
    if PREFIXES.iter().any(|(prefix, least)| word.len() >= *least && word.starts_with(prefix)) {
        return Some((start, token_end(bytes, end)));
    }
    if word.eq_ignore_ascii_case("bearer") || word.eq_ignore_ascii_case("basic") {
        let from = end + bytes[end..].iter().take_while(|byte| **byte == b' ').take(4).count();
        let to = token_end(bytes, from);
        return (from > end && to - from >= MIN_TOKEN).then_some((from, to));
    }
    assigned(text, start, end)
}

/// `password=x`, `"api_key": "x"`, `token: x`.
fn assigned(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut at = end + bytes[end..].iter().take(1).take_while(|byte| matches!(byte, b'"' | b'\'')).count();
    at += bytes[at..].iter().take(2).take_while(|byte| **byte == b' ').count();
    let sign = *bytes.get(at)?;
    if !matches!(sign, b'=' | b':') || end - start > MAX_KEY || !words::is_secret(&text[start..end], false) {
        return None;
    }
    at += 1;
    at += bytes[at..].iter().take(2).take_while(|byte| **byte == b' ').count();
    let quote = bytes.get(at).copied().filter(|byte| matches!(byte, b'"' | b'\''));
    let from = at + usize::from(quote.is_some());
    // `session::open` and `token://` are no values.
    if matches!(bytes.get(from), None | Some(b':' | b'/')) {
        return None;
    }
    let stops = |byte: &u8| match quote {
        Some(quote) => *byte == quote || *byte == b'\n',
        None => {
            byte.is_ascii_whitespace()
                || matches!(byte, b'&' | b';' | b',' | b')' | b']' | b'}' | b'"' | b'\'')
        }
    };
    let to = from + bytes[from..].iter().position(stops).unwrap_or(bytes.len() - from);
    // `Authorization: Bearer x` is found by its second word.
    let value = &text[from..to];
    let scheme = ["bearer", "basic"].iter().any(|scheme| value.eq_ignore_ascii_case(scheme));
    (to > from && !scheme).then_some((from, to))
}

/// Three parts in base64url.
fn jwt(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let payload = word_end(bytes, start) + 1;
    let end = bytes.get(payload..).map(|_| word_end(bytes, payload))?;
    if end == payload {
        return None;
    }
    let signature = bytes.get(end).filter(|byte| **byte == b'.').map(|_| word_end(bytes, end + 1));
    Some((start, signature.unwrap_or(end)))
}

fn token_end(bytes: &[u8], at: usize) -> usize {
    let is_token = |byte: &&u8| is_word(**byte) || b".~+/=".contains(byte);
    at + bytes[at..].iter().take_while(is_token).count()
}

/// How the tokens of well-known services begin, and how long they are at least.
const PREFIXES: [(&str, usize); 22] = [
    ("AKIA", 20),
    ("ASIA", 20),
    ("AIza", 35),
    ("dop_v1_", 40),
    ("ghp_", 30),
    ("gho_", 30),
    ("ghu_", 30),
    ("ghs_", 30),
    ("ghr_", 30),
    ("github_pat_", 40),
    ("glpat-", 20),
    ("npm_", 30),
    ("pypi-", 40),
    ("rk_live_", 20),
    ("rk_test_", 20),
    ("sk-", 24),
    ("sk_live_", 20),
    ("sk_test_", 20),
    ("sntrys_", 20),
    ("sntryu_", 20),
    ("whsec_", 20),
    ("xox", 20),
];

const MAX_LOCAL: usize = 64;
const MAX_HOST: usize = 253;
const MAX_KEY: usize = 64;
const MIN_TOKEN: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: ScrubPatterns = ScrubPatterns::ALL;

    fn masked(text: &str) -> String {
        mask(text, ALL).unwrap_or_else(|| text.to_owned())
    }

    #[test]
    fn cards_are_told_by_their_sum() {
        assert_eq!(masked("card 4111 1111 1111 1111 refused"), "card [Filtered] refused");
        assert_eq!(masked("5500-0055-5555-5559."), "[Filtered].");
        assert_eq!(masked("378282246310005,x"), "[Filtered],x");
        for text in [
            "4111 1111 1111 1112",
            "order 1234567890123",
            "0000000000000000",
            "41111111111111111111111111",
            "4111111111111111abc",
            "a4111111111111111",
            "4111  1111 1111 1111",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn tokens_are_told_by_what_they_begin_with_or_follow() {
        for (text, wanted) in [
            ("Authorization: Bearer abc.def-123~x=", "Authorization: Bearer [Filtered]"),
            ("sent BASIC dXNlcjpwYXNz to h", "sent BASIC [Filtered] to h"),
            ("eyJhbGci.eyJzdWIi.s1g-_ rest", "[Filtered] rest"),
            ("pushed by ghp_0123456789abcdefghij0123456789abcdef!", "pushed by [Filtered]!"),
            ("AKIAIOSFODNN7EXAMPLE", "[Filtered]"),
            ("login failed: password=hunter2 for ann", "login failed: password=[Filtered] for ann"),
            ("{\"api_key\": \"a b\", \"x\": 1}", "{\"api_key\": \"[Filtered]\", \"x\": 1}"),
            ("{'secret': 'x'}", "{'secret': '[Filtered]'}"),
            ("token: abc", "token: [Filtered]"),
        ] {
            assert_eq!(masked(text), wanted);
        }
        for text in [
            "the bearer of news",
            "basic to it",
            "author: Ann",
            "unexpected token",
            "session::open failed",
            "auth: ",
            "eyJ. is short",
        ] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn addresses_need_a_domain() {
        for (text, wanted) in [
            ("mail to ann.b+x@example.co.uk, now", "mail to [Filtered], now"),
            ("<ann@example.com>", "<[Filtered]>"),
            ("to=ann@example.com.", "to=[Filtered]."),
            ("a@b.de b@c.de", "[Filtered] [Filtered]"),
        ] {
            assert_eq!(masked(text), wanted);
        }
        for text in ["@", "a@", "@b.de", "a@b", "a@b.", "user@host:22", "a@1.2.3.4", "größe@", "x@y.c"] {
            assert_eq!(masked(text), text);
        }
    }

    #[test]
    fn each_kind_is_off_unless_asked_for() {
        let text = "4111111111111111 token=x a@b.de";
        assert_eq!(mask(text, ScrubPatterns::default()), None);
        let only = |patterns| mask(text, patterns).unwrap();
        assert_eq!(
            only(ScrubPatterns { cards: true, ..ScrubPatterns::default() }),
            "[Filtered] token=x a@b.de"
        );
        assert_eq!(
            only(ScrubPatterns { emails: true, ..ScrubPatterns::default() }),
            "4111111111111111 token=x [Filtered]"
        );
    }

    #[test]
    fn hostile_text_takes_no_more_than_its_length() {
        // Quadratic work on any of these would take minutes.
        for piece in ["@", "a@", "4", "4 ", "a.", "eyJ.", "token=", "bearer ", "\"'= ", "a@a.a@"] {
            let text = piece.repeat(2_000_000 / piece.len());
            let _ = mask(&text, ALL);
        }
    }
}
