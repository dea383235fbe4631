//! Pairs that are given as text: query strings, form bodies, cookie headers.

use std::borrow::Cow;

use super::FILTERED;

/// `a=1&b=2` or `a=1;b=2` with the values of secret keys masked; `None` if there is none.
pub(super) fn mask_query(text: &str, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    mask(text, &['&', ';'], is_secret)
}

/// `a=1; b=2` with the values of secret keys masked; `None` if there is none.
pub(super) fn mask_cookies(text: &str, is_secret: impl Fn(&str) -> bool) -> Option<String> {
    mask(text, &[';'], is_secret)
}

/// True if the text can be a cookie header: every part is a pair.
pub(super) fn is_cookies(text: &str) -> bool {
    let mut parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    parts.all(|part| part.find('=').is_some_and(|at| at > 0))
}

/// True if the text can be a form: pairs without anything that a form has to encode.
pub(super) fn is_form(text: &str) -> bool {
    let encoded =
        |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'<' | b'>' | b'{' | b'}' | b'`');
    text.contains('=') && !text.starts_with('=') && text.bytes().all(encoded)
}

fn mask(text: &str, separators: &[char], is_secret: impl Fn(&str) -> bool) -> Option<String> {
    let mut masked: Option<String> = None;
    let mut copied = 0;
    let mut start = 0;
    for piece in text.split(separators) {
        let end = start + piece.len();
        if let Some(equals) = piece.find('=')
            && equals + 1 < piece.len()
            && is_secret(&decoded(piece[..equals].trim().trim_start_matches(['?', '#'])))
        {
            let masked = masked.get_or_insert_with(|| String::with_capacity(text.len()));
            masked.push_str(&text[copied..=start + equals]);
            masked.push_str(FILTERED);
            copied = end;
        }
        start = end + 1;
    }
    masked.map(|mut masked| {
        masked.push_str(&text[copied..]);
        masked
    })
}

/// A key as it was before it was encoded for a form or an address.
fn decoded(key: &str) -> Cow<'_, str> {
    if !key.contains(['%', '+']) {
        return key.into();
    }
    let bytes = key.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let code = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(code) => {
                plain.push(code);
                at += 3;
            }
            None => {
                plain.push(if bytes[at] == b'+' { b' ' } else { bytes[at] });
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&plain).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_masked_in_place() {
        let secret = |key: &str| key.contains("pw");
        for (text, wanted) in [
            ("a=1&pw=2", "a=1&pw=[Filtered]"),
            ("?pw=2&a=1", "?pw=[Filtered]&a=1"),
            ("user%5Bp%77%5D=2;a", "user%5Bp%77%5D=[Filtered];a"),
            ("pw=a=b=c", "pw=[Filtered]"),
        ] {
            assert_eq!(mask_query(text, secret).unwrap(), wanted);
        }
        assert_eq!(mask_cookies("a=1; pw=x&y; b=2", secret).unwrap(), "a=1; pw=[Filtered]; b=2");
        for text in ["", "&&", "pw", "pw=", "a=pw", "%", "a%=1", "%4=1"] {
            assert_eq!(mask_query(text, secret), None, "{text}");
        }
    }

    #[test]
    fn what_is_a_form_and_what_is_not() {
        assert!(is_form("a=1&b=%20x&c") && is_cookies("a=1; b=2;") && is_cookies(""));
        for text in ["hello", "a = 1", "<a b=\"c\">", "{\"a\":\"=\"}", "a=1\r\nb=2", "=x", "a=ä"] {
            assert!(!is_form(text), "{text}");
        }
        assert!(!is_cookies("a=1; gibberish") && !is_cookies("=x"));
    }
}
