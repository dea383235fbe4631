//! The headers that carry a trace from service to service, one value at a time.

use std::fmt::Write as _;

use crate::protocol::{SpanId, TraceId};

/// What `sentry-trace` or `traceparent` say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceHeader {
    pub(crate) trace_id: TraceId,
    pub(crate) span_id: SpanId,
    /// `None`: whoever comes next decides.
    pub(crate) sampled: Option<bool>,
}

impl TraceHeader {
    /// Reads `<trace id>-<span id>[-<0|1>]`; anything else is no header.
    pub(crate) fn parse_sentry(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let trace_id = TraceId::parse(parts.next()?)?;
        let span_id = SpanId::parse(parts.next()?)?;
        let sampled = match parts.next() {
            None | Some("") => None,
            Some("1") => Some(true),
            Some("0") => Some(false),
            Some(_) => return None,
        };
        parts.next().is_none().then_some(Self { trace_id, span_id, sampled })
    }

    /// Reads the W3C `traceparent`: `<version>-<trace id>-<parent id>-<flags>`. Its flag is another system's, so the
    /// decision stays open.
    pub(crate) fn parse_w3c(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let version = parts.next().filter(|text| is_hex_byte(text) && !text.eq_ignore_ascii_case("ff"))?;
        let trace_id = TraceId::parse(parts.next()?)?;
        let span_id = SpanId::parse(parts.next()?)?;
        parts.next().filter(|text| is_hex_byte(text))?;
        // Later versions may say more.
        let complete = parts.next().is_none() || version != "00";
        complete.then_some(Self { trace_id, span_id, sampled: None })
    }

    pub(crate) fn to_sentry(self) -> String {
        let mut text = format!("{}-{}", self.trace_id, self.span_id);
        match self.sampled {
            Some(true) => text.push_str("-1"),
            Some(false) => text.push_str("-0"),
            None => {}
        }
        text
    }

    pub(crate) fn to_w3c(self) -> String {
        let flag = if self.sampled == Some(true) { "01" } else { "00" };
        format!("00-{}-{}-{flag}", self.trace_id, self.span_id)
    }
}

/// The largest `baggage` header that is written, in bytes.
pub(crate) const MAX_BAGGAGE_BYTES: usize = 8192;

/// Our members of a `baggage` header, without the prefix and decoded. Everybody else's are not looked at.
pub(crate) fn own_baggage(header: &str) -> impl Iterator<Item = (&str, String)> {
    header.split(',').filter_map(|member| {
        let (key, value) = member.split_once('=')?;
        // Keys travel on as they are, so one that fits no header must not get in.
        let key = key.trim().strip_prefix(PREFIX).filter(|key| is_token(key))?;
        // What follows a semicolon are properties of the member.
        let value = value.split(';').next()?.trim();
        Some((key, percent_decode(value)))
    })
}

/// `existing`, but for members of ours that it may hold, followed by `entries`. A member that would make the header
/// longer than 8,192 bytes is left out; those of others never are.
pub(crate) fn append_baggage<'a>(
    existing: &str,
    entries: impl Iterator<Item = (&'a str, &'a str)>,
) -> String {
    let mut header = String::with_capacity(existing.len() + 256);
    let is_foreign = |member: &&str| {
        !member.is_empty() && !member.split('=').next().unwrap_or("").trim().starts_with(PREFIX)
    };
    for member in existing.split(',').map(str::trim).filter(is_foreign) {
        if !header.is_empty() {
            header.push(',');
        }
        header.push_str(member);
    }
    for (key, value) in entries {
        let start = header.len();
        if start > 0 {
            header.push(',');
        }
        header.push_str(PREFIX);
        header.push_str(key);
        header.push('=');
        percent_encode(value, &mut header);
        if header.len() > MAX_BAGGAGE_BYTES {
            header.truncate(start);
        }
    }
    header
}

const PREFIX: &str = "sentry-";

/// A key of baggage: not empty, nothing but what a header's name may hold (W3C baggage).
fn is_token(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !text.is_empty() && text.bytes().all(fits)
}

fn is_hex_byte(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn percent_encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~') {
            out.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
}

/// What is not encoded rightly stays as it is.
fn percent_decode(value: &str) -> String {
    if !value.contains('%') {
        return value.to_owned();
    }
    let bytes = value.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%').then(|| value.get(at + 1..at + 3)).flatten();
        let escaped =
            escaped.filter(|text| is_hex_byte(text)).and_then(|text| u8::from_str_radix(text, 16).ok());
        match escaped {
            Some(byte) => {
                decoded.push(byte);
                at += 3;
            }
            None => {
                decoded.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: &str = "771a43a4192642f0b136d5159a501700";

    #[test]
    fn a_sentry_trace_comes_back_as_it_went() {
        for text in [
            format!("{TRACE}-b7ad6b7169203331"),
            format!("{TRACE}-b7ad6b7169203331-1"),
            format!("{TRACE}-b7ad6b7169203331-0"),
        ] {
            assert_eq!(TraceHeader::parse_sentry(&text).unwrap().to_sentry(), text);
        }
        for bad in ["", "1", "-1", TRACE, &format!("{TRACE}-1"), &format!("{TRACE}-b7ad6b7169203331-2")] {
            assert!(TraceHeader::parse_sentry(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_traceparent_is_read_and_leaves_the_decision_open() {
        let header = TraceHeader::parse_w3c(&format!("00-{TRACE}-b7ad6b7169203331-01")).unwrap();
        assert_eq!(header.sampled, None);
        assert_eq!(header.to_w3c(), format!("00-{TRACE}-b7ad6b7169203331-00"));
        assert!(TraceHeader::parse_w3c(&format!("cc-{TRACE}-b7ad6b7169203331-01-more")).is_some());
        for bad in [
            format!("ff-{TRACE}-b7ad6b7169203331-01"),
            format!("00-{TRACE}-b7ad6b7169203331-01-more"),
            format!("00-{TRACE}-b7ad6b7169203331"),
            format!("00-{TRACE}-0000000000000000-01"),
        ] {
            assert!(TraceHeader::parse_w3c(&bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn a_key_that_fits_no_header_is_not_taken_along() {
        let header = "sentry-a b=1,sentry-\u{e9}=2,sentry-c;d=3,sentry-e\r\nX: y=4,sentry-f\"=5,sentry-g.h=6";
        assert_eq!(own_baggage(header).collect::<Vec<_>>(), [("g.h", "6".to_owned())]);
    }

    #[test]
    fn baggage_keeps_what_is_not_ours() {
        let read: Vec<_> =
            own_baggage("a=1, sentry-user_id=Am%C3%A9lie;x=y ,sentry-x=%zz,=,sentry-=1,b").collect();
        assert_eq!(read, [("user_id", "Amélie".to_owned()), ("x", "%zz".to_owned())]);
        let written = append_baggage("a=1;p, sentry-trace_id=old", [("release", "a b,c")].into_iter());
        assert_eq!(written, "a=1;p,sentry-release=a%20b%2Cc");
        let long = "x".repeat(9000);
        assert_eq!(append_baggage("a=1", [("l", long.as_str()), ("s", "1")].into_iter()), "a=1,sentry-s=1");
    }
}
